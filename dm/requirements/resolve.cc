// Which environment, enforcement and monitor hold in a namespace.
#include "dm/requirements/policy.h"

#include <algorithm>

namespace dm::requirements {

Effective Resolve(const Policy& policy, const kube::api::Labels& namespace_labels, std::optional<Environment> wish) {
  Effective effective;
  std::optional<Environment> pin;
  std::optional<Enforcement> enforcement;
  std::optional<bool> monitor_external;
  for (const NamespacePolicy& entry : policy.namespaces) {
    if (!entry.selector.Matches(namespace_labels)) continue;
    if (!pin) pin = entry.environment;
    if (!enforcement) enforcement = entry.enforcement;
    if (!monitor_external && entry.monitor_external) monitor_external = true;
  }
  effective.enforcement = enforcement.value_or(Enforcement::kEnforce);
  effective.monitor_external = monitor_external.value_or(false);
  const std::optional<Environment> heard = policy.object_may_choose ? wish : std::nullopt;
  if (pin) {
    effective.pinned = true;
    effective.environment = heard ? Stricter(*pin, *heard) : *pin;
    effective.too_lax = wish && *wish < *pin;
    effective.stricter = effective.environment > *pin;
    effective.why = effective.environment == *pin ? "pinned by the policy for this namespace"
                                                  : "spec.environment, stricter than the policy's pin";
  } else if (heard) {
    effective.environment = *heard;
    effective.why = "spec.environment";
  } else {
    effective.environment = policy.default_environment;
    effective.why = wish ? "the policy's default (objectMayChoose is false)" : "the policy's default";
  }
  return effective;
}

}  // namespace dm::requirements

// The claim template of a StatefulSet cannot change. What it asks for only matters when the next pod is made, so the set is left
// as it is until every claim has grown; then it is made anew around its pods (deleted with its pods orphaned, applied again):
// they go on running, and keep their revision, for the pod template is the same.
#include "kube/apply.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

using base::Json;
using kube::api::Quantity;

std::optional<Quantity> SizeIn(const Json& spec) {
  const Json* templates = base::Find(spec, "volumeClaimTemplates");
  if (!templates || !templates->is_array() || templates->empty()) return std::nullopt;
  const Json* size = base::FindPath(templates->front(), {"spec", "resources", "requests", "storage"});
  if (!size) return std::nullopt;
  const auto parsed = Quantity::FromJson(*size);
  return parsed ? std::optional<Quantity>(*parsed) : std::nullopt;
}

// A class that the set has and the spec no longer names: not naming it is no wish, and taking it out would be refused.
bool NamesNoClass(const Json& desired, const Json& live) {
  for (const char* field : {"storageClassName", "volumeAttributesClassName"}) {
    for (std::size_t i = 0; i < desired.size() && i < live.size(); ++i) {
      if (base::FindPath(live[i], {"spec", field}) != nullptr && base::FindPath(desired[i], {"spec", field}) == nullptr) return true;
    }
  }
  return false;
}

}  // namespace

// Where the live set covers what is rendered, the rendered form is kept: it must not differ from the one that was applied at first.
void KeepImmutable(Json& spec, const Child& live) {
  const Json* now = base::Find(live.object, "spec");
  if (!now) return;
  for (const char* key : {"volumeClaimTemplates", "podManagementPolicy", "serviceName", "selector"}) {
    const Json* value = base::Find(*now, key);
    if (!value || !spec.contains(key)) continue;
    const bool claims = std::string_view(key) == "volumeClaimTemplates";
    const bool unnamed = claims && spec[key].is_array() && value->is_array() && NamesNoClass(spec[key], *value);
    if (!unnamed && kube::LiveCovers(Json{{key, spec[key]}}, Json{{key, *value}})) continue;
    spec[key] = *value;
    if (!claims) continue;
    for (Json& claim : spec[key]) claim.erase("status");
  }
}

bool ClaimTemplateOutgrown(const Planning& p, const Json& desired, Role role, const Child& live) {
  const Json* want_spec = base::Find(desired, "spec");
  const Json* live_spec = base::Find(live.object, "spec");
  const auto want = want_spec ? SizeIn(*want_spec) : std::nullopt;
  const auto have = live_spec ? SizeIn(*live_spec) : std::nullopt;
  if (!want || !have || *want == *have) return false;
  const SetState state = ReadSet(live);
  if (!state.observed || base::GetIntOr(*want_spec, "replicas", state.replicas) != state.replicas) return false;
  for (const auto& [ordinal, claim] : p.seen.role(role).claims) {
    if (ordinal >= state.replicas) continue;
    // Claims follow first; what is larger already stays as it is, and so does the template.
    if (claim.meta.BeingDeleted() || claim.request < *want || (*want < *have && claim.request > *want)) return false;
  }
  return true;
}

}  // namespace dm::op::lifecycle

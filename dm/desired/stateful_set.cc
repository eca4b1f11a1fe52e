#include "dm/desired/stateful_set.h"

namespace dm::desired {
namespace {

// Masters need each other to become ready, so one after the other would never end.
std::string ManagementPolicy(const Context& context) {
  const std::string asked = StringSetting(context, "podManagementPolicy");
  return context.role == Role::kWorker && !asked.empty() ? asked : "Parallel";
}

}  // namespace

Json ClaimTemplate(const std::string& name, const std::optional<std::string>& storage_class, const std::optional<Quantity>& size) {
  const std::string amount = size ? size->ToString() : std::string(kDefaultStorage);
  Json spec = {{"accessModes", Json::array({"ReadWriteOnce"})}, {"resources", {{"requests", {{"storage", amount}}}}}};
  if (storage_class) spec["storageClassName"] = *storage_class;
  return {{"metadata", {{"name", name}}}, {"spec", spec}};
}

Json StatefulSet(const Context& context, Json pod_template) {
  const Component& component = context.component();
  const Labels labels = SelectorLabels(context.cluster.meta.name, context.role);
  Json object = Object("apps/v1", "StatefulSet", Meta(context.cluster, context.names.StatefulSet(context.role), labels));
  Json claim = ClaimTemplate(context.names.ClaimTemplate(context.role), component.storage_class, component.storage_size);
  const std::string attributes = base::GetStringOr(component.raw, "volumeAttributesClassName");
  if (!attributes.empty()) claim["spec"]["volumeAttributesClassName"] = attributes;
  object["spec"] = {{"replicas", component.replicas},
                    {"serviceName", context.names.PeerService(context.role)},
                    {"podManagementPolicy", ManagementPolicy(context)},
                    {"updateStrategy", {{"type", "OnDelete"}}},   // the operator chooses the order (operator/lifecycle/roll.cc)
                    {"persistentVolumeClaimRetentionPolicy", {{"whenDeleted", "Retain"}, {"whenScaled", "Retain"}}},
                    {"selector", {{"matchLabels", ToJson(labels)}}},
                    {"template", std::move(pod_template)},
                    {"volumeClaimTemplates", Json::array({std::move(claim)})}};
  return object;
}

bool WantsDisruptionBudget(const Context& context) {
  return context.component().replicas > 1 && context.component().disruption_budget;
}

Json DisruptionBudget(const Context& context) {
  const Labels labels = SelectorLabels(context.cluster.meta.name, context.role);
  Json object = Object("policy/v1", "PodDisruptionBudget", Meta(context.cluster, context.names.Disruption(context.role), labels));
  object["spec"] = {{"maxUnavailable", 1}, {"selector", {{"matchLabels", ToJson(labels)}}}};
  // A worker that is not ready holds nothing that an eviction would lose; a master may be needed for the next quorum.
  if (context.role == Role::kWorker) object["spec"]["unhealthyPodEvictionPolicy"] = "AlwaysAllow";
  return object;
}

}  // namespace dm::desired

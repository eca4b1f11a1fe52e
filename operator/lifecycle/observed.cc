#include "operator/lifecycle/observed.h"

#include "base/strings.h"
#include "kube/api/conditions.h"

namespace dm::op::lifecycle {

SetState ReadSet(const Child& set) {
  SetState state;
  if (const base::Json* spec = base::Find(set.object, "spec")) state.replicas = static_cast<int>(base::GetIntOr(*spec, "replicas", 1));
  if (const base::Json* status = base::Find(set.object, "status")) {
    state.ready = static_cast<int>(base::GetIntOr(*status, "readyReplicas", 0));
    state.update_revision = base::GetStringOr(*status, "updateRevision");
    state.observed = base::GetIntOr(*status, "observedGeneration", 0) >= set.meta.generation;
  }
  return state;
}

base::Result<Claim> ParseClaim(const base::Json& object) {
  auto meta = kube::api::ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta, "reading a claim");
  Claim claim;
  claim.meta = std::move(*meta);
  if (const base::Json* spec = base::Find(object, "spec")) {
    claim.storage_class = base::GetString(*spec, "storageClassName");
    claim.volume = base::GetStringOr(*spec, "volumeName");
  }
  if (const base::Json* status = base::Find(object, "status")) claim.phase = base::GetStringOr(*status, "phase");
  const auto quantity = [&](std::initializer_list<std::string_view> path) {
    const base::Json* value = base::FindPath(object, path);
    if (!value) return kube::api::Quantity();
    auto parsed = kube::api::Quantity::FromJson(*value);
    return parsed ? *parsed : kube::api::Quantity();
  };
  claim.request = quantity({"spec", "resources", "requests", "storage"});
  claim.capacity = quantity({"status", "capacity", "storage"});
  const base::Json* conditions = base::FindPath(object, {"status", "conditions"});
  for (const auto& condition : kube::api::ParseConditions(conditions)) {
    if (condition.status != "True") continue;
    const bool error = condition.type == "ControllerResizeError" || condition.type == "NodeResizeError";
    if (error) claim.resizing = condition.type + ": " + base::Printable(condition.message, 200);
    if (claim.resizing.empty() && (condition.type == "Resizing" || condition.type == "FileSystemResizePending")) claim.resizing = condition.type;
    if (condition.type == "FileSystemResizePending") claim.file_system_since = condition.last_transition_time;
  }
  return claim;
}

const Child* Observed::Find(const std::string& kind, const std::string& name) const {
  const auto it = children.find(kind + "/" + name);
  return it == children.end() ? nullptr : &it->second;
}

}  // namespace dm::op::lifecycle

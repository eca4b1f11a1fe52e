#include "operator/kept.h"

#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/strings.h"
#include "dm/words.h"

namespace dm::op {
namespace {

using base::Json;

constexpr char kInstance[] = "app.kubernetes.io/instance";
constexpr char kRevision[] = "controller-revision-hash";
constexpr char kOurs[] = "dm.pingcap.com/";    // annotations
constexpr std::size_t kMostOfOthers = 64u << 10;   // of a ConfigMap's data; a bootstrap map of a hundred masters has 20 KB

std::size_t HashOf(const kube::api::ObjectMeta& meta) {
  std::string all;
  for (const auto* notes : {&meta.labels, &meta.annotations}) {
    for (const auto& [key, value] : *notes) (all += key).append(1, '\0').append(value).append(1, '\0');
    all += '\1';
  }
  return std::hash<std::string>()(all);
}

// The members of `object` that are named, of those that it has.
Json Only(const Json* object, std::initializer_list<std::string_view> names) {
  Json out = Json::object();
  if (!object || !object->is_object()) return out;
  for (const auto name : names) {
    if (const Json* member = base::Find(*object, name)) out[std::string(name)] = *member;
  }
  return out;
}

template <class Wanted>
void KeepOnly(Json& meta, const char* notes, Wanted wanted) {
  const Json* all = base::Find(meta, notes);
  if (!all) return;
  Json some = Json::object();
  if (all->is_object()) {
    for (const auto& [key, value] : all->items()) {
      if (wanted(key)) some[key] = value;
    }
  }
  meta[notes] = std::move(some);
}

Json TrimmedMeta(const Json& object, bool owners) {
  Json meta = Only(base::Find(object, "metadata"), {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
                                                    "deletionTimestamp", "labels", "annotations"});
  if (const Json* list = base::FindPath(object, {"metadata", "ownerReferences"}); owners && list) meta["ownerReferences"] = *list;
  KeepOnly(meta, "labels", [](const std::string& key) { return key == kInstance || key == kRevision; });
  KeepOnly(meta, "annotations", [](const std::string& key) { return key == lifecycle::kSelectedNode || base::StartsWith(key, kOurs); });
  return meta;
}

// Each member of a list, by `trim`.
template <class Trim>
void Shorten(Json& holder, const char* list, Trim trim) {
  const auto found = holder.find(list);
  if (found == holder.end() || !found->is_array()) return;
  for (Json& item : *found) item = trim(item);
}

Json TrimmedPod(const Json& object) {
  Json out;
  out["metadata"] = TrimmedMeta(object, false);
  out["spec"] = Only(base::Find(object, "spec"), {"nodeName", "containers"});
  Shorten(out["spec"], "containers", [](const Json& container) { return Only(&container, {"name", "image"}); });
  out["status"] = Only(base::Find(object, "status"), {"phase", "podIP", "reason", "conditions", "initContainerStatuses", "containerStatuses"});
  Shorten(out["status"], "conditions", [](const Json& condition) { return Only(&condition, {"type", "status", "message"}); });
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    Shorten(out["status"], list, [](const Json& container) {
      Json kept = Only(&container, {"name", "restartCount"});
      if (const Json* waiting = base::FindPath(container, {"state", "waiting"})) kept["state"]["waiting"] = *waiting;
      return kept;
    });
  }
  return out;
}

Json TrimmedClaim(const Json& object) {
  Json out;
  out["metadata"] = TrimmedMeta(object, true);
  out["spec"] = Only(base::Find(object, "spec"), {"storageClassName", "resources", "volumeName"});
  out["status"] = Only(base::Find(object, "status"), {"phase", "capacity", "conditions"});
  return out;
}

}  // namespace

base::Result<Kept> ParseKept(const Json& object, base::TextPacker& packer) {
  auto meta = kube::api::ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  Kept kept;
  kept.notes = HashOf(*meta);
  if (const auto instance = meta->labels.find(kInstance); instance != meta->labels.end()) kept.meta.cluster = instance->second;
  kept.meta.being_deleted = meta->BeingDeleted();
  kept.meta.generation = meta->generation;
  kept.meta.name = std::move(meta->name);
  kept.meta.ns = std::move(meta->ns);
  kept.meta.uid = std::move(meta->uid);
  kept.meta.resource_version = std::move(meta->resource_version);
  kept.text = packer.Pack(base::DumpJson(object));
  return kept;
}

base::Result<Kept> KeepPod(const Json& object, base::TextPacker& packer) {
  const auto pod = kube::api::ParsePod(object);
  return pod ? ParseKept(TrimmedPod(object), packer) : base::Result<Kept>(base::Propagate(pod));
}

base::Result<Kept> KeepClaim(const Json& object, base::TextPacker& packer) {
  const auto claim = lifecycle::ParseClaim(object);
  return claim ? ParseKept(TrimmedClaim(object), packer) : base::Result<Kept>(base::Propagate(claim));
}

base::Result<Kept> KeepConfigMap(const Json& object, base::TextPacker& packer) {
  const auto meta = kube::api::ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  const auto* owner = meta->Controller();
  std::size_t size = 0;
  for (const char* part : {"data", "binaryData"}) {
    if (const Json* data = base::Find(object, part)) size += base::DumpJson(*data).size();
  }
  if (size <= kMostOfOthers || (owner && owner->kind == kKind)) return ParseKept(object, packer);
  return ParseKept(Only(&object, {"apiVersion", "kind", "metadata"}), packer);
}

base::Result<Json> ObjectOf(const Kept& kept) {
  const auto text = kept.text.Unpack();
  if (!text) return base::Propagate(text);
  return base::ParseJson(*text);
}

base::Result<kube::api::Pod> PodOf(const Kept& kept) {
  const auto object = ObjectOf(kept);
  if (!object) return base::Propagate(object);
  return kube::api::ParsePod(*object);
}

base::Result<lifecycle::Claim> ClaimOf(const Kept& kept) {
  const auto object = ObjectOf(kept);
  if (!object) return base::Propagate(object);
  return lifecycle::ParseClaim(*object);
}

}  // namespace dm::op

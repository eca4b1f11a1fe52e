// Objects: what `dm/desired` renders, with what the other steps decided put in, as applications in order. What lives already as it
// should is left out, so a settled cluster has an empty plan; what somebody changed or deleted by hand comes back.
#include <set>

#include "base/strings.h"
#include "kube/apply.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

using base::Json;

std::string NameOf(const Json& object) {
  const Json* meta = base::Find(object, "metadata");
  return meta ? base::GetStringOr(*meta, "name") : "";
}

void ApplyIfDifferent(Planning& p, Json object) {
  const std::string kind = base::GetStringOr(object, "kind");
  const Child* live = p.seen.Find(kind, NameOf(object));
  if (live && !live->meta.BeingDeleted()) {
    const Json desired = kube::WithHash(object, std::string(annotations::kAppliedHash));
    if (kube::LiveCovers(desired, live->object)) return;   // the hash is one of the fields
  }
  p.plan.actions.emplace_back(Apply{std::move(object)});
}

bool TemplateDiffers(const Json& desired, const Child& live) {
  const Json* want = base::FindPath(desired, {"spec", "template"});
  const Json* have = base::FindPath(live.object, {"spec", "template"});
  return want && have && !kube::LiveCovers(*want, *have);
}

std::optional<Role> RoleOfSet(const Planning& p, const std::string& name) {
  for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
    if (name == p.names.StatefulSet(role)) return role;
  }
  return std::nullopt;
}

// Only the claim template stands between the set and what is desired: it is made anew around its pods, one a time and when
// nothing else goes on.
bool MakeAnew(Planning& p, const Json& desired, Role role, const Child& live) {
  if (!ClaimTemplateOutgrown(p, desired, role, live)) return false;
  const auto component = role == Role::kMonitor ? Component::kCluster : ComponentOf(role);
  if (role != Role::kMonitor && (p.Busy(component) || !p.Outdated(role).empty() || p.template_held)) return false;
  p.moves.emplace_back(DeleteObject{"StatefulSet", live.meta.name, live.meta.uid, "its claim template cannot change; its pods stay", true});
  p.Tell(component, "MakingSetAnew", "StatefulSet " + live.meta.name + " is made anew with a larger claim template; its pods stay");
  return true;
}

void ApplyMonitorSet(Planning& p, Json object) {
  if (const Child* live = p.seen.Find("StatefulSet", NameOf(object))) {
    if (MakeAnew(p, object, Role::kMonitor, *live)) return;
    KeepImmutable(object["spec"], *live);
  }
  ApplyIfDifferent(p, std::move(object));
}

void ApplySet(Planning& p, Json object, Role role, bool& masters_change) {
  const auto replicas = p.replicas.find(role);
  if (replicas == p.replicas.end()) return;    // its time has not come, or it is held
  Json& spec = object["spec"];
  spec["replicas"] = replicas->second;
  HoldTemplate(p, object, role);
  if (const Child* live = p.Set(role)) {
    const Json as_wanted = object;
    KeepImmutable(spec, *live);
    const bool differs = TemplateDiffers(object, *live);
    if (role == Role::kMaster) masters_change = differs || !ReadSet(*live).observed || !p.Outdated(Role::kMaster).empty();
    // Masters before workers: a worker that is made anew in between stays at the version that the masters still have.
    if (role == Role::kWorker && differs && masters_change) {
      KeepTemplate(object, *live);
      p.WaitFor(Component::kWorker, "WaitsForMasters", "the dm-workers change when the dm-masters have");
    }
    if (!differs && MakeAnew(p, as_wanted, role, *live)) return;
  }
  ApplyIfDifferent(p, std::move(object));
}

Json BootstrapMap(const Planning& p, const Json& like) {
  Json map = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", Json::object()}, {"data", Json::object()}};
  Json& meta = map["metadata"];
  meta["name"] = p.names.BootstrapConfigMap();
  meta["namespace"] = p.want.meta.ns;
  if (const Json* labels = base::FindPath(like, {"metadata", "labels"})) meta["labels"] = *labels;
  if (const Json* owners = base::FindPath(like, {"metadata", "ownerReferences"})) meta["ownerReferences"] = *owners;
  return map;
}

void FillBootstrapMap(const Planning& p, Json& map) {
  Json& data = map["data"];
  data = Json::object();
  const auto replicas = p.replicas.find(Role::kMaster);
  const int masters = replicas == p.replicas.end() || p.held.contains(Role::kMaster) ? INT32_MAX : replicas->second;
  for (const auto& [pod, line] : p.lines) {
    const int ordinal = OrdinalOf(p.names, Role::kMaster, pod);
    // A claim that is annotated by this very plan needs no line either: the annotation comes first.
    if (!line.empty() && ordinal < masters && !p.recorded.contains(ordinal)) data[pod] = line;
  }
  for (const auto& [ordinal, claim] : p.seen.master.claims) {
    if (!claim.Retired() || p.recorded.contains(ordinal)) continue;
    // The data of a removed member never starts again: the start script moves it aside once, under this name. Member ids
    // follow from addresses and come again, so the time is part of it.
    std::string tag = (claim.MemberId().empty() ? claim.meta.uid : claim.MemberId()) + "-" +
                      claim.meta.Annotation(std::string(annotations::kRemovedAt));
    std::erase_if(tag, [](char c) { return c == ':' || c == '.' || c == '+'; });
    data["removed-" + p.Pod(Role::kMaster, ordinal)] = tag;
  }
  Json notes = Json::object();
  if (p.memory.Known()) notes[std::string(annotations::kClusterId)] = p.memory.cluster_id;
  if (p.memory.reuse) notes[std::string(annotations::kData)] = "reuse";
  if (!notes.empty()) map["metadata"]["annotations"].update(notes);
}

// Whether to bootstrap has been decided: before that the ConfigMap must not exist, for it is the memory of the decision.
bool Decided(const Planning& p) { return p.memory.config_map || (p.replicas.contains(Role::kMaster) && !p.held.contains(Role::kMaster)); }

// Ours, but no longer rendered. ConfigMaps stay while a pod of an older template may still mount them.
void Prune(Planning& p, const std::set<std::string>& rendered) {
  if (!p.want.has_worker && p.Set(Role::kWorker)) return;   // they still use what is theirs
  const bool rolling = !p.Outdated(Role::kMaster).empty() || !p.Outdated(Role::kWorker).empty();
  for (const auto& [key, child] : p.seen.children) {
    const auto kind = base::GetStringOr(child.object, "kind");
    if (rendered.contains(key) || child.meta.BeingDeleted() || !IsOurs(p.want, child)) continue;
    if (child.meta.Annotation(std::string(annotations::kAppliedHash)).empty()) continue;
    const std::string monitor = "StatefulSet/" + p.names.StatefulSet(Role::kMonitor);
    if (key == monitor) {   // its claim stays
      p.moves.emplace_back(DeleteObject{kind, child.meta.name, child.meta.uid, "no monitor is wanted any more"});
      continue;
    }
    if (child.meta.name == p.names.ConfigMap(Role::kMonitor) && p.seen.children.contains(monitor)) continue;   // its pod mounts it
    if (kind != "Service" && kind != "PodDisruptionBudget" && (kind != "ConfigMap" || rolling)) continue;
    if (kind == "ConfigMap") {
      bool changing = false;
      for (const Action& action : p.plan.actions) {
        const auto* apply = std::get_if<Apply>(&action);
        changing |= apply && base::GetStringOr(apply->object, "kind") == "StatefulSet";
      }
      for (const Role role : {Role::kMaster, Role::kWorker}) changing |= p.Set(role) && !ReadSet(*p.Set(role)).observed;
      if (changing || p.template_held) continue;
    }
    p.moves.emplace_back(DeleteObject{kind, child.meta.name, child.meta.uid, "it is not wanted any more"});
  }
}

}  // namespace

void Objects(Planning& p) {
  std::set<std::string> rendered;
  bool masters_change = false;
  bool mapped = false;
  const auto bootstrap_map = [&](Json map) {
    mapped = true;
    rendered.insert("ConfigMap/" + p.names.BootstrapConfigMap());
    if (!Decided(p)) return;
    FillBootstrapMap(p, map);
    ApplyIfDifferent(p, std::move(map));
  };
  for (auto& action : p.records) p.plan.actions.push_back(std::move(action));
  for (const Json& manifest : p.objects.manifests) {
    const std::string kind = base::GetStringOr(manifest, "kind");
    const std::string name = NameOf(manifest);
    rendered.insert(kind + "/" + name);
    if (kind == "ConfigMap" && name == p.names.BootstrapConfigMap()) {
      bootstrap_map(manifest);
      continue;
    }
    if (kind == "StatefulSet") {
      if (!mapped) bootstrap_map(BootstrapMap(p, manifest));
      if (const Child* live = p.seen.Find(kind, name); live && live->meta.BeingDeleted()) {
        p.Tell(Component::kCluster, "OldObjectsRemain", "waiting until StatefulSet " + name + " has gone, to make it anew");
        masters_change |= name == p.names.StatefulSet(Role::kMaster);
        continue;
      }
      if (const auto role = RoleOfSet(p, name)) {
        if (*role == Role::kMonitor) ApplyMonitorSet(p, manifest);
        else ApplySet(p, manifest, *role, masters_change);
        continue;
      }
    }
    ApplyIfDifferent(p, manifest);
  }
  Prune(p, rendered);
  TellHeld(p);
}

}  // namespace dm::op::lifecycle

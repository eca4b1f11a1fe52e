#include "operator/execute.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/dm_resource.h"
#include "base/log.h"
#include "kube/api/node.h"
#include "kube/apply.h"
#include "operator/lifecycle/memory.h"
#include "operator/observe.h"

namespace dm::op {
namespace {

using base::Code;
using base::Json;
using base::Result;
using namespace lifecycle;

}  // namespace

const kube::Resource* ResourceOf(const std::string& kind) {
  static const std::map<std::string, const kube::Resource*> all = {
      {"StatefulSet", &kube::resources::kStatefulSets},
      {"Service", &kube::resources::kServices},
      {"ConfigMap", &kube::resources::kConfigMaps},
      {"PodDisruptionBudget", &kube::resources::kPodDisruptionBudgets},
      {"Pod", &kube::resources::kPods},
      {"PersistentVolumeClaim", &kube::resources::kPersistentVolumeClaims},
      {std::string(kKind), &app::DMClusters()},
  };
  const auto it = all.find(kind);
  return it == all.end() ? nullptr : it->second;
}

struct Executor::Visitor {
  const Executor& executor;
  const ExecuteInput& in;
  std::stop_token stop;
  Outcome& outcome;

  Result<const kube::Resource*> Resource(const std::string& kind) const {
    const auto* resource = ResourceOf(kind);
    if (!resource) return base::Fail(Code::kInternal, "there is no resource of kind " + kind);
    return resource;
  }

  void Note(const std::string& kind, const std::string& name, const Json& object) {
    const Json* meta = base::Find(object, "metadata");
    outcome.written.push_back({kind, name, meta ? base::GetStringOr(*meta, "uid") : "", meta ? base::GetStringOr(*meta, "resourceVersion") : ""});
  }

  // What we watch carries our labels; an object of somebody else's under a name that we want does not, and an apply would take it
  // over. Ours, where only its labels are gone, is taken back.
  Result<void> NameIsFree(const kube::Resource& resource, const std::string& kind, const std::string& name) const {
    const auto there = executor.client_.Get(resource, in.want.meta.ns, name, stop);
    if (!there && there.error().code == Code::kNotFound) return {};
    if (!there) return base::Propagate(there, "looking whether there is a " + kind + " " + name);
    auto meta = kube::api::ParseObjectMeta(*there);
    if (!meta) return base::Propagate(meta, kind + " " + name);
    const Child found{*std::move(meta), {}};
    const bool applied = !found.meta.Annotation(std::string(annotations::kAppliedHash)).empty();
    if (IsOurs(in.want, found) || (applied && !found.meta.Controller())) return {};
    base::Error taken{Code::kInvalid, kind + " " + name + " exists already and is not ours; delete or rename it, or choose another name for the DMCluster"};
    taken.reason = "NameTaken";
    return base::Fail(std::move(taken));
  }

  Result<void> operator()(const Apply& action) {
    const std::string kind = base::GetStringOr(action.object, "kind");
    const std::string name = base::GetStringOr(*base::Find(action.object, "metadata"), "name");
    const auto resource = Resource(kind);
    if (!resource) return base::Propagate(resource);
    const Child* live = in.seen.Find(kind, name);
    if (!live) {
      if (auto free = NameIsFree(**resource, kind, name); !free) return free;
    }
    kube::ApplyIfNeededOptions options;
    options.hash_annotation = std::string(annotations::kAppliedHash);
    auto applied = kube::ApplyDesired(executor.client_, **resource, action.object, live ? &live->object : nullptr, options, stop);
    if (!applied) return base::Propagate(applied, "applying " + kind + " " + name);
    if (applied->written) {
      base::LogInfo("applied", {{"cluster", in.want.meta.Key()}, {"object", kind + "/" + name}, {"why", applied->why}});
      Note(kind, name, applied->object);
    }
    return {};
  }

  Result<void> Patch(const std::string& kind, const std::string& name, Json patch) {
    const auto resource = Resource(kind);
    if (!resource) return base::Propagate(resource);
    auto patched = executor.client_.MergePatch(**resource, in.want.meta.ns, name, patch, {}, stop);
    if (!patched) return base::Propagate(patched, "patching " + kind + " " + name);
    Note(kind, name, *patched);
    return {};
  }

  Result<void> operator()(const Annotate& action) {
    Json notes = Json::object();
    for (const auto& [key, value] : action.annotations) notes[key] = value ? Json(*value) : Json();
    base::LogInfo("annotating", {{"cluster", in.want.meta.Key()}, {"object", action.kind + "/" + action.name}, {"annotations", base::DumpJson(notes)}});
    return Patch(action.kind, action.name, {{"metadata", {{"uid", action.uid}, {"annotations", notes}}}});
  }

  Result<void> operator()(const ResizeClaim& action) {
    base::LogInfo("growing a claim", {{"cluster", in.want.meta.Key()}, {"claim", action.name}, {"to", action.size.ToString()}});
    return Patch("PersistentVolumeClaim", action.name,
                 {{"metadata", {{"uid", action.uid}}}, {"spec", {{"resources", {{"requests", {{"storage", action.size.ToString()}}}}}}}});
  }

  Result<void> operator()(const KeepVolume& action) {
    const std::string what = "setting the reclaim policy of volume " + action.volume;
    const auto volume = executor.client_.Get(kube::resources::kPersistentVolumes, {}, action.volume, stop);
    if (!volume) return base::Propagate(volume, what);
    const Json* owner = base::FindPath(*volume, {"spec", "claimRef", "uid"});
    if (!owner || *owner != action.uid) return base::Fail(Code::kConflict, what + ": it is not claim " + action.claim + "'s any more");
    const Json* policy = base::FindPath(*volume, {"spec", "persistentVolumeReclaimPolicy"});
    if (!policy || *policy != action.policy) {
      base::LogInfo("setting a reclaim policy", {{"cluster", in.want.meta.Key()}, {"volume", action.volume}, {"claim", action.claim}, {"policy", action.policy}});
      const Json* version = base::FindPath(*volume, {"metadata", "resourceVersion"});
      const Json patch = {{"metadata", {{"resourceVersion", version ? *version : Json()}}}, {"spec", {{"persistentVolumeReclaimPolicy", action.policy}}}};
      const auto patched = executor.client_.MergePatch(kube::resources::kPersistentVolumes, {}, action.volume, patch, {}, stop);
      if (!patched) return base::Propagate(patched, what);
    }
    return (*this)(Annotate{"PersistentVolumeClaim", action.claim, action.uid, {{std::string(annotations::kReclaimPolicy), action.policy}}});
  }

  Result<void> operator()(const DeleteObject& action) {
    const auto resource = Resource(action.kind);
    if (!resource) return base::Propagate(resource);
    base::LogInfo("deleting", {{"cluster", in.want.meta.Key()}, {"object", action.kind + "/" + action.name}, {"uid", action.uid}, {"why", action.why}});
    auto deleted = executor.client_.Delete(**resource, in.want.meta.ns, action.name, {action.uid, ""}, action.orphan ? "Orphan" : "Background", stop);
    // Another object of that name is there by now: the one that was meant is gone.
    if (!deleted && deleted.error().code != Code::kConflict) return base::Propagate(deleted, "deleting " + action.kind + " " + action.name);
    outcome.written.push_back({action.kind, action.name, action.uid, ""});
    return {};
  }

  Result<void> operator()(const OwnClaim& action) {
    Json owners = Json::array();
    if (action.owned) {
      owners.push_back({{"apiVersion", std::string(kApiVersion)}, {"kind", std::string(kKind)}, {"name", in.want.meta.name}, {"uid", in.want.meta.uid}});
    }
    return Patch("PersistentVolumeClaim", action.name,
                 {{"metadata", {{"uid", action.uid}, {"resourceVersion", action.resource_version}, {"ownerReferences", owners}}}});
  }

  Result<void> operator()(const Emit& action) {
    in.emit(action);
    return {};
  }

  // --- DM

  Result<members::Address> AddressOf(const std::string& pod) const {
    for (const auto& address : TargetOf(in.want, in.seen.master.pods, in.credentials, false).masters) {
      if (address.pod == pod) return address;
    }
    return base::Fail(Code::kUnavailable, pod + " has no address");
  }

  Result<void> LeaseSuffices(base::Duration deadline = kMemberDeadline) const {
    if (executor.lease_remaining_() >= deadline) return {};
    return base::Fail(Code::kUnavailable, "too little is left of the lease to change DM");
  }

  // A client to that member, once it has shown that it belongs to our cluster.
  Result<members::MemberClient> Fenced(const std::string& pod, base::Duration deadline = kMemberDeadline) const {
    if (const auto enough = LeaseSuffices(deadline); !enough) return base::Propagate(enough);
    const auto address = AddressOf(pod);
    if (!address) return base::Propagate(address);
    members::MemberClient client(executor.dialer_(*address, in.credentials), kMemberCall);
    const auto id = client.ClusterId(stop);
    if (!id) return base::Propagate(id, pod);
    if (*id != in.plan.bootstrap.cluster_id) {
      return base::Fail(Code::kConflict, pod + " belongs to cluster " + *id + ", the claims to " + in.plan.bootstrap.cluster_id);
    }
    return client;
  }

  Result<void> operator()(const EvictLeader& action) {
    auto client = Fenced(action.pod);
    if (!client) return base::Propagate(client, "evicting " + action.pod);
    // A crash must not forget what DM does not show.
    if (auto announced = in.announce(); !announced) return base::Propagate(announced, "announcing the eviction of " + action.pod);
    outcome.members_changed = true;
    base::LogInfo("evicting the leader", {{"cluster", in.want.meta.Key()}, {"pod", action.pod}});
    return client->EvictLeader(stop);
  }

  // Not fenced by the cluster id, which DM does not tell while nobody leads: the pod is the very one that was evicted (its
  // UID stands in the intent), and a flag that is not set is cleared without harm.
  Result<void> operator()(const CancelEvict& action) {
    if (const auto enough = LeaseSuffices(); !enough) return base::Propagate(enough);
    const auto address = AddressOf(action.pod);
    if (!address) return base::Propagate(address, "cancelling the eviction of " + action.pod);
    outcome.members_changed = true;
    base::LogInfo("cancelling an eviction", {{"cluster", in.want.meta.Key()}, {"pod", action.pod}});
    return members::MemberClient(executor.dialer_(*address, in.credentials), kMemberCall).CancelEvict(stop);
  }

  // Whom to ask for a change of `name`: the leader, who knows; never the one that goes.
  std::string WhoChanges(const std::string& name) const {
    const auto& roster = in.seen.members.roster;
    if (roster && roster->leader.name != name && !roster->leader.name.empty()) return roster->leader.name;
    for (const auto& [ordinal, pod] : in.seen.master.pods) {
      if (pod.meta.name != name && in.seen.members.Healthy(pod.meta.name)) return pod.meta.name;
    }
    return {};
  }

  // Our caches may lag: what makes a member lost is looked at once more where it is kept.
  Result<void> StillLost(const Loss& loss) const {
    if (!loss.node.empty()) {
      const auto object = executor.client_.Get(kube::resources::kNodes, "", loss.node, stop);
      if (!object && object.error().code == Code::kNotFound) return {};
      if (!object) return base::Propagate(object, "looking at node " + loss.node);
      const auto node = kube::api::ParseNode(*object);
      if (!node) return base::Propagate(node);
      if (OutOfService(*node)) return {};
      return base::Fail(Code::kConflict, "node " + loss.node + " is there again");
    }
    const auto object = executor.client_.Get(kube::resources::kPersistentVolumeClaims, in.want.meta.ns, loss.claim, stop);
    if (!object && object.error().code == Code::kNotFound) return {};
    if (!object) return base::Propagate(object, "looking at claim " + loss.claim);
    const auto claim = ParseClaim(*object);
    if (!claim) return base::Propagate(claim);
    if (claim->phase == "Lost" || !claim->IsMember()) return {};
    return base::Fail(Code::kConflict, "claim " + loss.claim + " carries its data again");
  }

  // May a dead one be taken out of this list? It is not reached now, and who is reached is a majority.
  static Result<void> MayRemoveDead(const members::Roster& roster, const members::Master& dead) {
    if (dead.alive) return base::Fail(Code::kConflict, dead.name + " answers again");
    const auto alive = std::count_if(roster.masters.begin(), roster.masters.end(), [](const auto& m) { return m.alive; });
    if (alive >= static_cast<std::ptrdiff_t>(roster.masters.size() / 2 + 1)) return {};
    return base::Fail(Code::kConflict, "no majority is alive; nobody is removed now");
  }

  Result<void> operator()(const DeleteMember& action) {
    if (action.lost) {
      if (const auto still = StillLost(*action.lost); !still) return base::Propagate(still, "replacing " + action.name);
    }
    const std::string asked = WhoChanges(action.name);
    if (asked.empty()) return base::Fail(Code::kUnavailable, "no other dm-master can remove " + action.name);
    auto client = Fenced(asked);
    if (!client) return base::Propagate(client, "removing " + action.name);
    if (action.role == Role::kMaster) {
      // The members as they are now, not as the plan saw them.
      const auto roster = client->List(stop, kListCall);
      if (!roster) return base::Propagate(roster, "removing " + action.name);
      const auto* member = roster->FindMaster(action.name);
      outcome.members_changed = true;
      if (!member) return {};
      if (member->id != action.id) return base::Fail(Code::kConflict, action.name + " is member " + member->id + " by now, not " + action.id);
      if (roster->leader.name == action.name) return base::Fail(Code::kConflict, action.name + " has come to lead");
      if (action.lost) {
        if (const auto may = MayRemoveDead(*roster, *member); !may) return may;
      }
      for (const auto& other : roster->masters) {
        if (!action.lost && other.name != action.name && !other.alive) return base::Fail(Code::kConflict, other.name + " is not alive; nobody is removed now");
      }
    }
    outcome.members_changed = true;
    base::LogInfo("removing a member", {{"cluster", in.want.meta.Key()}, {"member", std::string(RoleName(action.role)) + "/" + action.name}, {"id", action.id}});
    return client->Delete(action.role, action.name, stop);
  }

  Result<void> operator()(const TransferSource& action) {
    const std::string what = "moving source " + action.source + " from " + action.from + " to " + action.to;
    const std::string asked = WhoChanges(action.from);
    if (asked.empty()) return base::Fail(Code::kUnavailable, what + ": no dm-master is there to ask");
    auto client = Fenced(asked, kTransferDeadline);
    if (!client) return base::Propagate(client, what);
    // The workers as they are now, not as the plan saw them.
    const auto roster = client->List(stop, kListCall);
    if (!roster) return base::Propagate(roster, what);
    outcome.members_changed = true;
    const auto* from = roster->FindWorker(action.from);
    const auto* to = roster->FindWorker(action.to);
    if (to && to->source == action.source) return {};
    if (!from || from->source != action.source) return base::Fail(Code::kConflict, what + ": it is bound elsewhere by now");
    if (!to || !to->source.empty() || to->stage == "offline") return base::Fail(Code::kConflict, what + ": " + action.to + " is not free any more");
    // A crash must not forget the tasks that DM pauses for it.
    if (auto announced = in.announce(); !announced) return base::Propagate(announced, what);
    base::LogInfo("moving a source", {{"cluster", in.want.meta.Key()}, {"source", action.source}, {"from", action.from}, {"to", action.to}});
    return client->TransferSource(action.source, action.to, kTransferCall, stop);
  }

  Result<void> operator()(const ResumeTask& action) {
    const std::string what = "starting task " + action.task + " on source " + action.source;
    const std::string asked = WhoChanges("");
    if (asked.empty()) return base::Fail(Code::kUnavailable, what + ": no dm-master is there to ask");
    auto client = Fenced(asked);
    if (!client) return base::Propagate(client, what);
    outcome.members_changed = true;
    base::LogInfo("starting a task that a transfer paused", {{"cluster", in.want.meta.Key()}, {"task", action.task}, {"source", action.source}});
    return client->StartTask(action.task, action.source, stop);
  }
};

namespace {

// What depends on nothing that is done later, and nothing later on it: a quota that refuses it must not keep a lost master from
// being replaced.
bool HoldsUpNothing(const Action& action, const Observed& seen, const base::Error& error) {
  if (std::holds_alternative<ResizeClaim>(action) || std::holds_alternative<OwnClaim>(action) || std::holds_alternative<KeepVolume>(action)) return true;
  const auto* apply = std::get_if<Apply>(&action);
  if (!apply) return false;
  const Json* labels = base::FindPath(apply->object, {"metadata", "labels"});
  const bool monitor = labels && base::GetStringOr(*labels, "app.kubernetes.io/component") == "dm-monitor";
  const std::string kind = base::GetStringOr(apply->object, "kind");
  if (monitor || kind == "PodDisruptionBudget") return true;
  // A change of a Service, as to a port that is taken: members go on finding each other by what is there.
  const Json* name = base::FindPath(apply->object, {"metadata", "name"});
  const lifecycle::Child* live = name && name->is_string() ? seen.Find(kind, name->get<std::string>()) : nullptr;
  if (!live) return false;
  // A template that the API server or a policy of its does not take: pods go on being made of the one that is there. Not where
  // their number was to change, which is a step on a way.
  const bool refused = error.code == Code::kInvalid || error.code == Code::kDenied;
  if (kind == "StatefulSet") return refused && base::GetIntOr(apply->object["spec"], "replicas", 1) == lifecycle::ReadSet(*live).replicas;
  return kind == "Service";
}

}  // namespace

Outcome Executor::Run(const ExecuteInput& in, std::stop_token stop) const {
  Outcome outcome;
  Visitor visitor{*this, in, stop, outcome};
  for (const Action& action : in.plan.actions) {
    if (stop.stop_requested()) {
      outcome.result = base::Fail(Code::kCancelled, "stopped");
      break;
    }
    const auto result = std::visit(visitor, action);
    if (result) continue;
    if (outcome.result) outcome.result = result;
    if (!HoldsUpNothing(action, in.seen, result.error())) break;
  }
  return outcome;
}

}  // namespace dm::op

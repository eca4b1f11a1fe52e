#include "operator/lifecycle/testing/world.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "kube/apply.h"

namespace dm::op::lifecycle::testing {
namespace {

using base::Json;

// The plan's announcements as the status has them.
Json Announced(const lifecycle::Plan& plan) {
  Json list = Json::array();
  for (const auto& intent : plan.intents) {
    list.push_back({{"action", intent.action}, {"pod", intent.pod}, {"incarnation", intent.incarnation}});
  }
  for (const auto& transfer : plan.transfers) {
    list.push_back({{"action", "TransferSource"}, {"pod", transfer.from}, {"source", transfer.source}, {"worker", transfer.to},
                    {"tasks", transfer.tasks}, {"since", transfer.since}});
  }
  return list;
}

std::string Key(const Json& object) { return base::GetStringOr(object, "kind") + "/" + base::GetStringOr(object["metadata"], "name"); }

}  // namespace

World::World(int masters, int workers) {
  want.meta.name = "a";
  want.meta.ns = "ns";
  want.meta.uid = NewUid();
  want.meta.creation_timestamp = Stamp();
  want.master.role = Role::kMaster;
  want.master.replicas = masters;
  want.worker.role = Role::kWorker;
  want.worker.replicas = workers;
  want.has_worker = workers >= 0;
  SetImage("dm:1");
}

void World::SetImage(const std::string& image) { want.raw["image"] = image; }

std::string World::Stamp() const { return base::FormatRfc3339(base::WallTime(std::chrono::seconds(1'700'000'000 + now))); }

void World::Break(const std::string& what) { violations.push_back("t=" + std::to_string(now) + ": " + what); }

void World::Annotate(const std::string& key, const std::string& value) { want.meta.annotations[key] = value; }

Json World::PodSpec(Role role) const {
  Json spec = Json::object();
  if (want.tls) spec["volumes"] = Json::array({{{"name", want.names().ClaimTemplate(role) + "-tls"}}});
  return spec;
}

std::string World::SizeOf(Role role) const {
  const auto& size = want.component(role).storage_size;
  return size ? size->ToString() : "10";
}

desired::Objects World::Render() const {
  const Names names = want.names();
  desired::Objects out;
  const auto add = [&](const char* kind, const std::string& name, Json rest) {
    Json object = {{"apiVersion", "v1"}, {"kind", kind}};
    object["metadata"] = {{"name", name},
                          {"namespace", want.meta.ns},
                          {"ownerReferences", {{{"kind", "DMCluster"}, {"name", want.meta.name}, {"uid", want.meta.uid}, {"controller", true}}}}};
    object.update(rest);
    out.manifests.push_back(std::move(object));
  };
  add("Service", names.PeerService(Role::kMaster), {{"spec", {{"clusterIP", "None"}}}});
  add("ConfigMap", names.ConfigMap(Role::kMaster), {{"data", {{"config", "x"}}}});
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    if (role == Role::kWorker && !want.has_worker) continue;
    const Json claim = {{"metadata", {{"name", names.ClaimTemplate(role)}}}, {"spec", {{"resources", {{"requests", {{"storage", SizeOf(role)}}}}}}}};
    add("StatefulSet", names.StatefulSet(role),
        {{"spec", {{"replicas", want.component(role).replicas}, {"template", {{"image", want.raw["image"]}, {"rendering", rendering}, {"spec", PodSpec(role)}}}, {"serviceName", names.PeerService(role)},
                    {"volumeClaimTemplates", Json::array({claim})}}}});
  }
  return out;
}

Observed World::See() const {
  Observed seen;
  seen.authority = authority;
  for (const auto& [key, object] : objects_) {
    Child child;
    child.object = object;
    const Json& meta = object["metadata"];
    child.meta.name = base::GetStringOr(meta, "name");
    child.meta.uid = base::GetStringOr(meta, "uid");
    child.meta.generation = base::GetIntOr(meta, "generation", 1);
    child.meta.deletion_timestamp = base::GetStringOr(meta, "deletionTimestamp");
    if (const Json* notes = base::Find(meta, "annotations")) {
      for (const auto& [name, value] : notes->items()) child.meta.annotations[name] = value.get<std::string>();
    }
    if (const Json* owners = base::Find(meta, "ownerReferences")) {
      for (const Json& owner : *owners) {
        child.meta.owners.push_back({"", base::GetStringOr(owner, "kind"), base::GetStringOr(owner, "name"), base::GetStringOr(owner, "uid"), true});
      }
    }
    seen.children[key] = std::move(child);
  }
  const Names names = want.names();
  std::set<std::string> masters;
  for (const auto& [name, pod] : pods_) {
    if (const int m = OrdinalOf(names, Role::kMaster, name); m >= 0) {
      seen.master.pods[m] = pod;
      if (!pod.pod_ip.empty()) masters.insert(name);
    } else {
      seen.worker.pods[OrdinalOf(names, Role::kWorker, name)] = pod;
    }
  }
  for (const auto& [name, claim] : claims_) {
    for (int i = 0; i < 20; ++i) {
      if (name == names.Claim(Role::kMaster, i)) seen.master.claims[i] = claim;
      if (name == names.Claim(Role::kWorker, i)) seen.worker.claims[i] = claim;
    }
  }
  seen.expandable = expandable;
  for (int i = 0; i < 40; ++i) {
    const std::string node = "node-" + std::to_string(i);
    const auto lost = lost_nodes_.find(node);
    seen.nodes[node] = lost == lost_nodes_.end() ? NodeState::kThere : lost->second;
  }
  if (members_unknown) masters.clear();
  seen.members = dm.Read(masters, now);
  seen.members.current = !asked_again_;
  return seen;
}

lifecycle::Plan World::Plan() const {
  Now at;
  at.monotonic = base::TimePoint(std::chrono::seconds(now));
  at.wall = base::WallTime(std::chrono::seconds(1'700'000'000 + now));
  return MakePlan(want, Render(), See(), at);
}

void World::Execute(const lifecycle::Plan& plan, std::size_t count) {
  for (const Action& action : plan.actions) {
    if (count-- == 0) return;                      // the operator was killed here
    ++writes;
    log.push_back("t=" + std::to_string(now) + " " + Describe(action));
    const bool announces = std::holds_alternative<EvictLeader>(action) || std::holds_alternative<lifecycle::TransferSource>(action);
    if (announces) want.status["intents"] = Announced(plan);   // before it is done
    std::visit([this](const auto& a) { Do(a); }, action);
    asked_again_ |= IsMemberAction(action);
  }
  if (count > 0) WriteStatus(plan);
  for (const auto& failure : plan.failures) {
    if (count == 0) break;
    Json& entry = want.status["master"]["failureMembers"][failure.pod];
    entry = {{"memberID", failure.member_id}, {"pvcUID", failure.claim_uid}, {"node", failure.node}, {"createdAt", failure.since}, {"memberDeleted", failure.removed}};
  }
}

void World::WriteStatus(const lifecycle::Plan& plan) {
  if (!plan.bootstrap.cluster_id.empty() || !plan.bootstrap.initial_members.empty()) {
    want.status["bootstrap"] = {{"clusterID", plan.bootstrap.cluster_id}, {"initialMembers", plan.bootstrap.initial_members}};
  }
  want.status["intents"] = Announced(plan);
  if (want.status.contains("master")) want.status["master"]["failureMembers"] = Json::object();
}

void World::Run(int seconds) {
  for (int i = 0; i < seconds; ++i) {
    for (int again = 0; again < 3; ++again) {
      const auto plan = Plan();
      Execute(plan);
      if (plan.actions.empty()) break;
    }
    Tick();
  }
}

void World::Do(const lifecycle::Apply& action) {
  const std::string key = Key(action.object);
  Json object = kube::WithHash(action.object, std::string(annotations::kAppliedHash));
  const auto before = objects_.find(key);
  const bool fresh = before == objects_.end();
  if (!fresh && before->second["metadata"].contains("deletionTimestamp")) return Break(key + " is applied while it is being deleted");
  if (!fresh && base::GetStringOr(object, "kind") == "StatefulSet" &&
      object["spec"]["volumeClaimTemplates"] != before->second["spec"]["volumeClaimTemplates"]) {
    return Break("422: the claim template of " + key + " cannot change");
  }
  if (fresh) orphaned_.erase(base::GetStringOr(object["metadata"], "name"));
  object["metadata"]["uid"] = fresh ? NewUid() : base::GetStringOr(before->second["metadata"], "uid");
  object["metadata"]["generation"] = fresh ? 1 : base::GetIntOr(before->second["metadata"], "generation", 1) + 1;
  if (!fresh && before->second.contains("status")) object["status"] = before->second["status"];
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    if (key == "StatefulSet/" + want.names().StatefulSet(role)) CheckShrink(role, static_cast<int>(base::GetIntOr(object["spec"], "replicas", 1)));
  }
  objects_[key] = std::move(object);
}

void World::CheckShrink(Role role, int replicas) {
  if (want.component(role).suspended) return;
  if (role == Role::kMaster) {
    for (const auto& [name, process] : dm.masters()) {
      if (OrdinalOf(want.names(), role, name) < replicas || !dm.Lists(name) || !dm.Healthy(name)) continue;
      Break("the StatefulSet shrinks below " + name + ", which is a member");
    }
    return;
  }
  if (want.meta.Annotation(std::string(annotations::kForce)).find("scale-in") != std::string::npos) return;
  if (static_cast<int>(dm.sources().size()) > replicas && Object("StatefulSet", want.names().StatefulSet(role)) &&
      (*Object("StatefulSet", want.names().StatefulSet(role)))["spec"]["replicas"] > replicas) {
    Break("the StatefulSet shrinks below what the sources need");
  }
  for (const auto& [name, source] : dm.sources()) {
    if (OrdinalOf(want.names(), role, source.worker) >= replicas) Break("the StatefulSet shrinks below " + source.worker + ", which has source " + name);
  }
}

void World::Do(const lifecycle::Annotate& action) {
  const auto it = claims_.find(action.name);
  const bool own = action.kind == kKind;
  if (!own && (it == claims_.end() || it->second.meta.uid != action.uid)) return;
  auto& annotations = own ? want.meta.annotations : it->second.meta.annotations;
  for (const auto& [key, value] : action.annotations) {
    annotations.erase(key);
    if (value) annotations[key] = *value;
  }
}

void World::Do(const ResizeClaim& action) {
  const auto it = claims_.find(action.name);
  if (it == claims_.end() || it->second.meta.uid != action.uid) return;
  if (action.size < it->second.request) Break("claim " + action.name + " is to shrink");
  if (!expandable.contains(it->second.storage_class.value_or(""))) Break("claim " + action.name + " cannot grow");
  it->second.request = action.size;
}

void World::Do(const lifecycle::KeepVolume& action) {
  const auto it = claims_.find(action.claim);
  if (it == claims_.end() || it->second.meta.uid != action.uid) return;
  if (it->second.volume != action.volume) Break("volume " + action.volume + " is not claim " + action.claim + "'s");
  it->second.meta.annotations[std::string(annotations::kReclaimPolicy)] = action.policy;
}

void World::Do(const OwnClaim& action) {
  const auto it = claims_.find(action.name);
  if (it == claims_.end() || it->second.meta.uid != action.uid) return;
  it->second.meta.owners.clear();
  if (action.owned) it->second.meta.owners.push_back({"", std::string(kKind), want.meta.name, want.meta.uid, false});
}

void World::Do(const DeleteObject& action) {
  if (action.kind == "Pod") {
    const auto it = pods_.find(action.name);
    if (it == pods_.end() || it->second.meta.uid != action.uid) return;
    if (dm.Healthy(action.name)) {
      std::size_t left = 0;
      for (const auto& [name, process] : dm.masters()) left += name != action.name && dm.Healthy(name);
      if (dm.members() >= 3 && left < dm.members() / 2 + 1) Break("replacing " + action.name + " takes the quorum away");
      if (dm.leader() == action.name && dm.members() > 1) Break("the leader " + action.name + " is replaced while it leads");
    }
    KillPod(action.name);
    return;
  }
  if (action.kind == "PersistentVolumeClaim") {
    const auto it = claims_.find(action.name);
    if (it != claims_.end() && it->second.meta.uid == action.uid) {
      if (want.when_scaled != Retain::kDelete && !Spared(action.name)) Break("claim " + action.name + " is deleted");
      disks_.erase(action.name);
      claims_.erase(it);
    }
    return;
  }
  if (action.orphan) {
    Json* set = Object(action.kind, action.name);
    if (!set || base::GetStringOr((*set)["metadata"], "uid") != action.uid) return;
    (*set)["metadata"]["deletionTimestamp"] = Stamp();   // gone at the next tick
    orphaned_.insert(action.name);
    return;
  }
  objects_.erase(action.kind + "/" + action.name);
}

bool World::LostClaim(const std::string& name) const {
  const auto it = claims_.find(name);
  return it == claims_.end() || it->second.phase == "Lost" || !it->second.IsMember();
}

bool World::Spared(const std::string& name) const {
  const Claim& claim = claims_.at(name);
  return claim.Retired() && (claim.phase == "Lost" || lost_nodes_.contains(claim.meta.Annotation(kSelectedNode)));
}

void World::Do(const EvictLeader& action) { dm.Evict(action.pod); }
void World::Do(const lifecycle::CancelEvict& action) { dm.CancelEvict(action.pod); }

void World::Do(const lifecycle::TransferSource& action) {
  const int from = OrdinalOf(want.names(), Role::kWorker, action.from), to = OrdinalOf(want.names(), Role::kWorker, action.to);
  if (from < want.worker.replicas) Break("source " + action.source + " is taken from " + action.from + ", which stays");
  if (to >= from) Break("source " + action.source + " is given to " + action.to + ", which goes first");
  dm.TransferSource(action.source, action.to);
}

void World::Do(const lifecycle::ResumeTask& action) {
  const auto it = dm.sources().find(action.source);
  if (it != dm.sources().end() && it->second.paused) Break("task " + action.task + " is started against its user's wish");
  dm.ResumeTask(action.source);
}

void World::Do(const DeleteMember& action) {
  if (action.role == Role::kMaster) {
    if (action.lost && dm.Healthy(action.name)) Break(action.name + " is taken for lost, but it is healthy");
    if (dm.Healthy(action.name) && OrdinalOf(want.names(), Role::kMaster, action.name) < want.master.replicas) {
      Break("healthy member " + action.name + " is removed, but nobody asked for that");
    }
    const bool listed = dm.Lists(action.name);
    if (action.lost && listed && !lost_nodes_.contains(action.lost->node) && !LostClaim(action.lost->claim)) {
      Break(action.name + " is taken for lost, but neither its node nor its claim is");
    }
    const bool had = dm.Quorum();
    dm.DeleteMaster(action.name, now);
    if (had && !dm.Quorum()) Break("removing " + action.name + " takes the quorum away");
  } else {
    dm.DeleteWorker(action.name);
  }
}

}  // namespace dm::op::lifecycle::testing

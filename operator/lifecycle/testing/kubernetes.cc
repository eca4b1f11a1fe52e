// World's Kubernetes: StatefulSets (parallel, OnDelete), pods and their processes, claims that are kept.
#include <nlohmann/json.hpp>

#include "operator/lifecycle/testing/world.h"

namespace dm::op::lifecycle::testing {

using base::Json;

base::Json* World::Object(const std::string& kind, const std::string& name) {
  const auto it = objects_.find(kind + "/" + name);
  return it == objects_.end() ? nullptr : &it->second;
}

void World::Recreate() {
  for (const auto& [name, pod] : pods_) {
    dm.StopMaster(name);
    dm.StopWorker(name);
  }
  pods_.clear();
  objects_.clear();
  now += 10;
  want.meta.uid = NewUid();
  want.meta.creation_timestamp = Stamp();
  want.meta.annotations.clear();
  want.status = Json::object();
}

void World::KillPod(const std::string& name) {
  pods_.erase(name);
  dm.StopMaster(name);
  dm.StopWorker(name);
}

void World::LoseClaim(const std::string& name) {
  claims_.erase(name);
  disks_.erase(name);
  const Names names = want.names();
  for (int i = 0; i < 20; ++i) {
    if (name == names.Claim(Role::kMaster, i)) KillPod(names.Pod(Role::kMaster, i));
  }
}

void World::LoseNode(const std::string& name, NodeState how) {
  lost_nodes_[name] = how;
  for (auto& [pod_name, pod] : pods_) {
    if (pod.node_name != name) continue;
    dm.StopMaster(pod_name);
    dm.StopWorker(pod_name);
    pod.ready = false;
    stranded_[pod_name] = now + 3;
  }
}

void World::ReturnNode(const std::string& name) {
  lost_nodes_.erase(name);
  for (const auto& [pod_name, pod] : pods_) {
    if (pod.node_name == name) stranded_.erase(pod_name);
  }
}

std::string World::NodeOf(const std::string& pod) const {
  const auto it = pods_.find(pod);
  return it == pods_.end() ? "" : it->second.node_name;
}

// Pods of a node that is gone are deleted by Kubernetes.
void World::TickNodes() {
  std::erase_if(stranded_, [this](const auto& item) {
    if (item.second > now) return false;
    KillPod(item.first);
    return true;
  });
  for (auto it = orphaned_.begin(); it != orphaned_.end(); ++it) {
    const Json* set = Object("StatefulSet", *it);
    if (set && (*set)["metadata"].contains("deletionTimestamp")) objects_.erase("StatefulSet/" + *it);
  }
  for (auto& [name, claim] : claims_) {
    if (grows_in_use || claim.capacity == claim.request) {
      claim.capacity = claim.request;
      claim.resizing.clear();
      claim.file_system_since.clear();
    } else if (claim.file_system_since.empty()) {
      claim.resizing = "FileSystemResizePending";
      claim.file_system_since = Stamp();
    }
  }
}

bool World::Place(Role role, int ordinal) {
  const Names names = want.names();
  kube::api::Pod& pod = pods_.at(names.Pod(role, ordinal));
  if (!pod.node_name.empty()) return !lost_nodes_.contains(pod.node_name);
  auto& notes = claims_.at(names.Claim(role, ordinal)).meta.annotations;
  const std::string own = notes[kSelectedNode];
  for (const std::string& node : {own, "node-" + std::to_string(ordinal), "node-" + std::to_string(ordinal + 10), "node-" + std::to_string(ordinal + 20)}) {
    if (node.empty() || lost_nodes_.contains(node)) continue;
    if (local_volumes && role == Role::kMaster && !own.empty() && node != own) continue;
    if (own.empty()) notes[kSelectedNode] = node;
    pod.node_name = node;
    pod.scheduled = true;
    return true;
  }
  return false;
}

void World::Hold(const std::string& pod, bool on) {
  held_.erase(pod);
  if (on) held_.insert(pod);
}

bool World::Ready(const std::string& pod) const {
  const auto it = pods_.find(pod);
  return it != pods_.end() && it->second.ready;
}

void World::StartPod(Role role, int ordinal) {
  const Names names = want.names();
  kube::api::Pod& pod = pods_.at(names.Pod(role, ordinal));
  if (held_.contains(pod.meta.name) || !Place(role, ordinal)) return;
  pod.pod_ip = "10.0.0." + std::to_string(ordinal + 1);
  if (role == Role::kWorker) {
    dm.StartWorker(pod.meta.name, now);
    pod.ready = true;
    return;
  }
  std::string line, removed;
  if (const Json* map = Object("ConfigMap", names.BootstrapConfigMap())) {
    line = base::GetStringOr((*map)["data"], pod.meta.name);
    removed = base::GetStringOr((*map)["data"], "removed-" + pod.meta.name);
  }
  dm.StartMaster(pod.meta.name, disks_[names.Claim(role, ordinal)], line, removed, now);
  pod.ready = dm.Healthy(pod.meta.name);
}

void World::TickSet(Role role) {
  const Names names = want.names();
  Json* set = Object("StatefulSet", names.StatefulSet(role));
  const bool orphaned = !set && orphaned_.contains(names.StatefulSet(role));
  const int replicas = set ? static_cast<int>(base::GetIntOr((*set)["spec"], "replicas", 1)) : 0;
  const std::string revision = set ? base::HashJson((*set)["spec"]["template"]).substr(0, 8) : "";
  int ready = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string name = names.Pod(role, i);
    if (orphaned) {
      if (pods_.contains(name)) StartPod(role, i);
      continue;
    }
    if (i >= replicas) {
      if (pods_.contains(name)) KillPod(name);
      continue;
    }
    const std::string claim = names.Claim(role, i);
    if (!claims_.contains(claim)) {
      Claim& made = claims_[claim];
      made.meta.name = claim;
      made.meta.uid = NewUid();
      made.meta.creation_timestamp = Stamp();
      made.phase = "Bound";
      made.volume = "pv-of-" + made.meta.uid;
      made.storage_class = "fast";
      made.request = made.capacity = *kube::api::Quantity::Parse(
          base::GetStringOr(*base::FindPath((*set)["spec"]["volumeClaimTemplates"][0], {"spec", "resources", "requests"}), "storage"));
      disks_.erase(claim);
    }
    if (!pods_.contains(name)) {
      kube::api::Pod& pod = pods_[name];
      pod.meta.name = name;
      pod.meta.uid = NewUid();
      pod.meta.creation_timestamp = Stamp();
      pod.controller_revision = revision;
      claims_.at(claim).capacity = claims_.at(claim).request;
    }
    StartPod(role, i);
    ready += Ready(name);
  }
  if (set) (*set)["status"] = {{"observedGeneration", (*set)["metadata"]["generation"]}, {"updateRevision", revision}, {"readyReplicas", ready}};
}

void World::Tick() {
  ++now;
  asked_again_ = false;
  TickNodes();
  TickSet(Role::kMaster);
  dm.Elect();
  TickSet(Role::kWorker);
  for (auto& [name, pod] : pods_) {
    if (OrdinalOf(want.names(), Role::kMaster, name) >= 0) pod.ready = dm.Healthy(name);
  }
}

}  // namespace dm::op::lifecycle::testing

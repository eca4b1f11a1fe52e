#include "operator/observe.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/strings.h"

namespace dm::op {
namespace {

// Calls `take` with what `read` makes of each item whose key begins with `prefix` and that carries the cluster's label.
template <class Read, class Take>
void EachOf(const kube::Store<Kept>& store, const std::string& cluster, const std::string& prefix, Read read, Take take) {
  for (const auto& item : store.WithPrefix(prefix)) {
    if (Stores::ClusterOf(item->meta) != cluster) continue;
    if (auto object = read(*item)) {
      take(*std::move(object));
    } else {   // it was our own dump
      base::LogError("a kept object does not parse", {{"object", item->meta.Key()}, {"error", object.error().ToString()}});
    }
  }
}

base::Result<lifecycle::Child> ChildOf(const Kept& kept) {
  auto object = ObjectOf(kept);
  if (!object) return base::Propagate(object);
  auto meta = kube::api::ParseObjectMeta(*object);
  if (!meta) return base::Propagate(meta);
  return lifecycle::Child{*std::move(meta), *std::move(object)};
}

lifecycle::RoleState& Of(lifecycle::Observed& seen, Role role) {
  return role == Role::kMaster ? seen.master : role == Role::kWorker ? seen.worker : seen.monitor;
}

// Of the nodes that masters stand on or stood on, and that their volumes were made for.
void LookAtNodes(const DMCluster& want, lifecycle::Observed& seen, const requirements::ClusterView& view) {
  if (!view.nodes_known) return;
  std::set<std::string> names;
  for (const auto& [ordinal, pod] : seen.master.pods) names.insert(pod.node_name);
  for (const auto& [ordinal, claim] : seen.master.claims) names.insert(claim.meta.Annotation(lifecycle::kSelectedNode));
  if (const base::Json* lost = base::FindPath(want.status, {"master", "failureMembers"}); lost && lost->is_object()) {
    for (const auto& [name, entry] : lost->items()) names.insert(base::GetStringOr(entry, "node"));
  }
  names.erase("");
  for (const auto& name : names) {
    const auto it = std::lower_bound(view.nodes.begin(), view.nodes.end(), name,
                                     [](const auto& one, const std::string& wanted) { return one->node->meta.name < wanted; });
    seen.nodes[name] = it == view.nodes.end() || (*it)->node->meta.name != name ? lifecycle::NodeState::kGone
                       : OutOfService(*(*it)->node)                              ? lifecycle::NodeState::kOutOfService
                                                                                 : lifecycle::NodeState::kThere;
  }
}

}  // namespace

bool OutOfService(const kube::api::Node& node) {
  return std::any_of(node.taints.begin(), node.taints.end(), [](const auto& taint) { return taint.key == "node.kubernetes.io/out-of-service"; });
}

lifecycle::Observed Observe(const Stores& stores, const DMCluster& want, const std::shared_ptr<const members::Reads>& reads,
                            const requirements::ClusterView& view) {
  lifecycle::Observed seen;
  const Names names = want.names();
  const std::string key = want.meta.Key();
  const std::string prefix = want.meta.ns + "/" + want.meta.name + "-dm-";
  for (const auto* store : {&stores.sets, &stores.services, &stores.config_maps, &stores.budgets}) {
    EachOf(*store, key, prefix, ChildOf, [&](lifecycle::Child child) {
      const std::string name = base::GetStringOr(child.object, "kind") + "/" + child.meta.name;
      seen.children[name] = std::move(child);
    });
  }
  EachOf(stores.pods, key, prefix, PodOf, [&](kube::api::Pod pod) {
    for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
      const int ordinal = OrdinalOf(names, role, pod.meta.name);
      if (ordinal < 0) continue;
      Of(seen, role).pods[ordinal] = std::move(pod);
      return;
    }
  });
  for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
    const std::string stem = names.ClaimTemplate(role) + "-";
    EachOf(stores.claims, key, want.meta.ns + "/" + stem + names.StatefulSet(role) + "-", ClaimOf, [&](lifecycle::Claim claim) {
      const int ordinal = OrdinalOf(names, role, std::string_view(claim.meta.name).substr(stem.size()));
      if (ordinal >= 0) Of(seen, role).claims[ordinal] = std::move(claim);
    });
  }
  if (reads) seen.members = *reads;
  for (const auto& [name, storage_class] : view.classes) {
    if (storage_class->allow_volume_expansion) seen.expandable.insert(name);
  }
  LookAtNodes(want, seen, view);
  return seen;
}

members::Target TargetOf(const DMCluster& want, const std::map<int, kube::api::Pod>& masters, const members::Credentials& credentials,
                         bool subtasks) {
  members::Target target;
  target.credentials = credentials;
  target.subtasks = subtasks;
  for (const auto& [ordinal, pod] : masters) {
    if (pod.pod_ip.empty() || pod.meta.BeingDeleted()) continue;
    members::Address address;
    address.pod = pod.meta.name;
    address.ip = pod.pod_ip;
    address.port = static_cast<std::uint16_t>(kMasterPort);
    address.host_name = pod.meta.name + "." + want.names().PeerService(Role::kMaster) + "." + want.meta.ns + ".svc";
    address.incarnation = pod.meta.uid + "/" + std::to_string(pod.restarts);
    address.ready = pod.ready;
    target.masters.push_back(std::move(address));
  }
  std::stable_sort(target.masters.begin(), target.masters.end(), [](const auto& a, const auto& b) { return a.ready && !b.ready; });
  return target;
}

requirements::LiveFacts LiveFactsOf(const DMCluster& want, const lifecycle::Observed& seen) {
  requirements::LiveFacts live;
  live.known = true;
  for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
    if (role == Role::kWorker && !want.has_worker) continue;
    for (const auto& [ordinal, claim] : seen.role(role).claims) {
      live.claims.push_back({role, claim.meta.name, std::min(claim.request, claim.capacity), claim.storage_class});
    }
  }
  if (seen.members.sources) {
    for (const auto& source : *seen.members.sources) live.sources.push_back(source.name);
  }
  return live;
}

}  // namespace dm::op

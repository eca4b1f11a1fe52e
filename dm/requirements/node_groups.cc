#include "dm/requirements/node_groups.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <unordered_map>

namespace dm::requirements {

namespace {

using kube::api::PodSpec;

const kube::api::Taint kUnschedulable{"node.kubernetes.io/unschedulable", "", "NoSchedule"};

std::optional<Exclusion> WhyNot(const kube::api::Node& node, const PodSpec& pod) {
  if (!node.ready) return Exclusion::kNotReady;
  if (node.unschedulable && std::none_of(pod.tolerations.begin(), pod.tolerations.end(),
                                         [](const auto& t) { return t.Tolerates(kUnschedulable); })) {
    return Exclusion::kUnschedulable;
  }
  if (!pod.node_name.empty() && pod.node_name != node.meta.name) return Exclusion::kSelector;
  if (!pod.SelectsNode(node)) return Exclusion::kSelector;
  if (pod.UntoleratedTaint(node) != nullptr) return Exclusion::kTaint;
  return std::nullopt;
}

// What Evaluate reads of a node, its name and labels aside.
struct SameLot {
  bool operator()(const NodeView* a, const NodeView* b) const {
    return a->traits == b->traits && a->cpu == b->cpu && a->memory == b->memory && a->size_known == b->size_known &&
           a->pods == b->pods && a->kind_faults == b->kind_faults && a->network_gbps == b->network_gbps;
  }
};

struct HashOfLot {
  std::size_t operator()(const NodeView* node) const {
    std::size_t hash = std::hash<const void*>{}(node->traits.get());
    const auto add = [&](std::size_t word) { hash = (hash ^ word) * 0x9e3779b97f4a7c15u; };
    add(static_cast<std::size_t>(node->cpu.nano()));
    add(static_cast<std::size_t>(node->memory.nano()));
    add((static_cast<std::size_t>(node->pods) << 16) + node->kind_faults);
    return hash ^ (hash >> 32);
  }
};

// By node: has another one the same hash of its hostname? Asked of thousands at each change of one: a table of open addresses.
std::vector<bool> SharedHosts(const ClusterView& view) {
  constexpr std::uint32_t kFree = ~0u;
  std::vector<bool> shared(view.nodes.size());
  std::vector<std::uint32_t> table(std::bit_ceil(2 * view.nodes.size() + 1), kFree);
  for (std::uint32_t number = 0; number < view.nodes.size(); ++number) {
    const std::size_t hash = view.nodes[number]->hostname;
    if (hash == 0) continue;
    std::size_t slot = (hash >> 7) & (table.size() - 1);
    while (table[slot] != kFree && view.nodes[table[slot]]->hostname != hash) slot = (slot + 1) & (table.size() - 1);
    if (table[slot] == kFree) {
      table[slot] = number;
    } else {
      shared[number] = shared[table[slot]] = true;
    }
  }
  return shared;
}

void SortByLot(NodeGroups& groups, const std::vector<std::uint32_t>& sizes) {
  groups.lot_starts.push_back(0);
  for (const std::uint32_t size : sizes) groups.lot_starts.push_back(groups.lot_starts.back() + size);
  groups.by_lot.resize(groups.lot_of.size());
  groups.lot_shares_host.resize(sizes.size());
  std::vector<std::uint32_t> next = groups.lot_starts;
  for (std::uint32_t node = 0; node < groups.lot_of.size(); ++node) {
    const std::uint32_t lot = groups.lot_of[node];
    groups.by_lot[next[lot]++] = node;
    if (groups.shares_host[node]) groups.lot_shares_host[lot] = true;
  }
}

}  // namespace

NodeGroups GroupNodes(const ClusterView& view) {
  NodeGroups groups;
  groups.nodes = view.nodes;
  groups.of.reserve(view.nodes.size());
  groups.lot_of.reserve(view.nodes.size());
  std::unordered_map<const NodeTraits*, std::uint32_t> known;
  std::unordered_map<const NodeView*, std::uint32_t, HashOfLot, SameLot> lots;   // by its first node
  std::vector<std::uint32_t> sizes;
  for (const auto& node : view.nodes) {
    const auto [lot, fresh_lot] = lots.try_emplace(node.get(), static_cast<std::uint32_t>(sizes.size()));
    if (fresh_lot) sizes.push_back(0);
    ++sizes[lot->second];
    groups.lot_of.push_back(lot->second);
    const auto [group, fresh] = known.try_emplace(node->traits.get(), static_cast<std::uint32_t>(groups.first.size()));
    if (fresh) groups.first.push_back(node.get());
    groups.of.push_back(group->second);
  }
  groups.shares_host = SharedHosts(view);
  SortByLot(groups, sizes);
  return groups;
}

std::shared_ptr<const NodeGroups> GroupsOf(const ClusterView& view) {
  if (view.groups && view.groups->nodes == view.nodes) return view.groups;
  return std::make_shared<const NodeGroups>(GroupNodes(view));
}

PodFilter::PodFilter(const PodSpec& pod, const NodeGroups& groups) : pod_(pod), entries_(groups.first.size()) {
  by_name_ = !pod.node_name.empty();
  for (const auto& [key, value] : pod.node_selector) keys_.push_back(key);
  for (const auto& term : pod.required_node_affinity) {
    by_name_ = by_name_ || !term.match_fields.empty();
    for (const auto& requirement : term.match_expressions) keys_.push_back(requirement.key);
  }
}

bool PodFilter::AsksEach(const NodeTraits& traits) const {
  return by_name_ || std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) { return traits.Owns(key); });
}

std::optional<Exclusion> PodFilter::Ask(const NodeView& node, std::uint32_t group) {
  const auto why = WhyNot(*node.node, pod_);
  if (entries_[group].answer == Answer::kEachNode) return why;
  if (AsksEach(*node.traits)) {
    entries_[group].answer = Answer::kEachNode;
  } else {
    entries_[group] = {why ? Answer::kExcludes : Answer::kTakes, why.value_or(Exclusion{})};
  }
  return why;
}

std::optional<std::string_view> LabelOf(const NodeView& node, const std::string& key) {
  if (key == kNodeItself) return node.node->meta.name;
  const auto label = node.node->meta.labels.find(key);
  if (label == node.node->meta.labels.end()) return std::nullopt;
  return label->second;
}

std::string_view DomainOf(const NodeView& node, const std::string& topology_key) {
  const auto label = node.node->meta.labels.find(topology_key);
  if (label != node.node->meta.labels.end() && !label->second.empty()) return label->second;
  return node.node->meta.name;
}

std::optional<std::string_view> DomainOfGroup(const NodeView& first, const std::string& topology_key) {
  const auto label = first.traits->labels.find(topology_key);
  if (label == first.traits->labels.end() || label->second.empty()) return std::nullopt;
  return label->second;
}

}  // namespace dm::requirements

#include "dm/requirements/node_groups.h"

#include <algorithm>
#include <unordered_map>

namespace dm::requirements {

namespace {

using kube::api::PodSpec;

const kube::api::Taint kUnschedulable{"node.kubernetes.io/unschedulable", "", "NoSchedule"};

std::optional<Exclusion> Ask(const kube::api::Node& node, const PodSpec& pod) {
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

}  // namespace

NodeGroups GroupNodes(const ClusterView& view) {
  NodeGroups groups;
  groups.of.reserve(view.nodes.size());
  std::unordered_map<const NodeTraits*, std::uint32_t> known;
  const NodeTraits* last = nullptr;
  for (const auto& node : view.nodes) {
    if (node->traits.get() == last) {
      groups.of.push_back(groups.of.back());
      continue;
    }
    last = node->traits.get();
    const auto [entry, fresh] = known.try_emplace(last, static_cast<std::uint32_t>(groups.first.size()));
    if (fresh) groups.first.push_back(node.get());
    groups.of.push_back(entry->second);
  }
  return groups;
}

PodFilter::PodFilter(const PodSpec& pod, const NodeGroups& groups) : pod_(pod), entries_(groups.first.size()) {
  by_name_ = !pod.node_name.empty();
  for (const auto& [key, value] : pod.node_selector) keys_.push_back(key);
  for (const auto& term : pod.required_node_affinity) {
    by_name_ = by_name_ || !term.match_fields.empty();
    for (const auto& requirement : term.match_expressions) keys_.push_back(requirement.key);
  }
}

std::optional<Exclusion> PodFilter::Excludes(const NodeView& node, std::uint32_t group) {
  Entry& entry = entries_[group];
  if (entry.answer == Answer::kNotAsked) {
    const bool owned = by_name_ || std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) { return node.traits->Owns(key); });
    const auto why = owned ? std::nullopt : Ask(*node.node, pod_);
    entry.answer = owned ? Answer::kEachNode : why ? Answer::kExcludes : Answer::kTakes;
    if (why) entry.why = *why;
  }
  if (entry.answer == Answer::kEachNode) return Ask(*node.node, pod_);
  if (entry.answer == Answer::kExcludes) return entry.why;
  return std::nullopt;
}

std::optional<std::string_view> LabelOf(const NodeView& node, const std::string& key) {
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

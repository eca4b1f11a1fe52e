// The nodes of a view by their traits, told apart once for one Evaluate, and questions that are answered once a group. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dm/requirements/view.h"
#include "kube/api/pod_spec.h"

namespace dm::requirements {

struct NodeGroups {
  std::vector<std::uint32_t> of;           // group of the view's n-th node
  std::vector<const NodeView*> first;      // of each group
};
NodeGroups GroupNodes(const ClusterView& view);

enum class Exclusion : unsigned { kNotReady, kUnschedulable, kSelector, kTaint, kCount };

// Which nodes the scheduler's filters keep a pod away from: Ready, unschedulable, node name, node selector and required
// affinity, taints. A group is asked once, unless the pod asks for something that is each node's own.
class PodFilter {
 public:
  PodFilter(const kube::api::PodSpec& pod, const NodeGroups& groups);
  // nullopt: the node can take the pod.
  std::optional<Exclusion> Excludes(const NodeView& node, std::uint32_t group);

 private:
  enum class Answer : std::uint8_t { kNotAsked, kEachNode, kTakes, kExcludes };
  struct Entry {
    Answer answer = Answer::kNotAsked;
    Exclusion why{};
  };
  const kube::api::PodSpec& pod_;
  bool by_name_ = false;                   // the pod asks for the name of the node
  std::vector<std::string> keys_;          // labels that it asks for
  std::vector<Entry> entries_;             // by group
};

// The value of a label of a node, a view into it.
std::optional<std::string_view> LabelOf(const NodeView& node, const std::string& key);
// The value of a topology key on a node, a view into it; a node without the label is a domain of its own, by its name.
std::string_view DomainOf(const NodeView& node, const std::string& topology_key);

// The domain that all nodes of a group are in; nullopt where each node is in one of its own.
std::optional<std::string_view> DomainOfGroup(const NodeView& first, const std::string& topology_key);

}  // namespace dm::requirements

// The nodes of a view by what they have in common, told apart once a view, and questions that are answered once for all that
// are alike. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dm/requirements/view.h"
#include "kube/api/pod_spec.h"

namespace dm::requirements {

// A group has the same traits. A lot of it is alike in size, faults and network too: of its nodes only names and own labels
// differ.
struct NodeGroups {
  std::vector<std::shared_ptr<const NodeView>> nodes;      // of which this is said
  std::vector<std::uint32_t> of;           // group of the view's n-th node
  std::vector<const NodeView*> first;      // of each group
  std::vector<std::uint32_t> lot_of;       // lot of the view's n-th node
  std::vector<std::uint32_t> by_lot;       // the nodes of the first lot, of the second, and so on
  std::vector<std::uint32_t> lot_starts;   // there; one more than there are lots
  std::vector<bool> shares_host;           // the n-th node: another has the same hostname, or may have
  std::vector<bool> lot_shares_host;       // one of the lot's nodes does

  std::uint32_t lots() const { return static_cast<std::uint32_t>(lot_starts.size() - 1); }
  std::span<const std::uint32_t> Lot(std::uint32_t lot) const {
    return std::span(by_lot).subspan(lot_starts[lot], lot_starts[lot + 1] - lot_starts[lot]);
  }

  bool operator==(const NodeGroups&) const = default;
};
NodeGroups GroupNodes(const ClusterView& view);
// The view's own, if they are of its nodes.
std::shared_ptr<const NodeGroups> GroupsOf(const ClusterView& view);

enum class Exclusion : unsigned { kNotReady, kUnschedulable, kSelector, kTaint, kCount };

// Which nodes the scheduler's filters keep a pod away from: Ready, unschedulable, node name, node selector and required
// affinity, taints. A group is asked once, unless the pod asks for something that is each node's own.
class PodFilter {
 public:
  PodFilter(const kube::api::PodSpec& pod, const NodeGroups& groups);
  // nullopt: the node can take the pod.
  std::optional<Exclusion> Excludes(const NodeView& node, std::uint32_t group) {
    const Entry& entry = entries_[group];
    if (entry.answer == Answer::kTakes) return std::nullopt;
    if (entry.answer == Answer::kExcludes) return entry.why;
    return Ask(node, group);
  }
  // Does the pod ask for something that is each node's own, on nodes with these traits?
  bool AsksEach(const NodeTraits& traits) const;

 private:
  enum class Answer : std::uint8_t { kNotAsked, kEachNode, kTakes, kExcludes };
  struct Entry {
    Answer answer = Answer::kNotAsked;
    Exclusion why{};
  };
  std::optional<Exclusion> Ask(const NodeView& node, std::uint32_t group);
  const kube::api::PodSpec& pod_;
  bool by_name_ = false;                   // the pod asks for the name of the node
  std::vector<std::string> keys_;          // labels that it asks for
  std::vector<Entry> entries_;             // by group
};

// As a topology key, though no label can have that name: each node is a domain of its own. For what keeps pods off one node
// whatever its hostname says.
inline constexpr const char* kNodeItself = "(node)";

// The value of a label of a node, or its name for kNodeItself; a view into it.
std::optional<std::string_view> LabelOf(const NodeView& node, const std::string& key);
// The value of a topology key on a node, a view into it; a node without the label is a domain of its own, by its name.
std::string_view DomainOf(const NodeView& node, const std::string& topology_key);

// The domain that all nodes of a group are in; nullopt where each node is in one of its own.
std::optional<std::string_view> DomainOfGroup(const NodeView& first, const std::string& topology_key);

}  // namespace dm::requirements

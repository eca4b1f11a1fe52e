// What the scheduler's filters read of a node, without what is the node's own. Nodes of one pool have equal traits and
// share one value, so that a filter is asked once for all of them, whatever their number.
//
// A label whose value is the node's name or its hostname is its own: of it only the key is a trait.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kube/api/node.h"

namespace dm::requirements {

inline constexpr const char* kHostnameLabel = "kubernetes.io/hostname";

struct NodeTraits {
  kube::api::Labels labels;              // without its own
  std::vector<std::string> own;          // keys of its own labels, sorted
  std::vector<kube::api::Taint> taints;
  bool unschedulable = false;
  bool ready = false;
  bool operator==(const NodeTraits&) const = default;

  bool Owns(const std::string& key) const;
};
NodeTraits TraitsOf(const kube::api::Node& node);

// Makes equal traits one value. Holds nothing alive. Not thread-safe: who builds views has one.
class TraitsPool {
 public:
  std::shared_ptr<const NodeTraits> Share(NodeTraits traits);
  std::size_t size() const { return known_.size(); }

 private:
  std::multimap<std::size_t, std::weak_ptr<const NodeTraits>> known_;    // by hash
  std::size_t sweep_at_ = 64;
};

}  // namespace dm::requirements

// What the pods that stand on nodes reserve, for capacity.measure: free. Values; immutable once a view holds them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kube/api/object_meta.h"
#include "kube/api/quantity.h"

namespace dm::requirements {

struct Reserved {
  kube::api::Quantity cpu, memory;
  std::int32_t pods = 0;

  Reserved& operator+=(const Reserved& other);
  Reserved& operator-=(const Reserved& other);
  bool operator==(const Reserved&) const = default;
};

// On one node.
struct NodeUsage {
  Reserved all;
  std::vector<std::pair<std::string, Reserved>> clusters;   // of it, what pods of DMClusters reserve: by OwnerOf

  // Without what the cluster's own pods reserve: they do not stand in its own way.
  Reserved ByOthers(const std::string& cluster) const;
};

// By the node's name; a node that is not there carries nothing.
using Usage = std::map<std::string, std::shared_ptr<const NodeUsage>>;

// namespace/name of the DMCluster whose pod carries these labels; empty: of none.
std::string OwnerOf(const std::string& ns, const kube::api::Labels& labels);

}  // namespace dm::requirements

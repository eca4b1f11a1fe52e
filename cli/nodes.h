// `kubectl dm nodes`: which nodes qualify for which role, and why not.
#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "cli/check.h"

namespace dm::cli {

struct NodesOptions {
  std::vector<std::string> files;      // empty: the live cluster
  std::string policy;
  LiveOptions live;
  bool json = false;
};

struct NodeAnswer {
  std::string name, architecture;
  requirements::OsFacts os;
  // Both by kind and by size: a pod with the page's minimum would fit into what the node can allocate.
  std::map<Environment, std::map<Role, bool>> qualifies;
  std::vector<std::string> reasons;    // "production worker: has 8 CPU, 16 are needed"
};

std::vector<NodeAnswer> JudgeNodes(const requirements::ClusterView& view, const requirements::Policy& policy);
int RunNodes(const NodesOptions& options, std::ostream& out, std::ostream& err, Connector connect = Connect);

}  // namespace dm::cli

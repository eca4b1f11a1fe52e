// What the rules know of a cluster: from files with nodes, storage classes and namespaces.
#pragma once

#include <string>
#include <vector>

#include "app/pod_ledger.h"
#include "base/result.h"
#include "cli/input.h"
#include "dm/requirements/view.h"

namespace dm::cli {

struct DataFiles {
  std::vector<std::string> nodes, classes, namespaces;
  bool Any() const { return !nodes.empty() || !classes.empty() || !namespaces.empty(); }
};

// Each file must hold at least one object of its kind; others in it are left alone (one file may serve for all three). Where
// the policy measures what is free, the pods beside the nodes are what runs there.
base::Result<requirements::ClusterView> ReadView(const DataFiles& files, const requirements::Policy& policy);

// From objects as the API server lists them. `where` is put before errors.
base::Result<void> AddNodes(requirements::ClusterView& view, const std::vector<base::Json>& objects,
                            const requirements::Policy& policy, const std::string& where);
// What runs on the view's nodes; after them.
void AddUsage(requirements::ClusterView& view, const app::UsageNow& now);
base::Result<void> AddClasses(requirements::ClusterView& view, const std::vector<base::Json>& objects, const std::string& where);
base::Result<void> AddNamespaces(requirements::ClusterView& view, const std::vector<base::Json>& objects, const std::string& where);

}  // namespace dm::cli

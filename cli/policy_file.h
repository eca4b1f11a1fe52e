// The policy that `check`, `nodes` and `status` judge by: a file, the cluster's own, or the built-in one.
#pragma once

#include <string>
#include <vector>

#include "cli/live.h"
#include "dm/requirements/policy.h"

namespace dm::cli {

// An empty path: the built-in policy. The file may also be a ConfigMap (or a list with one) with a key policy.yaml.
base::Result<requirements::Policy> ReadPolicyFile(const std::string& path);

struct ChosenPolicy {
  requirements::Policy policy;
  std::string from;              // "--policy p.yaml", "ConfigMap dm-system/dm-operator-policy", "the built-in policy"
  std::string remark;            // why the cluster's own was not taken; empty when it was, or was not asked for
};
// The ConfigMap that the chart's release keeps: looked for by its labels in all namespaces and, where that is not allowed, by
// the names that the documentation installs it under. Not found, not allowed or wrong: the built-in policy, and a remark.
ChosenPolicy ReadLivePolicy(LiveCluster& live);
// The file when one is named (an error when it cannot be read), else the cluster's when there is one, else the built-in one.
base::Result<ChosenPolicy> ChoosePolicy(const std::string& path, LiveCluster* live);

}  // namespace dm::cli

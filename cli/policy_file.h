// The policy that `check` and `nodes` judge by.
#pragma once

#include <string>

#include "dm/requirements/policy.h"

namespace dm::cli {

// An empty path: the built-in policy. The file may also be a ConfigMap (or a list with one) with a key policy.yaml.
base::Result<requirements::Policy> ReadPolicyFile(const std::string& path);

}  // namespace dm::cli

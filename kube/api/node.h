// A Node, trimmed to what the requirement rules ask.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kube/api/object_meta.h"
#include "kube/api/quantity.h"
#include "kube/api/selector.h"

namespace dm::kube::api {

struct Node {
  ObjectMeta meta;
  std::string os_image;             // nodeInfo.osImage: PRETTY_NAME of the host's os-release
  std::string kernel_version;       // uname -r
  std::string operating_system;     // "linux"
  std::string architecture;         // "amd64"
  std::string kubelet_version;
  std::optional<Quantity> cpu, memory;   // allocatable
  std::optional<Quantity> pods;
  std::vector<Taint> taints;
  bool unschedulable = false;
  bool ready = false;               // condition Ready is True
  std::string internal_ip;
};

base::Result<Node> ParseNode(const base::Json& object);

}  // namespace dm::kube::api

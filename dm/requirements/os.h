// Which operating system a node runs, and what the requirements page says of it. Read from nodeInfo.osImage (PRETTY_NAME
// of the host), the kernel, Node Feature Discovery's labels system-os_release.* and the administrator's label
// dm.pingcap.com/os-version. Pure.
//
//   "CentOS Linux 7 (Core)" with kernel 3.10.0-327.el7.x86_64 → CentOS 7.2, unsupported
#pragma once

#include "dm/requirements/policy.h"
#include "dm/requirements/view.h"
#include "kube/api/node.h"

namespace dm::requirements {

OsFacts JudgeOs(const kube::api::Node& node, const Policy& policy);

}  // namespace dm::requirements

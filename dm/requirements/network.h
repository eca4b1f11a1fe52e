// How fast a node's network is. Kubernetes has no field for it: the label dm.pingcap.com/network-gbps says so, written by
// the administrator or by the NodeFeatureRule that the chart ships.
#pragma once

#include <optional>

#include "kube/api/node.h"

namespace dm::requirements {

// "10", "2.5", "25": digits with at most one point, above 0. Anything else is unknown.
std::optional<double> NetworkGbps(const kube::api::Node& node);

}  // namespace dm::requirements

// LeftAlone: for what is done beside a plan. Pure.
#pragma once

#include "dm/cluster.h"
#include "operator/lifecycle/observed.h"

namespace dm::op::lifecycle {

// Nothing of this cluster may be changed: it is TiDB Operator 1.x's, or paused.
bool LeftAlone(const DMCluster& want, const Observed& seen);

}  // namespace dm::op::lifecycle

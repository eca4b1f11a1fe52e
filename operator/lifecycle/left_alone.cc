#include "operator/lifecycle/left_alone.h"

#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

bool LeftAlone(const DMCluster& want, const Observed& seen) {
  const desired::Objects none;
  const Now now;
  Planning p{want, none, seen, now, want.names()};
  for (auto* step : {Adopt, Pause}) step(p);
  return p.stop;
}

}  // namespace dm::op::lifecycle

// MakePlan: the steps in their order. What leaves a cluster alone comes first, then what heals, then what changes.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

Plan MakePlan(const DMCluster& want, const desired::Objects& objects, const Observed& seen, const Now& now) {
  Planning p{want, objects, seen, now, want.names(), Remember(want, seen)};
  CarryIntents(p);
  CarryTransfers(p);
  CarryFailures(p);
  p.plan.bootstrap = {p.memory.cluster_id, p.memory.initial_members};
  for (auto* step : {Adopt, Pause, Ownership, TlsSwitch}) {
    step(p);
    if (p.stop) return std::move(p.plan);
  }
  for (auto* step : {ExistingData, Suspend, AcceptLoss, BootstrapMasters, RecordMembers, LostData, Evictions, Failover, ScaleInMasters, ScaleOutMasters, SeeTransfersThrough,
                     ScaleWorkers, ForgetWorkers, Roll, Claims, OwnClaims, Objects, UsedForce}) {
    step(p);
  }
  for (auto& action : p.moves) p.plan.actions.push_back(std::move(action));
  // DM is changed last: what it depends on has been applied by then, and what it leads to is seen by the next plan.
  if (p.member_action) p.plan.actions.push_back(std::move(*p.member_action));
  return std::move(p.plan);
}

}  // namespace dm::op::lifecycle

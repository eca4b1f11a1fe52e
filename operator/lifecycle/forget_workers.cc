// ForgetWorkers: a worker whose pod is gone for good stays registered in DM as offline until somebody deletes it there.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void ForgetWorkers(Planning& p) {
  if (p.plan.suspended || p.member_action) return;
  const auto* roster = p.Trusted();
  if (!roster || !p.memory.Known()) return;
  const auto planned = p.replicas.find(Role::kWorker);
  // Only above what is wanted, planned and live: a worker that just restarts is offline too.
  const int above = std::max({p.Desired(Role::kWorker), p.LiveReplicas(Role::kWorker), planned == p.replicas.end() ? 0 : planned->second});
  if (!p.Set(Role::kWorker) && p.want.has_worker) return;
  for (const auto& worker : roster->workers) {
    const int ordinal = OrdinalOf(p.names, Role::kWorker, worker.name);
    if (ordinal < above) continue;
    if (p.seen.worker.pods.contains(ordinal)) {
      p.WaitFor(Component::kWorker, "ScalingIn", "waiting for " + worker.name + " to end");
      continue;
    }
    if (worker.stage != "offline") {
      p.WaitFor(Component::kWorker, "ForgettingWorkers", worker.name + " is gone, but DM still counts it as " + worker.stage);
      continue;
    }
    p.member_action = DeleteMember{Role::kWorker, worker.name, ""};
    p.WaitFor(Component::kWorker, "ForgettingWorkers", worker.name + " is gone and is being deregistered");
    return;
  }
}

}  // namespace dm::op::lifecycle

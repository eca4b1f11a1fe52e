// Suspend: suspendAction takes the pods away, workers first, and leaves data, claims, registrations and services. What
// DM remembers is untouched, so the same cluster comes back.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void Suspend(Planning& p) {
  const bool worker = p.want.has_worker && p.want.worker.suspended;
  const bool master = p.want.master.suspended;
  if (!worker && !master) return;
  p.plan.suspended = true;
  if (worker) {
    p.held.insert(Role::kWorker);
    if (p.Set(Role::kWorker)) p.replicas[Role::kWorker] = 0;
    p.WaitFor(Component::kWorker, "Suspended", "suspendAction keeps the dm-workers down");
  }
  if (!master) return;
  p.held.insert(Role::kMaster);
  if (worker && !p.seen.worker.pods.empty()) {
    p.WaitFor(Component::kMaster, "Suspending", "the dm-masters go when the last dm-worker has gone");
    return;
  }
  if (p.Set(Role::kMaster)) p.replicas[Role::kMaster] = 0;
  p.WaitFor(Component::kMaster, "Suspended", "suspendAction keeps the dm-masters down");
}

}  // namespace dm::op::lifecycle

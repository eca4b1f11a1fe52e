// ScaleWorkers: workers come when the masters form a cluster (before that they would only crash), grow at once, and shrink one
// at a time from the highest ordinal, each after its source has been handed on (relieve.cc).
#include <algorithm>

#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void ScaleWorkers(Planning& p) {
  if (p.held.contains(Role::kWorker) || p.Busy(Component::kWorker)) return;
  const int desired = p.Desired(Role::kWorker);
  const bool exists = p.Set(Role::kWorker) != nullptr;
  if (!p.want.has_worker) {
    if (exists) {
      p.WaitFor(Component::kWorker, "WorkerRemoved",
                "spec.worker is gone, but dm-workers run; they are left as they are. Put it back with replicas: 0 to remove them");
    }
    return;
  }
  if (!exists) {
    std::string why;
    const auto* roster = p.memory.Known() ? p.Trusted(&why) : nullptr;
    if (!roster || roster->leader.name.empty()) {
      return p.WaitFor(Component::kWorker, "WaitsForMasters", "the dm-workers start when the dm-masters have a leader");
    }
    // Made anew around its pods, it goes on with as many as there are.
    const auto& pods = p.seen.worker.pods;
    p.replicas[Role::kWorker] = std::max(desired, pods.empty() ? 0 : pods.rbegin()->first + 1);
    return;
  }
  const int live = p.LiveReplicas(Role::kWorker);
  p.replicas[Role::kWorker] = desired;
  if (desired >= live) return;

  p.replicas[Role::kWorker] = live;
  const std::string pod = p.Pod(Role::kWorker, live - 1);
  const std::string goal = "removing " + pod + " (" + std::to_string(live) + " dm-workers, " + std::to_string(desired) + " wanted)";
  if (!p.seen.worker.pods.empty() && p.seen.worker.pods.rbegin()->first >= live) {
    return p.WaitFor(Component::kWorker, "ScalingIn", goal + ": waiting for " + p.Pod(Role::kWorker, p.seen.worker.pods.rbegin()->first) + " to end");
  }
  std::string why;
  const auto* roster = p.Trusted(&why);
  if (!roster) {
    return p.WaitFor(Component::kWorker, p.seen.members.current ? "ScaleInBlocked" : "ScalingIn", goal + ": the members are not known: " + why);
  }
  if (!Relieve(p, *roster, live - 1, goal)) return;
  p.replicas[Role::kWorker] = live - 1;
  p.WaitFor(Component::kWorker, "ScalingIn", goal);
}

}  // namespace dm::op::lifecycle

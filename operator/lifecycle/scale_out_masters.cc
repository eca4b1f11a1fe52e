// ScaleOutMasters: the StatefulSet of masters never becomes smaller than what must be kept, and grows by one at a time: the
// next one's line is written, its pod made, and it joins; only when it is a healthy member the one after it has its turn.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

std::set<int> Members(const Planning& p, const members::Roster& roster) {
  std::set<int> ordinals;
  for (const auto& master : roster.masters) {
    if (const int ordinal = OrdinalOf(p.names, Role::kMaster, master.name); ordinal >= 0) ordinals.insert(ordinal);
  }
  return ordinals;
}

}  // namespace

void ScaleOutMasters(Planning& p) {
  if (p.held.contains(Role::kMaster) || !p.memory.Known()) return;
  const int keep = p.MastersToKeep();
  if (keep < 1) {   // all data is lost: as many pods as there were, each waiting for its line
    const int live = p.LiveReplicas(Role::kMaster);
    p.replicas[Role::kMaster] = live > 0 ? live : std::max(p.Desired(Role::kMaster), 1);
    if (!p.Busy(Component::kMaster)) p.WaitFor(Component::kMaster, "DataLost", "no dm-master has data to start from");
    return;
  }
  // A suspended or deleted StatefulSet comes back at the size that its members need, all at once: they have their data.
  if (!p.replicas.contains(Role::kMaster)) p.replicas[Role::kMaster] = keep;
  const int next = keep;
  if (next >= p.Desired(Role::kMaster)) return;
  const std::string pod = p.Pod(Role::kMaster, next);
  const std::string goal = pod + " joins (" + std::to_string(keep) + " dm-masters, " + std::to_string(p.Desired(Role::kMaster)) + " wanted)";
  if (p.memory.joining.contains(next)) {
    p.replicas[Role::kMaster] = next + 1;
    if (!p.Busy(Component::kMaster)) p.WaitFor(Component::kMaster, "ScalingOut", goal);
    return;
  }
  if (p.Busy(Component::kMaster)) return;
  std::string why;
  const auto* roster = p.Trusted(&why);
  if (!roster) return p.WaitFor(Component::kMaster, "ScaleOutBlocked", goal + ": the members are not known: " + why);
  if (!p.OthersHealthy(*roster, "", &why)) {
    return p.WaitFor(Component::kMaster, "ScaleOutBlocked", goal + ": " + why + " is not healthy");
  }
  if (const auto left = p.Unsettled(*roster); left > base::Duration{0}) {
    p.LookAgain(left);
    return p.WaitFor(Component::kMaster, "ScalingOut", goal + ": waiting until the masters have been together for some seconds");
  }
  if (roster->leader.name.empty()) return p.WaitFor(Component::kMaster, "ScaleOutBlocked", goal + ": DM has no leader now");
  p.lines[pod] = JoinLine(p, Members(p, *roster));
  p.replicas[Role::kMaster] = next + 1;
  p.WaitFor(Component::kMaster, "ScalingOut", goal);
}

}  // namespace dm::op::lifecycle

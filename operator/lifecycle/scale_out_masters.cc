// ScaleOutMasters: the StatefulSet of masters never becomes smaller than what must be kept, and grows by one at a time: the
// next one's line is written, its pod made, and it joins; only when it is a healthy member the one after it has its turn. A
// master that was removed (by an operator that was stopped half-way, by a hand) joins again in the same way.
#include <algorithm>

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

// Whose turn it is; -1: nobody's.
int Next(const Planning& p, const members::Roster* roster, int keep) {
  const int desired = p.Desired(Role::kMaster);
  for (const int ordinal : p.memory.joining) {
    if (ordinal < desired) return ordinal;      // it has begun
  }
  if (!roster) return keep < desired ? keep : -1;
  const auto members = Members(p, *roster);
  for (int ordinal = 0; ordinal < desired; ++ordinal) {
    if (!members.contains(ordinal) && !p.memory.first.contains(ordinal)) return ordinal;
  }
  return -1;
}

// The process of a removed member does not end by itself, and a pod that is older than the removal may still run it.
void RestartIfOld(Planning& p, int ordinal) {
  const auto pod = p.seen.master.pods.find(ordinal);
  const auto claim = p.seen.master.claims.find(ordinal);
  if (pod == p.seen.master.pods.end() || claim == p.seen.master.claims.end() || pod->second.meta.BeingDeleted()) return;
  const auto removed = claim->second.meta.Annotation(std::string(annotations::kRemovedAt));
  if (removed.empty() || pod->second.meta.creation_timestamp > removed) return;
  p.moves.emplace_back(DeleteObject{"Pod", pod->second.meta.name, pod->second.meta.uid, "it runs a member that was removed"});
}

// A pod that waits for its line already (its volume was lost) has no data, and would see the ConfigMap's change a minute later only.
void RestartToRead(Planning& p, int ordinal) {
  const auto pod = p.seen.master.pods.find(ordinal);
  const auto claim = p.seen.master.claims.find(ordinal);
  if (pod == p.seen.master.pods.end() || pod->second.meta.BeingDeleted() || p.Healthy(pod->second.meta.name)) return;
  if (claim == p.seen.master.claims.end() || !claim->second.ClusterId().empty()) return;
  p.moves.emplace_back(DeleteObject{"Pod", pod->second.meta.name, pod->second.meta.uid, "it waits for the line that is there now"});
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
  std::string why;
  const auto* roster = p.Trusted(&why);
  const int next = Next(p, roster, keep);
  if (next < 0) return;
  const std::string pod = p.Pod(Role::kMaster, next);
  const std::string goal = pod + " joins (" + std::to_string(p.Desired(Role::kMaster)) + " dm-masters are wanted)";
  if (p.memory.joining.contains(next)) {
    p.replicas[Role::kMaster] = std::max(keep, next + 1);
    RestartIfOld(p, next);
    if (!p.Busy(Component::kMaster)) p.WaitFor(Component::kMaster, "ScalingOut", goal);
    return;
  }
  if (p.Busy(Component::kMaster)) return;
  if (!roster) return p.WaitFor(Component::kMaster, "ScaleOutBlocked", goal + ": the members are not known: " + why);
  if (const auto claim = p.seen.master.claims.find(next); claim != p.seen.master.claims.end() && claim->second.IsMember()) {
    return p.WaitFor(Component::kMaster, "ScalingOut", goal + ": its old membership is being struck off");   // record.cc
  }
  if (!p.OthersHealthy(*roster, "", &why)) {
    return p.WaitFor(Component::kMaster, "ScaleOutBlocked", goal + ": " + why + " is not healthy");
  }
  if (const auto left = p.Unsettled(*roster); left > base::Duration{0}) {
    p.LookAgain(left);
    return p.WaitFor(Component::kMaster, "ScalingOut", goal + ": waiting until the masters have been together for some seconds");
  }
  if (roster->leader.name.empty()) return p.WaitFor(Component::kMaster, "ScaleOutBlocked", goal + ": DM has no leader now");
  // A master that has come to hang meanwhile stands in an older list as healthy, and would be counted on.
  if (!p.Fresh()) return p.WaitFor(Component::kMaster, "ScalingOut", goal + ": asking the members once more");
  p.lines[pod] = WithClaim(p, next, JoinLine(p, Members(p, *roster)));
  p.replicas[Role::kMaster] = std::max(keep, next + 1);
  RestartIfOld(p, next);
  RestartToRead(p, next);
  p.WaitFor(Component::kMaster, "ScalingOut", goal);
}

}  // namespace dm::op::lifecycle

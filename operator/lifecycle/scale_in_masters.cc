// ScaleInMasters: one master at a time, the highest ordinal first, and only while every other one is healthy: evict it when it
// leads, remove it from etcd, see that it is gone, mark its claim; then the StatefulSet shrinks by itself (MastersToKeep).
// Every stage is told apart by what DM and the claim say, so a crash between any two loses nothing.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

namespace {

// Whose data the claim has must stand on it before the member goes: nobody can tell afterwards, and a claim that is taken for a
// new one would be joined on with the data of a member that is no more.
bool SaysWhoseDataItHas(Planning& p, int ordinal, const members::Master& member) {
  const auto found = p.seen.master.claims.find(ordinal);
  if (found == p.seen.master.claims.end() || found->second.meta.BeingDeleted() || p.recorded.contains(ordinal)) return true;
  const Claim& claim = found->second;
  if (claim.ClusterId() == p.memory.cluster_id && claim.MemberId() == member.id) return true;
  if (p.Healthy(member.name)) return false;      // RecordMembers is about to
  Annotate change{"PersistentVolumeClaim", claim.meta.name, claim.meta.uid, {}};
  change.annotations[std::string(annotations::kClusterId)] = p.memory.cluster_id;
  change.annotations[std::string(annotations::kMemberName)] = member.name;
  change.annotations[std::string(annotations::kMemberId)] = member.id;
  p.records.emplace_back(std::move(change));
  return false;
}

}  // namespace

void ScaleInMasters(Planning& p) {
  if (p.Busy(Component::kMaster) || !p.memory.Known()) return;
  const int keep = p.MastersToKeep();
  const int desired = p.Desired(Role::kMaster);
  if (desired >= keep) return;
  if (desired < 1) {
    p.WaitFor(Component::kMaster, "NoMasters", "spec.master.replicas is 0, which would end the cluster; to stop it use suspendAction");
    return;
  }
  const int ordinal = keep - 1;
  const std::string pod = p.Pod(Role::kMaster, ordinal);
  const std::string goal = "removing " + pod + " (" + std::to_string(keep) + " dm-masters, " + std::to_string(desired) + " wanted)";
  std::string why;
  const auto* roster = p.Trusted(&why);
  if (!roster) return p.WaitFor(Component::kMaster, "ScaleInBlocked", goal + ": the members are not known: " + why);

  // Who stays has to be there: one of them that was removed (lost, by a hand) joins again first.
  for (int stays = 0; stays < desired; ++stays) {
    if (!roster->FindMaster(p.Pod(Role::kMaster, stays)) && !p.memory.first.contains(stays)) return;
  }
  const auto* member = roster->FindMaster(pod);
  if (!member && p.memory.joining.contains(ordinal)) {   // MastersToKeep
    return p.WaitFor(Component::kMaster, "ScalingIn", goal + (p.Fresh() ? ": it has begun to join, and can be removed only when it has come up"
                                                                        : ": asking the members once more"));
  }
  if (!member) return p.WaitFor(Component::kMaster, "ScalingIn", goal + ": it is no member any more");   // record.cc marks its claim
  if (!p.OthersHealthy(*roster, pod, &why)) {
    return p.WaitFor(Component::kMaster, "ScaleInBlocked", goal + ": " + why + " is not healthy, and the majority would be at risk");
  }
  if (const auto left = p.Unsettled(*roster, pod); left > base::Duration{0}) {
    p.LookAgain(left);
    return p.WaitFor(Component::kMaster, "ScalingIn", goal + ": a master has only just come up");
  }
  if (!p.Fresh()) return p.WaitFor(Component::kMaster, "ScalingIn", goal + ": asking the members once more");
  if (roster->leader.name.empty()) return p.WaitFor(Component::kMaster, "ScaleInBlocked", goal + ": DM has no leader now");
  if (roster->leader.name == pod) {
    const auto it = p.seen.master.pods.find(ordinal);
    if (it != p.seen.master.pods.end()) return p.Evict(pod, it->second.meta.uid, goal);
    return p.WaitFor(Component::kMaster, "ScalingIn", goal + ": it leads, but its pod is not there");
  }
  if (!SaysWhoseDataItHas(p, ordinal, *member)) {
    return p.WaitFor(Component::kMaster, "ScalingIn", goal + ": its claim has to say first whose data it carries");
  }
  p.member_action = DeleteMember{Role::kMaster, pod, member->id};
  p.WaitFor(Component::kMaster, "ScalingIn", goal);
}

}  // namespace dm::op::lifecycle

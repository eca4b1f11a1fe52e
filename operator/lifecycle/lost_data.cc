// LostData: a master that DM lists, but whose claim does not carry its data (deleted, or made anew). Its pod waits for a line that
// never comes by itself: starting it empty would either fail for ever or, were all volumes gone, make a second cluster.
#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void LostData(Planning& p) {
  if (!p.memory.Known()) return;
  const auto& claims = p.seen.master.claims;
  std::vector<std::string> lost;
  const auto look = [&](int ordinal) {
    if (ordinal < 0 || p.memory.first.contains(ordinal) || p.memory.joining.contains(ordinal)) return;
    const auto it = claims.find(ordinal);
    if (it != claims.end() && it->second.IsMember()) return;
    if (!p.Healthy(p.Pod(Role::kMaster, ordinal))) lost.push_back(p.names.Claim(Role::kMaster, ordinal));   // healthy: it is about to be recorded
  };
  const auto* roster = p.Trusted();
  if (roster) {
    for (const auto& master : roster->masters) look(OrdinalOf(p.names, Role::kMaster, master.name));
    if (lost.empty()) return;
  } else {
    for (const auto& [ordinal, claim] : claims) {
      if (claim.IsMember()) return;      // who answers will say who is a member
    }
    if (!p.memory.first.empty() || !p.memory.joining.empty()) return;
    for (const auto& [pod, health] : p.seen.members.health) {
      if (health.known()) return;
    }
  }
  if (!roster) {
    p.Say("DataAtRisk", true, "AllDataLost",
          "no claim carries the data of DM cluster " + p.memory.cluster_id + " any more: its sources (with their passwords), its tasks and what it knew of "
          "them are lost. What was migrated is safe, as are the positions of running tasks, which DM keeps downstream. The masters are not started empty. "
          "Restore the volumes; or set the annotation dm.pingcap.com/force: bootstrap to accept the loss: a new, empty DM cluster starts in its place, and "
          "sources and tasks have to be created again");
  } else {
    p.Say("DataAtRisk", true, "VolumeLost",
          base::Join(lost, ", ") + " does not carry the data of its member: the volume was deleted or replaced. The pod waits, it is not started empty until its old membership has been replaced (updatePolicy.failoverPeriod)");
  }
}

}  // namespace dm::op::lifecycle

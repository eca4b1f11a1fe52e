// LostData: a master that DM lists, but whose claim does not carry its data (deleted, or made anew). Its pod waits for a line that
// never comes by itself: starting it empty would either fail for ever or, were all volumes gone, make a second cluster.
#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void LostData(Planning& p) {
  if (!p.memory.Known()) return;
  const auto& claims = p.seen.master.claims;
  std::vector<std::string> lost;
  int kept = 0;
  const auto look = [&](int ordinal) {
    if (ordinal < 0 || p.memory.first.contains(ordinal) || p.memory.joining.contains(ordinal)) return;
    const auto it = claims.find(ordinal);
    if (it != claims.end() && it->second.IsMember()) {
      ++kept;
    } else if (!p.Healthy(p.Pod(Role::kMaster, ordinal))) {   // healthy: it is about to be recorded
      lost.push_back(p.names.Claim(Role::kMaster, ordinal));
    }
  };
  if (const auto* roster = p.Trusted()) {
    for (const auto& master : roster->masters) look(OrdinalOf(p.names, Role::kMaster, master.name));
  } else {
    for (const auto& name : p.memory.initial_members) look(OrdinalOf(p.names, Role::kMaster, name));
    for (const auto& [ordinal, claim] : claims) {
      if (claim.IsMember()) ++kept;
    }
    if (kept > 0) return;                // who answers will say who is a member
  }
  if (lost.empty()) return;
  if (kept == 0) {
    p.Say("DataAtRisk", true, "AllDataLost",
          "no claim carries the data of cluster " + p.memory.cluster_id + " any more; the masters are not started empty. Restore the volumes, or delete "
          "this DMCluster and create it anew");
  } else {
    p.Say("DataAtRisk", true, "VolumeLost",
          base::Join(lost, ", ") + " does not carry the data of its member: the volume was deleted or replaced. The pod waits, it is not started empty until its old membership has been replaced (updatePolicy.failoverPeriod)");
  }
}

}  // namespace dm::op::lifecycle

// RecordMembers: whoever DM lists and whose pod is healthy has its data on its claim; the claim says so from then on. This is
// the memory that outlives the DMCluster, its status and its ConfigMaps.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void RecordMembers(Planning& p) {
  const auto* roster = p.Trusted();
  if (!roster || !p.memory.Known()) return;
  for (const auto& master : roster->masters) {
    const int ordinal = OrdinalOf(p.names, Role::kMaster, master.name);
    const auto claim = p.seen.master.claims.find(ordinal);
    if (ordinal < 0 || claim == p.seen.master.claims.end() || !p.Healthy(master.name)) continue;
    const Claim& its = claim->second;
    if (its.ClusterId() == p.memory.cluster_id && its.MemberId() == master.id && !its.Retired()) continue;
    Annotate change{"PersistentVolumeClaim", its.meta.name, its.meta.uid, {}};
    change.annotations[std::string(annotations::kClusterId)] = p.memory.cluster_id;
    change.annotations[std::string(annotations::kMemberName)] = master.name;
    change.annotations[std::string(annotations::kMemberId)] = master.id;
    if (its.Retired()) change.annotations[std::string(annotations::kRemovedAt)] = std::nullopt;
    p.recorded.insert(ordinal);
    p.records.emplace_back(std::move(change));
  }
}

}  // namespace dm::op::lifecycle

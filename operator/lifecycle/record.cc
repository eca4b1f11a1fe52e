// RecordMembers: what DM says of membership is written where the data lies. Whoever DM lists and whose pod is healthy has its data on its claim, and the claim
// says so; whoever is listed no more is marked as removed. This is the memory that outlives the DMCluster, its status and its ConfigMaps.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

namespace {

// Removed from DM, by us or by somebody else: its data is dead, and must not be started again as it is.
void MarkRemoved(Planning& p, const members::Roster& roster) {
  for (const auto& [ordinal, claim] : p.seen.master.claims) {
    if (!claim.IsMember() || claim.ClusterId() != p.memory.cluster_id || roster.FindMaster(p.Pod(Role::kMaster, ordinal))) continue;
    if (!p.Fresh()) return;
    Annotate change{"PersistentVolumeClaim", claim.meta.name, claim.meta.uid, {}};
    change.annotations[std::string(annotations::kRemovedAt)] = base::FormatRfc3339(p.now.wall);
    p.records.emplace_back(std::move(change));
  }
}

}  // namespace

void RecordMembers(Planning& p) {
  const auto* roster = p.Trusted();
  if (!roster || !p.memory.Known()) return;
  for (const auto& master : roster->masters) {
    const int ordinal = OrdinalOf(p.names, Role::kMaster, master.name);
    const auto claim = p.seen.master.claims.find(ordinal);
    if (ordinal < 0 || claim == p.seen.master.claims.end()) continue;
    const Claim& its = claim->second;
    // Of data that is older than this object and has formed its cluster, DM's word has to do: it is told at this moment only, and a
    // member that is slow to start would be taken for one that has lost its data.
    const bool found = p.memory.reuse && p.memory.existing.contains(ordinal) && its.ClusterId().empty() && !its.meta.BeingDeleted();
    if (!p.Healthy(master.name) && !found) continue;
    // Its health is of the past, and the claim may already be the next one, of the next pod: the two are seen at different times.
    const auto pod = p.seen.master.pods.find(ordinal);
    if (!found && (pod == p.seen.master.pods.end() || pod->second.meta.BeingDeleted())) continue;
    if (its.ClusterId() == p.memory.cluster_id && its.MemberId() == master.id && !its.Retired()) continue;
    // First its line names this claim (this plan sees to that), then the claim its member: at no time is a claim that is lost in
    // between taken for one that was never used.
    if (!LiveLine(p, ordinal).empty() && !p.memory.line_claims.contains(ordinal)) continue;
    Annotate change{"PersistentVolumeClaim", its.meta.name, its.meta.uid, {}};
    change.annotations[std::string(annotations::kClusterId)] = p.memory.cluster_id;
    change.annotations[std::string(annotations::kMemberName)] = master.name;
    change.annotations[std::string(annotations::kMemberId)] = master.id;
    if (its.Retired()) change.annotations[std::string(annotations::kRemovedAt)] = std::nullopt;
    p.recorded.insert(ordinal);
    p.records.emplace_back(std::move(change));
  }
  MarkRemoved(p, *roster);
}

}  // namespace dm::op::lifecycle

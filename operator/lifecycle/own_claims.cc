// OwnClaims: persistentVolumeClaimRetentionPolicy.whenDeleted. With Delete each claim gets the DMCluster as its owner, by UID, and
// Kubernetes' garbage collector deletes it when that very object is gone and no pod uses it; no finalizer of ours has to be waited
// for. With Retain (the default) the claim has no owner. A claim that somebody else owns is left alone.
#include <algorithm>

#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void OwnClaims(Planning& p) {
  if (!p.memory.Known() || p.Busy(Component::kCluster)) return;
  const bool owned = p.want.when_deleted == Retain::kDelete;
  for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
    for (const auto& [ordinal, claim] : p.seen.role(role).claims) {
      if (claim.meta.BeingDeleted()) continue;
      const auto& owners = claim.meta.owners;
      const bool ours = std::any_of(owners.begin(), owners.end(), [&](const auto& o) { return o.uid == p.want.meta.uid; });
      if (ours == owned || owners.size() > (ours ? 1u : 0u)) continue;
      p.moves.emplace_back(OwnClaim{claim.meta.name, claim.meta.uid, claim.meta.resource_version, owned});
    }
  }
}

}  // namespace dm::op::lifecycle

// Claims: the user's data. They grow in place; they are deleted one by one, by UID, and only where the policy says Delete and
// what they belonged to is gone from DM.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

void Grow(Planning& p, Role role) {
  const auto& size = p.want.component(role).storage_size;
  if (!size) return;
  for (const auto& [ordinal, claim] : p.seen.role(role).claims) {
    if (claim.phase != "Bound" || claim.meta.BeingDeleted() || claim.request >= *size) continue;
    if (!claim.storage_class || !p.seen.expandable.contains(*claim.storage_class)) {
      p.WaitFor(ComponentOf(role), "CannotExpand",
                "claim " + claim.meta.name + " has " + claim.request.ToString() + ", " + size->ToString() +
                    " are wanted, and its storage class does not allow expansion");
      continue;
    }
    p.moves.emplace_back(ResizeClaim{claim.meta.name, claim.meta.uid, *size});
  }
}

void DeleteScaledIn(Planning& p, Role role) {
  const auto* roster = p.Trusted();
  if (!roster || !p.memory.Known() || p.plan.suspended) return;
  const int above = std::max(p.Desired(role), p.LiveReplicas(role));
  for (const auto& [ordinal, claim] : p.seen.role(role).claims) {
    if (ordinal < above || p.seen.role(role).pods.contains(ordinal) || claim.meta.BeingDeleted()) continue;
    const std::string pod = p.Pod(role, ordinal);
    if (roster->FindMaster(pod) || roster->FindWorker(pod)) continue;
    // A claim from before this object's time is not ours to delete; a master's must be marked, too.
    if (claim.meta.creation_timestamp < p.want.meta.creation_timestamp) continue;
    if (role == Role::kMaster && !claim.Retired()) continue;
    p.moves.emplace_back(DeleteObject{"PersistentVolumeClaim", claim.meta.name, claim.meta.uid,
                                      "its member was scaled in, and persistentVolumeClaimRetentionPolicy.whenScaled is Delete"});
  }
}

}  // namespace

void Claims(Planning& p) {
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    if (role == Role::kWorker && !p.want.has_worker) continue;
    Grow(p, role);
    if (p.want.when_scaled == Retain::kDelete) DeleteScaledIn(p, role);
  }
}

}  // namespace dm::op::lifecycle

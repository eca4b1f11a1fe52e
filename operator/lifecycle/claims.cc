// Claims: the user's data. They grow in place; they are deleted one by one, by UID, and only where the policy says Delete and
// what they belonged to is gone from DM. What cannot be done is stated once, in a condition: it holds up nothing.
#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

struct Storage {
  std::vector<std::string> cannot, larger, growing;
};

const std::optional<kube::api::Quantity>& SizeOf(const DMCluster& want, Role role) {
  static const std::optional<kube::api::Quantity> none;
  if (role == Role::kMonitor) return want.monitor ? want.monitor->storage_size : none;
  return role == Role::kWorker && !want.has_worker ? none : want.component(role).storage_size;
}

int Wanted(const Planning& p, Role role) {
  if (role == Role::kMonitor) return p.want.monitor ? p.want.monitor->replicas : 0;
  return std::max(p.Desired(role), p.LiveReplicas(role));
}

void Grow(Planning& p, Role role, Storage& storage) {
  const auto& size = SizeOf(p.want, role);
  if (!size) return;
  const std::string wanted = size->ToString();
  for (const auto& [ordinal, claim] : p.seen.role(role).claims) {
    if (ordinal >= Wanted(p, role) || claim.phase != "Bound" || claim.meta.BeingDeleted()) continue;   // the others grow when they are needed
    const std::string& name = claim.meta.name;
    if (claim.request < *size) {
      if (!claim.storage_class || !p.seen.expandable.contains(*claim.storage_class)) {
        storage.cannot.push_back(name + " (" + claim.request.ToString() + ", " + wanted + " wanted)");
        continue;
      }
      p.moves.emplace_back(ResizeClaim{name, claim.meta.uid, *size});
      storage.growing.push_back(name);
    } else if (std::min(claim.request, claim.capacity) > *size) {    // a driver that rounds up gives more than anybody asked for
      storage.larger.push_back(name + " (" + claim.capacity.ToString() + ", " + wanted + " wanted)");
    } else if (claim.capacity < claim.request) {
      storage.growing.push_back(claim.resizing.empty() ? name : name + " (" + claim.resizing + ")");
      if (claim.file_system_since.empty()) continue;
      const auto since = base::ParseRfc3339(claim.file_system_since);   // the pod may have to be replaced for it: Planning::AwaitsMount
      if (since && p.now.wall - *since < kGrowsInUse) p.LookAgain(kGrowsInUse - std::chrono::duration_cast<base::Duration>(p.now.wall - *since));
    }
  }
}

// spec.pvReclaimPolicy, as TiDB Operator 1.x: what becomes of a disk whose claim is deleted, by whomever.
void KeepVolumes(Planning& p, Role role) {
  const std::string& policy = p.want.pv_reclaim_policy;
  if (policy.empty() || !p.memory.Known() || !p.memory.conflict.empty()) return;    // old data that nobody has taken over yet
  for (const auto& [ordinal, claim] : p.seen.role(role).claims) {
    if (claim.phase != "Bound" || claim.volume.empty() || claim.meta.BeingDeleted()) continue;
    if (claim.meta.Annotation(std::string(annotations::kReclaimPolicy)) == policy) continue;
    p.moves.emplace_back(KeepVolume{claim.meta.name, claim.meta.uid, claim.volume, policy});
  }
}

void Tell(Planning& p, const Storage& storage) {
  if (!storage.cannot.empty()) {
    p.Say("StorageAsWanted", false, "CannotExpand", base::Join(storage.cannot, ", ") + ": the storage class does not allow expansion, so the disk stays as it is");
  } else if (!storage.larger.empty()) {
    p.Say("StorageAsWanted", false, "CannotShrink", base::Join(storage.larger, ", ") + ": a claim cannot shrink, so the disk stays as it is");
  } else if (!storage.growing.empty()) {
    p.Say("StorageAsWanted", false, "Growing", "growing " + base::Join(storage.growing, ", "));
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
  Storage storage;
  for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
    Grow(p, role, storage);
    KeepVolumes(p, role);
    if (role == Role::kMonitor || (role == Role::kWorker && !p.want.has_worker)) continue;
    if (p.want.when_scaled == Retain::kDelete) DeleteScaledIn(p, role);
  }
  Tell(p, storage);
}

}  // namespace dm::op::lifecycle

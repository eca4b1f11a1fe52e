// Evictions: DM keeps the flag "may not lead" in the memory of a master and shows it to nobody. What we set stands in the status
// before it is set; a restart of the pod clears it, and what is no longer needed is taken back, before anything else is asked of
// DM: with every master barred there is no leader, and without a leader DM tells and does nothing.
#include <algorithm>

#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

// Nobody leads although masters are healthy, and not for a moment only, as in every change of the leader: whom we barred has to
// lead again. (Somebody else has barred the others.)
bool NobodyLeads(Planning& p) {
  const auto& reads = p.seen.members;
  if (!reads.current || !reads.leaderless_since) return false;
  const auto since = p.now.monotonic - *reads.leaderless_since;
  if (since >= kElectionPatience) return true;
  p.LookAgain(kElectionPatience - since);
  return false;
}

}  // namespace

void CarryIntents(Planning& p) {
  const base::Json* list = base::Find(p.want.status, "intents");
  if (!list || !list->is_array()) return;
  for (const auto& entry : *list) {
    Intent intent{base::GetStringOr(entry, "action"), base::GetStringOr(entry, "pod"), base::GetStringOr(entry, "incarnation")};
    const auto pod = p.seen.master.pods.find(OrdinalOf(p.names, Role::kMaster, intent.pod));
    const auto slash = intent.incarnation.find('/');   // of NoOtherLeader: <UID>/<when>
    if (pod == p.seen.master.pods.end() || pod->second.meta.uid != intent.incarnation.substr(0, slash)) continue;
    if (slash != std::string::npos) {
      const auto since = base::ParseRfc3339(intent.incarnation.substr(slash + 1));
      if (!since || p.now.wall - *since > kLeaderRetry) continue;
    }
    p.plan.intents.push_back(std::move(intent));
  }
}

void Evictions(Planning& p) {
  const auto outdated = p.Outdated(Role::kMaster);
  const auto carried = p.plan.intents;
  for (const Intent& intent : carried) {
    const int ordinal = OrdinalOf(p.names, Role::kMaster, intent.pod);
    const auto& pod = p.seen.master.pods.at(ordinal);
    const bool leaves = ordinal >= p.Desired(Role::kMaster);
    const bool rolls = std::find(outdated.begin(), outdated.end(), ordinal) != outdated.end();
    if (intent.action == kNoOtherLeader) {
      if (!leaves && !rolls) std::erase(p.plan.intents, intent);
      continue;
    }
    if (pod.meta.BeingDeleted() || pod.pod_ip.empty()) continue;   // its end clears the flag as well
    const bool stuck = NobodyLeads(p) && p.Healthy(intent.pod);
    if ((leaves || rolls) && !stuck) continue;
    std::erase(p.plan.intents, intent);
    if (leaves || rolls) {
      p.plan.intents.push_back({std::string(kNoOtherLeader), intent.pod, intent.incarnation + "/" + base::FormatRfc3339(p.now.wall)});
      p.moves.emplace_back(Emit{true, "NoOtherLeader", "no dm-master but " + intent.pod + " may lead; its eviction is taken back"});
    }
    p.member_action = CancelEvict{intent.pod};
    p.WaitFor(Component::kMaster, "CancellingEviction", intent.pod + " may lead again");
    return;
  }
}

}  // namespace dm::op::lifecycle

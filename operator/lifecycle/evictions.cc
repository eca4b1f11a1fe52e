// Evictions: DM keeps the flag "may not lead" in the memory of a master and shows it to nobody. What we set stands in the status
// before it is set; a restart of the pod clears it, and what is no longer needed is taken back.
#include <algorithm>

#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void CarryIntents(Planning& p) {
  const base::Json* list = base::Find(p.want.status, "intents");
  if (!list || !list->is_array()) return;
  for (const auto& entry : *list) {
    Intent intent{base::GetStringOr(entry, "action"), base::GetStringOr(entry, "pod"), base::GetStringOr(entry, "incarnation")};
    const auto pod = p.seen.master.pods.find(OrdinalOf(p.names, Role::kMaster, intent.pod));
    if (intent.action != "EvictLeader" || pod == p.seen.master.pods.end() || pod->second.meta.uid != intent.incarnation) continue;
    p.plan.intents.push_back(std::move(intent));
  }
}

void Evictions(Planning& p) {
  if (p.member_action) return;
  const auto outdated = p.Outdated(Role::kMaster);
  for (const Intent& intent : p.plan.intents) {
    const int ordinal = OrdinalOf(p.names, Role::kMaster, intent.pod);
    const bool leaves = ordinal >= p.Desired(Role::kMaster);
    const bool rolls = std::find(outdated.begin(), outdated.end(), ordinal) != outdated.end();
    const auto& pod = p.seen.master.pods.at(ordinal);   // CarryIntents has seen it, or the eviction is new
    if (leaves || rolls || pod.meta.BeingDeleted() || pod.pod_ip.empty()) continue;   // an end clears the flag as well
    p.member_action = CancelEvict{intent.pod};
    std::erase(p.plan.intents, Intent(intent));
    return;
  }
}

}  // namespace dm::op::lifecycle

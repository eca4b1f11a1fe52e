// UsedForce: a word of dm.pingcap.com/force holds until what it is for is over, or was not there to begin with; then it is
// taken away. What it forced has been applied before that, so a crash in between repeats nothing.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

bool Rolled(const Planning& p) {
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    const Child* set = p.Set(role);
    if (!set) continue;
    if (!ReadSet(*set).observed || !p.Outdated(role).empty()) return false;
  }
  for (const Action& action : p.plan.actions) {
    const auto* apply = std::get_if<Apply>(&action);
    if (apply && base::GetStringOr(apply->object, "kind") == "StatefulSet") return false;   // the roll is about to begin
  }
  return true;
}

bool ScaledIn(const Planning& p) {
  const int desired = p.Desired(Role::kWorker);
  const auto& pods = p.seen.worker.pods;
  return p.LiveReplicas(Role::kWorker) <= desired && (pods.empty() || pods.rbegin()->first < desired);
}

}  // namespace

void UsedForce(Planning& p) {
  if (p.plan.suspended) return;
  if (p.Forced("scale-in") && ScaledIn(p)) p.ConsumeForce("scale-in");
  if (p.Forced("roll") && Rolled(p)) p.ConsumeForce("roll");
}

}  // namespace dm::op::lifecycle

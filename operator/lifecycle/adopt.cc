// Adopt: a cluster that TiDB Operator 1.x runs is left alone until its user asks for more. Its hand shows in the annotation
// that it compares with, and in status fields that only it writes.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

constexpr char kLastApplied[] = "pingcap.com/last-applied-configuration";

std::string SignOfV1(const Planning& p) {
  for (const auto& [key, child] : p.seen.children) {
    if (!child.meta.Annotation(kLastApplied).empty()) return key + " carries the annotation " + kLastApplied;
  }
  // Its StatefulSets are deleted while it suspends a cluster; the status stays.
  for (const char* role : {"master", "worker"}) {
    const base::Json* part = base::Find(p.want.status, role);
    if (part && (base::Find(*part, "statefulSet") || base::Find(*part, "synced"))) {
      return std::string("status.") + role + " was written by TiDB Operator 1.x";
    }
  }
  return {};
}

}  // namespace

void Adopt(Planning& p) {
  const std::string sign = SignOfV1(p);
  if (sign.empty()) return;
  p.stop = true;
  p.plan.hands_off = true;
  if (p.want.meta.Annotation(std::string(annotations::kAdopt)) == "true") {
    p.Say("Adopted", false, "NotYetSupported",
          "this cluster is managed by TiDB Operator 1.x (" + sign + "); this version cannot take it over yet, so nothing of it is changed");
  } else {
    p.Say("Adopted", false, "ManagedByTiDBOperator1",
          "this cluster is managed by TiDB Operator 1.x (" + sign + "), so nothing of it is changed; this version cannot take it over, so leave it "
          "with TiDB Operator 1.x");
  }
}

}  // namespace dm::op::lifecycle

// TlsSwitch: whether members speak TLS with each other is stored in their membership (etcd keeps peer URLs) and cannot change
// pod by pod: half of the masters would not understand the other half. Admission refuses the switch; where it came in without
// being asked, everything is left as it is.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

bool RunsWithTls(const Child& set, const std::string& volume) {
  const base::Json* volumes = base::FindPath(set.object, {"spec", "template", "spec", "volumes"});
  if (!volumes || !volumes->is_array()) return false;
  for (const auto& one : *volumes) {
    if (base::GetStringOr(one, "name") == volume) return true;
  }
  return false;
}

}  // namespace

void TlsSwitch(Planning& p) {
  const Child* set = p.Set(Role::kMaster);
  if (!set || !p.memory.Known()) return;
  const bool runs = RunsWithTls(*set, p.names.ClaimTemplate(Role::kMaster) + "-tls");
  if (runs == p.want.tls) return;
  p.stop = true;
  p.WaitFor(Component::kCluster, "TLSSwitchRefused",
            std::string("this cluster runs ") + (runs ? "with" : "without") + " TLS, and a running cluster cannot be switched; nothing is changed until "
            "spec.tlsCluster.enabled is " + (runs ? "true" : "false") + " again. To switch, export sources and tasks (dmctl config export), create a new "
            "DMCluster and import them there");
}

}  // namespace dm::op::lifecycle

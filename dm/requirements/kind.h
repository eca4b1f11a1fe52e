// Does a node's kind (system, architecture, operating system, network) satisfy the page? Faults as bits, so that
// thousands of nodes are judged without allocating. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "dm/requirements/policy.h"
#include "dm/requirements/report.h"
#include "dm/requirements/view.h"

namespace dm::requirements {

enum class KindFault : unsigned {
  kNotLinux, kArchitecture, kOsUnsupported, kOsUnlisted, kOsUnknown, kNetworkSlow, kNetworkUnknown, kContradictory,
  kCount
};
inline constexpr unsigned kKindFaults = static_cast<unsigned>(KindFault::kCount);
using FaultSet = std::uint16_t;
constexpr FaultSet Bit(KindFault fault) { return static_cast<FaultSet>(1u << static_cast<unsigned>(fault)); }
constexpr bool Has(FaultSet set, KindFault fault) { return (set & Bit(fault)) != 0; }

Rule RuleOf(KindFault fault);
// requirements.md §4, before policy and enforcement. An unknown network is the role's one warning in production.
Severity TableSeverity(KindFault fault, Environment environment);
// The network a role asks of its nodes, in Gb/s.
double NetworkFloor(Role role, Environment environment);

// What is at fault for every role and environment: all but a slow network. Judge keeps it with the node.
FaultSet KindFaults(const NodeView& node);
FaultSet FaultsOf(const NodeView& node, Role role, Environment environment);

// "runs Debian GNU/Linux 12, which is not in the table"
std::string Describe(KindFault fault, const NodeView& node, Role role, Environment environment);

// The effective severity of each fault in one namespace, and which of them disqualify.
struct KindWeights {
  std::array<Severity, kKindFaults> severity{};
  FaultSet denying = 0;

  Severity Of(KindFault fault) const { return severity[static_cast<unsigned>(fault)]; }
  bool Qualifies(FaultSet faults) const { return (faults & denying) == 0; }
};
KindWeights WeighKind(const Policy& policy, const Effective& effective);

// The milder of the enforcement and (the policy's word on the rule, else `table`).
Severity EffectiveSeverity(const Policy& policy, const Effective& effective, Rule rule, Severity table);

}  // namespace dm::requirements

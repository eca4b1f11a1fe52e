#include "dm/requirements/kind.h"

#include <algorithm>
#include <cstdio>

#include "base/strings.h"
#include "dm/requirements/minimums.h"
#include "dm/requirements/registry.h"

namespace dm::requirements {

namespace {

std::string Gigabits(double gbps) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", gbps);
  return text.data();
}

std::string OsText(const OsFacts& os) {
  std::string text = os.name.empty() ? std::string("an operating system it does not name") : os.name;
  if (!os.name.empty() && !os.version.empty()) text += " " + os.version;
  return base::Printable(text, 80);
}

}  // namespace

Rule RuleOf(KindFault fault) {
  switch (fault) {
    case KindFault::kNotLinux: return Rule::kNodeLinux;
    case KindFault::kArchitecture: return Rule::kNodeArchitecture;
    case KindFault::kOsUnsupported:
    case KindFault::kOsUnlisted:
    case KindFault::kOsUnknown: return Rule::kNodeOS;
    case KindFault::kNetworkSlow:
    case KindFault::kNetworkUnknown: return Rule::kNodeNetwork;
    case KindFault::kContradictory:
    case KindFault::kCount: break;
  }
  return Rule::kNodeVerifiable;
}

Severity TableSeverity(KindFault fault, Environment environment) {
  const bool production = environment == Environment::kProduction;
  switch (fault) {
    case KindFault::kNotLinux:
    case KindFault::kArchitecture:
    case KindFault::kOsUnsupported:
    case KindFault::kNetworkSlow: return Severity::kDeny;
    case KindFault::kOsUnlisted:
    case KindFault::kOsUnknown: return production ? Severity::kDeny : Severity::kWarn;
    case KindFault::kNetworkUnknown: return production ? Severity::kWarn : Severity::kInfo;
    case KindFault::kContradictory:
    case KindFault::kCount: break;
  }
  return Severity::kWarn;
}

double NetworkFloor(Role role, Environment environment) {
  return role == Role::kWorker && environment == Environment::kProduction ? 10.0 : 1.0;
}

FaultSet KindFaults(const NodeView& view) {
  const kube::api::Node& node = *view.node;
  unsigned faults = 0;
  const bool linux_node = node.operating_system == "linux";
  if (!linux_node) faults |= Bit(KindFault::kNotLinux);
  if (node.architecture != "amd64") faults |= Bit(KindFault::kArchitecture);
  if (linux_node) {   // what is no Linux has no distribution to look up
    switch (view.os.verdict) {
      case OsVerdict::kSupported: break;
      case OsVerdict::kUnsupported: faults |= Bit(KindFault::kOsUnsupported); break;
      case OsVerdict::kUnlisted: faults |= Bit(KindFault::kOsUnlisted); break;
      case OsVerdict::kUnknown: faults |= Bit(KindFault::kOsUnknown); break;
    }
    if (view.os.contradictory) faults |= Bit(KindFault::kContradictory);
  }
  if (!view.network_gbps) faults |= Bit(KindFault::kNetworkUnknown);
  return static_cast<FaultSet>(faults);
}

FaultSet FaultsOf(const NodeView& view, Role role, Environment environment) {
  const bool slow = view.network_gbps && *view.network_gbps < NetworkFloor(role, environment);
  return slow ? static_cast<FaultSet>(view.kind_faults | Bit(KindFault::kNetworkSlow)) : view.kind_faults;
}

// What the page's table, or else the policy, asks of a system of that name.
static std::string NeededOf(const std::string& name) {
  if (base::StartsWith(name, "Ubuntu")) return "an LTS release of 16.04 or later is needed";
  for (const auto* listed : {"Red Hat", "CentOS", "Oracle"}) {
    if (base::StartsWith(name, listed)) return "7.3 or later is needed";
  }
  return "which is older than the policy admits";
}

std::string Describe(KindFault fault, const NodeView& node, Role role, Environment environment) {
  switch (fault) {
    case KindFault::kNotLinux:
      return node.node->operating_system.empty() ? "does not say that it runs Linux"
                                                 : "runs " + base::Printable(node.node->operating_system, 40) + ", not Linux";
    case KindFault::kArchitecture:
      return node.node->architecture.empty() ? "does not say its architecture, amd64 is needed"
                                             : "is " + base::Printable(node.node->architecture, 40) + ", not amd64";
    case KindFault::kOsUnsupported: return "runs " + OsText(node.os) + ", " + NeededOf(node.os.name);
    case KindFault::kOsUnlisted: return "runs " + OsText(node.os) + ", which is not in the table";
    case KindFault::kOsUnknown:
      return "runs " + OsText(node.os) + (node.os.name.empty() ? "" : ", of which the exact version is unknown");
    case KindFault::kNetworkSlow:
      return "has a network of " + Gigabits(*node.network_gbps) + " Gb/s, " + Gigabits(NetworkFloor(role, environment)) +
             " are needed";
    case KindFault::kNetworkUnknown: {
      const auto label = node.node->meta.labels.find(std::string(annotations::kNodeNetworkGbps));
      if (label == node.node->meta.labels.end()) return "does not say how fast its network is";
      return "has the label " + label->first + "=" + base::Printable(label->second, 63) + ", which is no number of Gb/s such as 10 or 2.5";
    }
    case KindFault::kContradictory:
    case KindFault::kCount: break;
  }
  return "names an operating system that its kernel contradicts (" + base::Printable(node.os.evidence, 160) + ")";
}

KindWeights WeighKind(const Policy& policy, const Effective& effective) {
  KindWeights weights;
  for (unsigned i = 0; i < kKindFaults; ++i) {
    const auto fault = static_cast<KindFault>(i);
    Severity severity = EffectiveSeverity(policy, effective, RuleOf(fault), TableSeverity(fault, effective.environment));
    // What nobody knows does not disqualify, unless the administrator says so of the rule.
    weights.severity[i] = severity;
    if (severity == Severity::kDeny) weights.denying = static_cast<FaultSet>(weights.denying | Bit(fault));
  }
  return weights;
}

Severity EffectiveSeverity(const Policy& policy, const Effective& effective, Rule rule, Severity table) {
  const auto word = policy.rules.find(std::string(RuleName(rule)));
  const Severity own = word == policy.rules.end() ? table : word->second;
  switch (effective.enforcement) {
    case Enforcement::kEnforce: return own;
    case Enforcement::kWarn: return std::min(own, Severity::kWarn);
    case Enforcement::kAudit: return std::min(own, Severity::kInfo);
  }
  return own;
}

}  // namespace dm::requirements

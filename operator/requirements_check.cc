#include "operator/requirements_check.h"

#include <algorithm>

#include "base/strings.h"
#include "dm/requirements/kind.h"
#include "dm/requirements/text.h"

namespace dm::op {
namespace {

using kube::api::Condition;
using requirements::Finding;
using requirements::Severity;

constexpr std::size_t kLongest = 1000;   // bytes of a message that others wrote
constexpr std::size_t kShown = 5;   // findings (or pods) that a condition spells out; the rest is counted

Condition Make(std::string type, std::string status, std::string reason, std::string message) {
  Condition condition;
  condition.type = std::move(type);
  condition.status = std::move(status);
  condition.reason = std::move(reason);
  condition.message = std::move(message);
  return condition;
}

std::string Listed(const std::vector<std::string>& texts) {
  std::vector<std::string> shown(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(std::min(texts.size(), kShown)));
  std::string text = base::Join(shown, "; ");
  if (texts.size() > kShown) text += "; and " + std::to_string(texts.size() - kShown) + " more";
  return text;
}

Condition Met(const requirements::Report& report) {
  std::vector<std::string> denied, warned;
  std::string worst;
  for (const Finding& finding : report.findings) {
    if (finding.severity < Severity::kWarn) continue;
    if (worst.empty()) worst = std::string(RuleName(finding.rule));   // the report begins with the gravest
    (finding.severity == Severity::kDeny ? denied : warned).push_back(finding.field + ": " + requirements::SteadyText(finding));
  }
  std::string unchecked;
  if (!report.not_checked.empty()) unchecked = "; not checked: " + std::to_string(report.not_checked.size()) + " rules";
  const std::string environment(EnvironmentName(report.effective.environment));
  if (!denied.empty()) {
    return Make("RequirementsMet", "False", worst,
                std::to_string(denied.size()) + " requirements of " + environment + " are not met: " + Listed(denied) + unchecked);
  }
  if (!warned.empty()) {
    return Make("RequirementsMet", "True", worst, "the requirements of " + environment + " are met, with warnings: " + Listed(warned) + unchecked);
  }
  return Make("RequirementsMet", "True", "Met", "the requirements of " + environment + " are met" + unchecked);
}

const requirements::NodeView* NodeNamed(const requirements::ClusterView& view, const std::string& name) {
  const auto it = std::lower_bound(view.nodes.begin(), view.nodes.end(), name,
                                   [](const auto& node, const std::string& wanted) { return node->node->meta.name < wanted; });
  return it == view.nodes.end() || (*it)->node->meta.name != name ? nullptr : it->get();
}

Condition Qualified(const requirements::Subject& subject, const lifecycle::Observed& seen, const requirements::ClusterView& view,
                    const requirements::Policy& policy) {
  if (!view.nodes_known) return Make("NodesQualified", "Unknown", "NotChecked", "the nodes are not known yet");
  const auto weights = requirements::WeighKind(policy, subject.effective);
  std::vector<std::string> bad;
  int standing = 0;
  for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
    for (const auto& [ordinal, pod] : seen.role(role).pods) {
      const auto* node = pod.node_name.empty() ? nullptr : NodeNamed(view, pod.node_name);
      if (node == nullptr) continue;
      ++standing;
      const auto faults = requirements::FaultsOf(*node, role, subject.effective.environment);
      if (weights.Qualifies(faults)) continue;
      for (unsigned i = 0; i < requirements::kKindFaults; ++i) {
        const auto fault = static_cast<requirements::KindFault>(i);
        if (!Has(faults, fault) || (weights.denying & Bit(fault)) == 0) continue;
        bad.push_back(pod.meta.name + " stands on " + pod.node_name + ", which " +
                      requirements::Describe(fault, *node, role, subject.effective.environment));
        break;
      }
    }
  }
  if (!bad.empty()) return Make("NodesQualified", "False", "NodesDoNotQualify", Listed(bad));
  if (standing == 0) return Make("NodesQualified", "Unknown", "NoPods", "no pod stands on a node yet");
  return Make("NodesQualified", "True", "Qualified", "every node that carries a pod of this cluster qualifies");
}

}  // namespace

requirements::Policy Unsoftened(requirements::Policy policy) {
  for (auto& ns : policy.namespaces) {
    if (ns.enforcement) ns.enforcement = requirements::Enforcement::kEnforce;
  }
  return policy;
}

RequirementsCheck CheckRequirements(const requirements::Subject& subject, const lifecycle::Observed& seen,
                                    const requirements::ClusterView& view, const requirements::Policy& policy) {
  RequirementsCheck check;
  const auto report = requirements::Evaluate(subject, nullptr, view, policy);
  check.conditions = {Met(report), Qualified(subject, seen, view, policy)};
  for (const Finding& finding : report.findings) {
    ++check.counts[{std::string(RuleName(finding.rule)), std::string(SeverityName(finding.severity))}];
  }
  return check;
}

std::optional<Condition> PolicyRefused(const std::string& error) {
  if (error.empty()) return std::nullopt;
  return Make("PolicyCurrent", "False", "PolicyRefused",
              base::Printable("the newest policy is refused, and the last good one stays in force: " + error, kLongest));
}

std::vector<Telling> WhatChanged(const std::vector<Condition>& before, const std::vector<Condition>& now) {
  std::vector<Telling> out;
  for (const Condition& condition : now) {
    const Condition* old = kube::api::FindCondition(before, condition.type);
    const bool bad = condition.status == "False";
    if (old && old->status == condition.status && (old->message == condition.message || !bad)) continue;
    if (bad && condition.type == "PolicyCurrent") {
      out.push_back({true, "PolicyRefused", condition.message});
      continue;
    }
    if (bad) out.push_back({true, condition.type == "NodesQualified" ? "NodesDoNotQualify" : "RequirementsNotMet", condition.message});
    if (!bad && old && old->status == "False" && condition.status == "True") {
      out.push_back({false, condition.type == "NodesQualified" ? "NodesQualify" : "RequirementsMet", condition.message});
    }
  }
  return out;
}

}  // namespace dm::op

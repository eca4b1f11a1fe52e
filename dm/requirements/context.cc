#include "dm/requirements/context.h"

#include <algorithm>
#include <tuple>

#include "dm/requirements/capacity.h"
#include "dm/requirements/growth.h"
#include "dm/requirements/registry.h"

namespace dm::requirements {

namespace {

std::size_t Index(Role role) { return static_cast<std::size_t>(role); }

}  // namespace

Context::Context(const Subject& subject, const Subject* previous, const ClusterView& cluster_view, const Policy& the_policy)
    : now(subject), before(previous), view(cluster_view), policy(the_policy) {
  report_.effective = subject.effective;
}

Severity Context::TableSeverity(Rule rule) const {
  return DefaultSeverity(Row(rule), policy.rule_set, environment());
}

Severity Context::SeverityOf(Rule rule, Severity table) const {
  return EffectiveSeverity(policy, now.effective, rule, table);
}

Severity Context::SeverityOf(Rule rule) const { return SeverityOf(rule, TableSeverity(rule)); }

const RoleNodes& Context::Nodes(Role role) {
  auto& survey = nodes_[Index(role)];
  if (!survey) {
    if (!groups_) groups_ = GroupsOf(view);
    survey = SurveyNodes(Pods(role), cluster().meta.ns, view, groups_, policy, now.effective, WeighKind(policy, now.effective));
  }
  return *survey;
}

bool Context::KindShort(Role role) {
  auto& known = kind_short_[Index(role)];
  if (!known) known = requirements::KindShort(Nodes(role));
  return *known;
}

const StorageChoice& Context::Storage(Role role) {
  auto& choice = storage_[Index(role)];
  if (!choice) choice = ChooseStorage(Pods(role), view, policy);
  return *choice;
}

bool Context::JudgesNodes(Role role) const {
  const desired::RolePods* pods = Pods(role);
  if (pods == nullptr || pods->replicas <= 0) return false;
  return before == nullptr || NeedsGrew(role, now, *before);
}

void Context::Add(Rule rule, Finding finding, Severity table) {
  finding.rule = rule;
  finding.severity = SeverityOf(rule, table);
  if (finding.severity != Severity::kOff) report_.findings.push_back(std::move(finding));
}

void Context::AddInfo(Rule rule, Finding finding) {
  if (SeverityOf(rule) == Severity::kOff) return;
  finding.rule = rule;
  finding.severity = Severity::kInfo;
  report_.findings.push_back(std::move(finding));
}

void Context::NotCheck(Rule rule, std::string why, Severity table) {
  const bool off = SeverityOf(rule, table) == Severity::kOff;
  const bool known = std::any_of(report_.not_checked.begin(), report_.not_checked.end(),
                                 [&](const NotChecked& entry) { return entry.rule == rule; });
  if (!off && !known) report_.not_checked.push_back(NotChecked{rule, std::move(why)});
}

void Context::Note(std::string text) { report_.notes.push_back(std::move(text)); }

Report Context::Take() {
  std::stable_sort(report_.findings.begin(), report_.findings.end(), [](const Finding& a, const Finding& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    return std::tie(a.rule, a.role, a.key, a.field) < std::tie(b.rule, b.role, b.key, b.field);
  });
  std::stable_sort(report_.not_checked.begin(), report_.not_checked.end(),
                   [](const NotChecked& a, const NotChecked& b) { return a.rule < b.rule; });
  return std::move(report_);
}

}  // namespace dm::requirements

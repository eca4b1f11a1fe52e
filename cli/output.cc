#include "cli/output.h"

#include <algorithm>
#include <map>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "dm/requirements/text.h"

namespace dm::cli {

namespace {

using base::Json;
using requirements::Finding;
using requirements::Severity;

std::string ProblemText(const FieldProblem& problem) {
  if (problem.required) return "Required value: " + problem.message;
  if (problem.value.empty()) return "Invalid value: " + problem.message;
  return "Invalid value: \"" + base::Printable(problem.value, 200) + "\": " + problem.message;
}

std::string UnknownText(const FieldProblem& problem) {
  return "unknown field \"" + base::Printable(problem.field, 200) + "\"" + (problem.message.empty() ? "" : ": " + problem.message);
}

struct Lines {
  std::vector<std::string> denials, warnings, infos;
};

Lines LinesOf(const Outcome& outcome) {
  Lines lines;
  const auto line = [](const Finding& finding) { return finding.field + ": " + requirements::LongText(finding); };
  for (const auto& problem : outcome.problems.denials) lines.denials.push_back(problem.field + ": " + ProblemText(problem));
  for (const auto& finding : outcome.review.verdict.denials) lines.denials.push_back(line(finding));
  if (!outcome.refused.empty()) lines.denials.push_back("the API server refuses it: " + outcome.refused);
  for (const auto& problem : outcome.problems.warnings) lines.warnings.push_back(problem.field + ": " + ProblemText(problem) + " (as before)");
  for (const auto& problem : outcome.problems.unknown) lines.warnings.push_back(UnknownText(problem));
  for (const auto& finding : outcome.review.verdict.warnings) lines.warnings.push_back(line(finding));
  for (const auto& finding : outcome.review.report.findings) {
    if (finding.severity == Severity::kInfo) lines.infos.push_back(line(finding));
  }
  for (const auto& note : outcome.review.report.notes) lines.infos.push_back(note);
  return lines;
}

void PrintOne(const Outcome& outcome, const Lines& lines, std::ostream& out) {
  const auto& effective = outcome.review.report.effective;
  out << outcome.item.Where() << ": DMCluster " << (outcome.ns.empty() ? "" : outcome.ns + "/") << outcome.name << ": "
      << (outcome.Denied() ? "denied" : "allowed");
  if (outcome.review.skipped) {
    out << " (nothing to judge: the spec is unchanged, or the object is being deleted)\n";
  } else {
    out << " (judged as " << EnvironmentName(effective.environment) << ": " << effective.why << ")\n";
  }
  if (!lines.denials.empty()) {
    out << "The DMCluster \"" << outcome.name << "\" is invalid:";
    if (lines.denials.size() == 1) {
      out << " " << lines.denials[0] << "\n";
    } else {
      out << "\n";
      for (const auto& text : lines.denials) out << "* " << text << "\n";
    }
  }
  for (const auto& text : lines.warnings) out << "Warning: " << text << "\n";
  for (const auto& text : lines.infos) out << "Info: " << text << "\n";
}

std::string Count(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

// The rules that were not checked for at least one object, by reason.
std::map<std::string, std::vector<std::string>> NotChecked(const Checked& checked, std::size_t& rules) {
  std::map<std::string, std::string> reason;
  std::vector<std::string> order;
  for (const Outcome& outcome : checked.outcomes) {
    for (const auto& entry : outcome.review.report.not_checked) {
      const std::string name(requirements::RuleName(entry.rule));
      if (reason.emplace(name, entry.why).second) order.push_back(name);
    }
  }
  rules = order.size();
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const std::string& name : order) by_reason[reason[name]].push_back(name);
  return by_reason;
}

Json FindingsOf(const Outcome& outcome) {
  Json findings = Json::array();
  for (const auto& problem : outcome.problems.denials) findings.push_back(FindingJson(problem, "deny"));
  for (const auto& finding : outcome.review.verdict.denials) findings.push_back(FindingJson(finding));
  if (!outcome.refused.empty()) {
    findings.push_back({{"rule", "ServerDryRun"}, {"severity", "deny"}, {"field", ""}, {"found", ""}, {"required", ""},
                        {"message", outcome.refused}, {"remedy", ""}, {"subjects", Json::array()}});
  }
  for (const auto& problem : outcome.problems.warnings) findings.push_back(FindingJson(problem, "warn"));
  for (FieldProblem problem : outcome.problems.unknown) {
    problem.message = UnknownText(problem);
    findings.push_back(FindingJson(problem, "warn"));
  }
  for (const auto& finding : outcome.review.verdict.warnings) findings.push_back(FindingJson(finding));
  for (const auto& finding : outcome.review.report.findings) {
    if (finding.severity == Severity::kInfo) findings.push_back(FindingJson(finding));
  }
  return findings;
}

}  // namespace

base::Json FindingJson(const Finding& finding) {
  return {{"rule", requirements::RuleName(finding.rule)},
          {"severity", requirements::SeverityName(finding.severity)},
          {"field", finding.field},
          {"found", finding.found},
          {"required", finding.required},
          {"message", finding.message + finding.moment},
          {"remedy", finding.remedy},
          {"subjects", finding.subjects}};
}

base::Json FindingJson(const FieldProblem& problem, const char* severity) {
  return {{"rule", "Schema"},          {"severity", severity},         {"field", problem.field}, {"found", problem.value},
          {"required", problem.required ? "a value" : ""}, {"message", problem.message}, {"remedy", ""}, {"subjects", Json::array()}};
}

void PrintText(const Checked& checked, std::ostream& out) {
  std::size_t denied = 0, warnings = 0, infos = 0;
  for (const Outcome& outcome : checked.outcomes) {
    const Lines lines = LinesOf(outcome);
    PrintOne(outcome, lines, out);
    denied += outcome.Denied() ? 1u : 0u;
    warnings += lines.warnings.size();
    infos += lines.infos.size();
  }
  const std::size_t all = checked.outcomes.size();
  out << Count(all, "DMCluster") << " checked: " << all - denied << " allowed, " << denied << " denied; " << Count(warnings, "warning")
      << ", " << infos << " for information";
  if (checked.skipped > 0) out << "; " << Count(static_cast<std::size_t>(checked.skipped), "other object") << " skipped";
  out << ".\n";
  std::size_t rules = 0;
  const auto by_reason = NotChecked(checked, rules);
  if (rules == 0) return;
  out << Count(rules, "rule") << " not checked:\n";
  for (const auto& [why, names] : by_reason) out << "- " << base::Join(names, ", ") << ": " << why << "\n";
}

void PrintJson(const Checked& checked, std::ostream& out) {
  Json list = Json::array();
  for (const Outcome& outcome : checked.outcomes) {
    Json not_checked = Json::array();
    for (const auto& entry : outcome.review.report.not_checked) {
      not_checked.push_back({{"rule", requirements::RuleName(entry.rule)}, {"why", entry.why}});
    }
    list.push_back({{"object",
                     {{"namespace", outcome.ns}, {"name", outcome.name}, {"source", outcome.item.source}, {"line", outcome.item.line}}},
                    {"verdict", outcome.Denied() ? "denied" : "allowed"},
                    {"findings", FindingsOf(outcome)},
                    {"notChecked", std::move(not_checked)}});
  }
  out << base::DumpJson(list, 2) << "\n";
}

}  // namespace dm::cli

// The names of rules: stable words that appear in causes, metrics, docs and policy.
#include "dm/requirements/report.h"

#include "dm/requirements/registry.h"

namespace dm::requirements {

std::string_view RuleName(Rule rule) { return Row(rule).name; }

std::optional<Rule> RuleFromName(std::string_view name) {
  for (const RuleRow& row : Registry()) {
    if (row.name == name) return row.rule;
  }
  return std::nullopt;
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kOff: return "off";
    case Severity::kInfo: return "info";
    case Severity::kWarn: return "warn";
    case Severity::kDeny: return "deny";
  }
  return "off";
}

std::string_view GradeName(DiskGrade grade) {
  switch (grade) {
    case DiskGrade::kObject: return "object";
    case DiskGrade::kNetworkFs: return "network-fs";
    case DiskGrade::kHddCold: return "hdd-cold";
    case DiskGrade::kHdd: return "hdd";
    case DiskGrade::kSsd: return "ssd";
    case DiskGrade::kNvme: return "nvme";
    case DiskGrade::kUnknown: return "unknown";
  }
  return "unknown";
}

}  // namespace dm::requirements

// The ratchet, here and nowhere else: what the object had before and does not make worse is a warning.
#include <algorithm>
#include <map>

#include "dm/requirements/evaluate.h"

namespace dm::requirements {

Verdict Judge(const Report& now, const Report* before) {
  std::map<std::string, Shortfall> had;      // the largest of each key that was a denial before
  if (before != nullptr) {
    for (const Finding& finding : before->findings) {
      if (finding.severity != Severity::kDeny) continue;
      auto [entry, fresh] = had.emplace(finding.RatchetKey(), finding.shortfall);
      if (!fresh) entry->second = std::max(entry->second, finding.shortfall);
    }
  }
  Verdict verdict;
  std::vector<Finding> mild;
  for (const Finding& finding : now.findings) {
    if (finding.severity == Severity::kWarn) mild.push_back(finding);
    if (finding.severity != Severity::kDeny) continue;
    const auto old = had.find(finding.RatchetKey());
    if (old != had.end() && finding.shortfall <= old->second) {
      Finding tolerated = finding;
      tolerated.severity = Severity::kWarn;
      tolerated.tolerated = true;
      verdict.warnings.push_back(std::move(tolerated));
    } else {
      verdict.denials.push_back(finding);
    }
  }
  verdict.warnings.insert(verdict.warnings.end(), mild.begin(), mild.end());
  verdict.allowed = verdict.denials.empty();
  verdict.not_checked = now.not_checked;
  return verdict;
}

}  // namespace dm::requirements

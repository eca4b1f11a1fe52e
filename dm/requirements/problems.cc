#include "dm/requirements/problems.h"

#include <algorithm>
#include <string>

#include "base/strings.h"

namespace dm::requirements {
namespace {

// One field lies in the other, or they are the same.
bool Touches(const std::string& a, const std::string& b) {
  const std::string& shorter = a.size() <= b.size() ? a : b;
  const std::string& longer = a.size() <= b.size() ? b : a;
  if (!base::StartsWith(longer, shorter)) return false;
  return longer.size() == shorter.size() || longer[shorter.size()] == '.' || longer[shorter.size()] == '[';
}

bool AnyTouches(const std::vector<FieldProblem>& problems, const Finding& finding) {
  return std::any_of(problems.begin(), problems.end(), [&](const FieldProblem& problem) { return Touches(problem.field, finding.field); });
}

}  // namespace

Problems SplitProblems(const Decoded& now, const Decoded* before) {
  Problems split;
  split.unknown = now.unknown;
  for (const FieldProblem& problem : now.problems) {
    const bool stored = before != nullptr && std::any_of(before->problems.begin(), before->problems.end(), [&](const FieldProblem& old) {
      return old.field == problem.field && old.value == problem.value && old.required == problem.required;
    });
    (stored ? split.warnings : split.denials).push_back(problem);
  }
  return split;
}

bool Unreadable(const Problems& problems, const Finding& finding) {
  return AnyTouches(problems.denials, finding) || AnyTouches(problems.warnings, finding);
}

void DropUnreadable(const Problems& problems, Verdict& verdict) {
  std::erase_if(verdict.denials, [&](const Finding& finding) { return AnyTouches(problems.denials, finding); });
  std::erase_if(verdict.warnings, [&](const Finding& finding) { return Unreadable(problems, finding); });
  verdict.allowed = verdict.denials.empty();
}

}  // namespace dm::requirements

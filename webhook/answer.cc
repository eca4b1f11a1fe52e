#include "webhook/answer.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "dm/requirements/kind.h"
#include "dm/requirements/text.h"
#include "webhook/warnings.h"

namespace dm::webhook {
namespace {

using requirements::Finding;
using requirements::Problems;
using requirements::Severity;
using requirements::Verdict;

constexpr std::size_t kMostCauses = 50;
constexpr std::size_t kLongestCause = 1024;   // characters

std::string ProblemText(const FieldProblem& problem) {
  if (problem.required) return "Required value: " + problem.message;
  return "Invalid value: \"" + base::Printable(problem.value, 100) + "\": " + problem.message;
}

Cause CauseOf(const FieldProblem& problem) {
  return {problem.required ? "FieldValueRequired" : "FieldValueInvalid", CleanLine(problem.field, kLongestCause),
          CleanLine(ProblemText(problem), kLongestCause)};
}

Cause CauseOf(const Finding& finding) {
  return {std::string(requirements::CauseType(finding)),
          CleanLine(finding.field.empty() ? "spec" : finding.field, kLongestCause),   // kubectl drops a cause without a field
          CleanLine(requirements::LongText(finding), kLongestCause)};
}

std::string NamesOf(const std::vector<Finding>& findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) {
    std::string name(requirements::RuleName(finding.rule));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return base::Join(names, ",");
}

std::string NotCheckedText(const std::vector<requirements::NotChecked>& left) {
  std::vector<std::string> names;
  for (const auto& one : left) {
    std::string name(requirements::RuleName(one.rule));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return std::to_string(names.size()) + (names.size() == 1 ? " rule was" : " rules were") + " not checked: " +
         base::Join(names, ", ") + " (" + left.front().why + ")";
}

bool OfUnknownNetwork(const Finding& finding) {
  return finding.rule == requirements::Rule::kNodeNetwork && !finding.tolerated && finding.severity == Severity::kWarn &&
         finding.key == std::to_string(static_cast<unsigned>(requirements::KindFault::kNetworkUnknown));
}

// That nobody knows how fast the network is holds on most clusters, at every apply: one line says it, not one a role and
// another for the rule that was not checked. The role with the most such nodes speaks for all.
std::string UnknownNetworkText(const std::vector<Finding>& findings) {
  const Finding* most = nullptr;
  std::vector<std::string> fields;
  for (const Finding& finding : findings) {
    if (!OfUnknownNetwork(finding)) continue;
    fields.push_back(finding.field);
    if (most == nullptr || finding.shortfall > most->shortfall) most = &finding;
  }
  if (most == nullptr) return {};
  return "NodeNetwork: not checked for " + base::Join(fields, ", ") + ": " + most->message + ": " + most->remedy;
}

std::vector<std::string> WarningTexts(const Problems& problems, const std::vector<Finding>& findings,
                                      std::vector<requirements::NotChecked> not_checked) {
  std::vector<std::string> texts;
  for (const FieldProblem& problem : problems.warnings) texts.push_back(problem.field + ": " + ProblemText(problem));
  const std::string network = UnknownNetworkText(findings);
  bool told = network.empty();
  for (const Finding& finding : findings) {
    if (!OfUnknownNetwork(finding)) {
      texts.push_back(requirements::ShortText(finding));
    } else if (!std::exchange(told, true)) {
      texts.push_back(network);
    }
  }
  if (!network.empty()) std::erase_if(not_checked, [](const auto& left) { return left.rule == requirements::Rule::kNodeNetwork; });
  for (const FieldProblem& key : problems.unknown) {
    texts.push_back("unknown field \"" + key.field + "\"" + (key.message.empty() ? "" : ": " + key.message));
  }
  if (!not_checked.empty()) texts.push_back(NotCheckedText(not_checked));
  return texts;
}

// As the API server words it: several causes in brackets, one without.
std::string Headline(const Review& review, const std::vector<Cause>& causes) {
  std::string text = review.kind + "." + review.group + " \"" + review.name + "\" is invalid: ";
  if (causes.size() == 1) return text + causes[0].field + ": " + causes[0].message;
  text += "[";
  for (std::size_t i = 0; i < causes.size(); ++i) text += (i ? ", " : "") + causes[i].field + ": " + causes[i].message;
  return text + "]";
}

void Limit(std::vector<Cause>& causes) {
  if (causes.size() <= kMostCauses) return;
  const std::size_t more = causes.size() - kMostCauses + 1;
  causes.resize(kMostCauses - 1);
  causes.push_back({"FieldValueInvalid", "spec", std::to_string(more) + " more findings: see all with kubectl dm check"});
}

}  // namespace

Reply Answer(const Review& review, Verdict verdict, const Problems& problems, const requirements::Effective& effective) {
  requirements::DropUnreadable(problems, verdict);
  const std::vector<Finding>& denials = verdict.denials;
  std::vector<Finding>& warnings = verdict.warnings;
  // Information is for the CLI and the status; it would only teach people to skip warnings.
  std::erase_if(warnings, [](const Finding& finding) { return finding.severity < Severity::kWarn; });

  Reply reply;
  reply.uid = review.uid;
  reply.allowed = denials.empty() && problems.denials.empty();
  reply.warnings = FitWarnings(WarningTexts(problems, warnings, verdict.not_checked));
  reply.audit["environment"] = std::string(EnvironmentName(effective.environment));
  if (!warnings.empty()) reply.audit["warned"] = NamesOf(warnings);
  if (reply.allowed) return reply;

  for (const FieldProblem& problem : problems.denials) reply.causes.push_back(CauseOf(problem));
  for (const Finding& finding : denials) reply.causes.push_back(CauseOf(finding));
  Limit(reply.causes);
  reply.code = 422;
  reply.reason = "Invalid";
  reply.details = Details{review.group, review.kind, review.name, review.object_uid};
  reply.message = Headline(review, reply.causes);
  std::string denied = NamesOf(denials);
  if (!problems.denials.empty()) denied += std::string(denied.empty() ? "" : ",") + "Decode";
  reply.audit["denied"] = denied;
  return reply;
}

}  // namespace dm::webhook

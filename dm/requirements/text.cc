#include "dm/requirements/text.h"

#include "base/strings.h"

namespace dm::requirements {

namespace {

constexpr std::size_t kShort = 256;      // characters; the API server cuts there
constexpr std::size_t kLong = 1500;      // bytes of one cause

// No control characters: a newline would lose a warning silently.
std::string Clean(std::string_view text, std::size_t max_bytes) { return base::Printable(text, max_bytes); }

// At most `most` characters, cut between characters.
std::string Cut(std::string text, std::size_t most) {
  std::size_t characters = 0;
  std::size_t at = 0;
  std::size_t keep = 0;           // where most - 1 characters end, to leave room for the ellipsis
  while (at < text.size()) {
    if (characters == most - 1) keep = at;
    if (characters == most) {
      text.resize(keep);
      return text + "…";
    }
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    ++characters;
  }
  return text;
}

// The API's own words for what is refused; a hint does not begin with "Invalid".
std::string Head(const Finding& finding) {
  const std::string value = finding.number || finding.shape != Shape::kInvalid ? finding.found : "\"" + finding.found + "\"";
  if (finding.severity != Severity::kDeny) {
    if (finding.shape == Shape::kRequired) return "not set: ";
    return finding.shape == Shape::kInvalid && !finding.found.empty() ? value + ": " : "";
  }
  switch (finding.shape) {
    case Shape::kRequired: return "Required value: ";
    case Shape::kForbidden: return "Forbidden: ";
    case Shape::kInvalid: break;
  }
  return "Invalid value: " + value + ": ";
}

}  // namespace

std::string_view CauseType(const Finding& finding) {
  switch (finding.shape) {
    case Shape::kRequired: return "FieldValueRequired";
    case Shape::kForbidden: return "FieldValueForbidden";
    case Shape::kInvalid: break;
  }
  return "FieldValueInvalid";
}

namespace {

std::string Long(const Finding& finding, const std::string& message) {
  std::string text = Head(finding) + message + " (" + std::string(RuleName(finding.rule)) + ")";
  if (!finding.remedy.empty()) text += ": " + finding.remedy;
  if (finding.tolerated) text += " (it was so before, so this change is not refused for it)";
  return Clean(text, kLong);
}

}  // namespace

std::string LongText(const Finding& finding) { return Long(finding, finding.message + finding.moment); }

std::string SteadyText(const Finding& finding) { return Long(finding, finding.message); }

std::string ShortText(const Finding& finding) {
  std::string text = std::string(RuleName(finding.rule)) + ": ";
  if (finding.shape == Shape::kForbidden) {
    text += finding.field + ": " + finding.message + finding.moment;
  } else {
    text += finding.field + (finding.shape == Shape::kRequired || finding.found.empty() ? " is not set" : " is " + finding.found);
    if (!finding.required.empty()) text += ", needs " + finding.required;
  }
  if (finding.tolerated) text += " (as before)";
  return Cut(Clean(text, 4 * kShort), kShort);
}

}  // namespace dm::requirements

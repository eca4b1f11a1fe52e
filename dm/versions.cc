#include "dm/versions.h"

#include <array>
#include <utility>

#include "base/strings.h"

namespace dm {
namespace {

std::optional<int> Number(std::string_view text) {
  if (text.empty() || text.size() > 6) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

constexpr std::array<std::string_view, 3> kStages = {"alpha", "beta", "rc"};

// Where a version stands among those of the same numbers: the stage (the release and its builds are the last), then its number.
std::pair<std::size_t, int> Standing(const std::string& suffix) {
  const std::string folded = base::ToLower(suffix);
  for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
    if (!base::StartsWith(folded, kStages[stage])) continue;
    std::string_view rest = std::string_view(folded).substr(kStages[stage].size());
    if (!rest.empty() && rest.front() == '.') rest.remove_prefix(1);
    return {stage, Number(rest.substr(0, rest.find_first_not_of("0123456789"))).value_or(0)};
  }
  return {kStages.size(), 0};
}

}  // namespace

std::optional<Version> ParseVersion(std::string_view tag) {
  if (!tag.empty() && (tag.front() == 'v' || tag.front() == 'V')) tag.remove_prefix(1);
  Version version;
  const std::size_t dash = tag.find('-');
  if (dash != std::string_view::npos) {
    version.suffix = std::string(tag.substr(dash + 1));
    if (version.suffix.empty()) return std::nullopt;
  }
  const auto parts = base::Split(tag.substr(0, dash), '.');
  if (parts.size() != 3) return std::nullopt;
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::optional<int> number = Number(parts[i]);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  version.major = numbers[0];
  version.minor = numbers[1];
  version.patch = numbers[2];
  return version;
}

std::weak_ordering Version::operator<=>(const Version& other) const {
  if (const auto order = major <=> other.major; order != 0) return order;
  if (const auto order = minor <=> other.minor; order != 0) return order;
  if (const auto order = patch <=> other.patch; order != 0) return order;
  return Standing(suffix) <=> Standing(other.suffix);
}

std::string Version::ToString() const {
  std::string text = "v" + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  if (!suffix.empty()) text += "-" + suffix;
  return text;
}

}  // namespace dm

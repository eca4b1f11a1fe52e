#include "dm/versions.h"

#include <array>

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

// -1: before the release of the same numbers, 0: the release, 1: a build made from it later.
int Rank(const std::string& suffix) {
  if (suffix.empty()) return 0;
  return suffix[0] >= '0' && suffix[0] <= '9' ? 1 : -1;
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

std::strong_ordering Version::operator<=>(const Version& other) const {
  if (const auto order = major <=> other.major; order != 0) return order;
  if (const auto order = minor <=> other.minor; order != 0) return order;
  if (const auto order = patch <=> other.patch; order != 0) return order;
  if (const auto order = Rank(suffix) <=> Rank(other.suffix); order != 0) return order;
  return suffix.compare(other.suffix) <=> 0;
}

std::string Version::ToString() const {
  std::string text = "v" + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  if (!suffix.empty()) text += "-" + suffix;
  return text;
}

}  // namespace dm

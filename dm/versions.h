// Versions of DM as image tags spell them: v8.5.7, 8.5.7, v8.5.7-alpha, v8.5.3-20251013-2c9a781. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace dm {

struct Version {
  int major = 0, minor = 0, patch = 0;
  std::string suffix;      // what follows the first "-", as "alpha" or "20251013-2c9a781"; empty for a release

  // An alpha, beta or rc comes before its release, in this order and by their numbers. Builds of one release (a hotfix, another
  // base system) are equivalent to it: what they store is the same.
  std::weak_ordering operator<=>(const Version& other) const;
  bool operator==(const Version& other) const { return (*this <=> other) == std::weak_ordering::equivalent; }
  std::string ToString() const;   // v8.5.7-alpha
};

// nullopt for a tag that says no version ("latest", "nightly", "v8.5"). A build suffix ("+…", "_arm64") is no version either.
std::optional<Version> ParseVersion(std::string_view tag);

// The oldest DM whose API has what safe moves need.
inline constexpr int kOldestMajor = 6, kOldestMinor = 1;
inline bool IsSupported(const Version& version) {
  return version.major > kOldestMajor || (version.major == kOldestMajor && version.minor >= kOldestMinor);
}

}  // namespace dm

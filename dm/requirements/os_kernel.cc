#include "dm/requirements/os_kernel.h"

#include <array>
#include <cstdint>

#include "base/strings.h"

namespace dm::requirements {

namespace {

struct Base {
  int major, minor;
  std::string_view version;   // of the kernel
  int build;                  // the first that shipped with this minor
};

// Two independent tables agree on el7; 8.x to 10.x are Oracle's kernel version matrices, 9.8 and 10.2 kernel strings.
constexpr Base kBases[] = {
    {7, 0, "3.10.0", 123},  {7, 1, "3.10.0", 229},  {7, 2, "3.10.0", 327},  {7, 3, "3.10.0", 514},
    {7, 4, "3.10.0", 693},  {7, 5, "3.10.0", 862},  {7, 6, "3.10.0", 957},  {7, 7, "3.10.0", 1062},
    {7, 8, "3.10.0", 1127}, {7, 9, "3.10.0", 1160}, {8, 0, "4.18.0", 80},   {8, 1, "4.18.0", 147},
    {8, 2, "4.18.0", 193},  {8, 3, "4.18.0", 240},  {8, 4, "4.18.0", 305},  {8, 5, "4.18.0", 348},
    {8, 6, "4.18.0", 372},  {8, 7, "4.18.0", 425},  {8, 8, "4.18.0", 477},  {8, 9, "4.18.0", 513},
    {8, 10, "4.18.0", 544}, {9, 0, "5.14.0", 70},   {9, 1, "5.14.0", 162},  {9, 2, "5.14.0", 284},
    {9, 3, "5.14.0", 362},  {9, 4, "5.14.0", 427},  {9, 5, "5.14.0", 503},  {9, 6, "5.14.0", 570},
    {9, 7, "5.14.0", 611},  {9, 8, "5.14.0", 687},  {10, 0, "6.12.0", 55},  {10, 1, "6.12.0", 124},
    {10, 2, "6.12.0", 211},
};

int Digits(std::string_view text, std::size_t& at) {
  int number = -1;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    if (number < 0) number = 0;
    if (number < 1'000'000) number = number * 10 + (text[at] - '0');
  }
  return number;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// `tag` followed by a number, after a dot or a dash: .el8_4, .fc31
std::optional<std::size_t> AfterTag(std::string_view text, std::string_view tag) {
  for (std::size_t at = text.find(tag); at != std::string_view::npos; at = text.find(tag, at + 1)) {
    const std::size_t next = at + tag.size();
    const bool word = at == 0 || !IsLetter(text[at - 1]);
    if (word && next < text.size() && text[next] >= '0' && text[next] <= '9') return next;
  }
  return std::nullopt;
}

bool EndsWithAny(std::string_view text, std::initializer_list<std::string_view> suffixes) {
  for (const auto suffix : suffixes) {
    if (base::EndsWith(text, suffix)) return true;
  }
  return false;
}

}  // namespace

Kernel ParseKernel(std::string_view release) {
  Kernel kernel;
  const std::string lower = base::ToLower(release);
  const std::string_view text = lower;
  kernel.wsl = text.find("microsoft") != std::string_view::npos && text.find("wsl") != std::string_view::npos;
  if (const auto el = AfterTag(text, "el")) {
    std::size_t at = *el;
    kernel.family = OsFamily::kEl;
    kernel.el = Digits(text, at);
    if (at < text.size() && text[at] == '_') {
      ++at;
      kernel.el_minor = Digits(text, at);
    }
  } else if (AfterTag(text, "fc")) {
    kernel.family = OsFamily::kFedora;
  } else if (AfterTag(text, "amzn")) {
    kernel.family = OsFamily::kAmazon;
  } else if (base::EndsWith(text, "-linuxkit")) {
    kernel.family = OsFamily::kLinuxKit;
  } else if (EndsWithAny(text, {"-generic", "-lowlatency", "-azure", "-aws", "-gcp", "-gke", "-oracle", "-kvm", "-raspi"})) {
    kernel.family = OsFamily::kUbuntu;
  } else if (EndsWithAny(text, {"-amd64", "-arm64"})) {
    kernel.family = OsFamily::kDebian;
  }
  return kernel;
}

std::optional<int> MinorFromKernel(int major, std::string_view release) {
  const Kernel kernel = ParseKernel(release);
  const std::string lower = base::ToLower(release);
  if (kernel.el != major || lower.find("uek") != std::string::npos || lower.find("elrepo") != std::string::npos) {
    return std::nullopt;
  }
  if (kernel.el_minor >= 0) return kernel.el_minor;
  std::optional<int> minor;
  for (const Base& base : kBases) {
    if (base.major != major) continue;
    const std::string prefix = std::string(base.version) + "-";
    if (!base::StartsWith(release, prefix)) return std::nullopt;
    std::size_t at = prefix.size();
    const int build = Digits(release, at);
    if (at < release.size() && release[at] != '.') return std::nullopt;   // 3.10.0-1160vz7: somebody's own
    if (build >= base.build) minor = base.minor;
  }
  return minor;
}

}  // namespace dm::requirements

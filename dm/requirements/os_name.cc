#include "dm/requirements/os_name.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "dm/requirements/os_version.h"

namespace dm::requirements {

namespace {

struct Prefix {
  std::string_view text;         // whole words at the start of osImage, the longer before the shorter
  Distribution distribution;
  OsFamily family;
  std::string_view name;         // as we print it
};

constexpr std::string_view kRhelName = "Red Hat Enterprise Linux";
constexpr std::string_view kScosName = "CentOS Stream CoreOS";
constexpr std::string_view kRhcosName = "Red Hat Enterprise Linux CoreOS";

constexpr Prefix kPrefixes[] = {
    {"Red Hat Enterprise Linux CoreOS", Distribution::kRhcos, OsFamily::kEl, kRhcosName},
    {"Red Hat Enterprise Linux Server", Distribution::kRhel, OsFamily::kEl, kRhelName},
    {"Red Hat Enterprise Linux Workstation", Distribution::kRhel, OsFamily::kEl, kRhelName},
    {"Red Hat Enterprise Linux", Distribution::kRhel, OsFamily::kEl, kRhelName},
    {"CentOS Linux", Distribution::kCentos, OsFamily::kEl, "CentOS"},
    {"CentOS Stream CoreOS", Distribution::kCentosStream, OsFamily::kEl, kScosName},
    {"CentOS Stream", Distribution::kCentosStream, OsFamily::kEl, "CentOS Stream"},
    {"CentOS release", Distribution::kCentos, OsFamily::kEl, "CentOS"},
    {"CentOS", Distribution::kCentos, OsFamily::kEl, "CentOS"},
    {"Oracle Linux Server", Distribution::kOracle, OsFamily::kEl, "Oracle Linux"},
    {"Oracle Linux", Distribution::kOracle, OsFamily::kEl, "Oracle Linux"},
    {"Ubuntu Core", Distribution::kOther, OsFamily::kUbuntu, "Ubuntu Core"},
    {"Ubuntu", Distribution::kUbuntu, OsFamily::kUbuntu, "Ubuntu"},
};

// Families of distributions that the page does not list, for the check against the kernel.
struct Family {
  std::string_view start;
  OsFamily family;
};
constexpr Family kFamilies[] = {
    {"Rocky Linux", OsFamily::kEl},     {"AlmaLinux", OsFamily::kEl},      {"Debian", OsFamily::kDebian},
    {"Garden Linux", OsFamily::kDebian}, {"Fedora", OsFamily::kFedora},    {"Amazon Linux", OsFamily::kAmazon},
    {"LinuxKit", OsFamily::kLinuxKit},
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "9.5" of "9.5 (Blue Onyx)", "1.7.0" of "(v1.7.0)"; empty when the word is no number.
std::string VersionWord(std::string_view text) {
  while (!text.empty() && (text.front() == '(' || text.front() == '\'' || text.front() == ' ')) text.remove_prefix(1);
  if (text.size() > 1 && text.front() == 'v' && IsDigit(text[1])) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && (IsDigit(text[end]) || text[end] == '.')) ++end;
  while (end > 0 && text[end - 1] == '.') --end;
  return std::string(text.substr(0, end));
}

// Old scheme 43.81.202003191953.0: the second field is RHEL's version without its dot (81, 94, 810).
// New scheme 9.6.20250523-0: RHEL's own.
std::string RhelOfRhcos(std::string_view text) {
  const auto numbers = VersionNumbers(VersionWord(text));
  if (numbers.size() < 2) return {};
  if (numbers[0] <= 20) return std::to_string(numbers[0]) + "." + std::to_string(numbers[1]);
  const int packed = numbers[1];
  if (packed < 10 || packed > 9999) return {};
  const std::string digits = std::to_string(packed);
  const std::size_t major = digits.front() == '1' ? 2 : 1;     // 8.10 is 810, 10.1 is 101
  if (digits.size() <= major) return {};
  return digits.substr(0, major) + "." + digits.substr(major);
}

// OKD's: 414.9.202401091452-0 says Stream's version in its second field, 9.0.20250411-0 in its first.
std::string StreamOfScos(std::string_view text) {
  const auto numbers = VersionNumbers(VersionWord(text));
  if (numbers.size() < 2) return {};
  return std::to_string(numbers[0] <= 20 ? numbers[0] : numbers[1]);
}

std::string VersionOf(Distribution distribution, std::string_view name, std::string_view rest) {
  if (distribution == Distribution::kRhcos) return RhelOfRhcos(rest);
  return name == kScosName ? StreamOfScos(rest) : VersionWord(rest);
}

OsFamily FamilyOf(std::string_view name) {
  for (const Family& row : kFamilies) {
    if (base::StartsWith(name, row.start)) return row.family;
  }
  return OsFamily::kOther;
}

// Leading words up to the version or an opening bracket.
OsName ParseOther(std::string_view image) {
  OsName os;
  os.distribution = Distribution::kOther;
  std::size_t at = 0;
  std::vector<std::string> words;
  while (at < image.size()) {
    std::size_t end = image.find(' ', at);
    if (end == std::string_view::npos) end = image.size();
    const std::string_view word = image.substr(at, end - at);
    if (!word.empty()) {
      const bool version = IsDigit(word.front()) || word.front() == '(' ||
                           (word.size() > 1 && word.front() == 'v' && IsDigit(word[1]));
      if (version && !words.empty()) {
        os.version = VersionWord(word);
        break;
      }
      words.emplace_back(word);
    }
    at = end + 1;
  }
  os.name = base::Join(words, " ");
  os.family = FamilyOf(os.name);
  return os;
}

}  // namespace

OsName ParseOsImage(std::string_view image) {
  image = base::Trim(image);
  if (image.size() >= 2 && image.front() == '\'' && image.back() == '\'') image = image.substr(1, image.size() - 2);
  const std::string lower = base::ToLower(image);
  if (lower.empty() || lower == "linux" || lower == "unknown") return {};
  for (const Prefix& row : kPrefixes) {
    if (!base::StartsWith(image, row.text)) continue;
    std::string_view rest = image.substr(row.text.size());
    if (!rest.empty() && rest.front() != ' ') continue;        // "UbuntuDDE": another name
    rest = base::Trim(rest);
    if (row.distribution == Distribution::kUbuntu && !rest.empty() && !IsDigit(rest.front())) continue;   // Ubuntu Touch
    OsName os;
    os.distribution = row.distribution;
    os.family = row.family;
    os.name = std::string(row.name);
    os.version = VersionOf(row.distribution, row.name, rest);
    os.says_lts = rest.find(" LTS") != std::string_view::npos;
    return os;
  }
  return ParseOther(image);
}

OsName ParseOsRelease(std::string_view id, std::string_view version_id) {
  struct Id {
    std::string_view id;
    Distribution distribution;
    OsFamily family;
    std::string_view name;
  };
  static constexpr Id kIds[] = {
      {"rhel", Distribution::kRhel, OsFamily::kEl, kRhelName},
      {"rhcos", Distribution::kRhcos, OsFamily::kEl, kRhcosName},
      {"centos", Distribution::kCentos, OsFamily::kEl, "CentOS"},
      {"ol", Distribution::kOracle, OsFamily::kEl, "Oracle Linux"},
      {"ubuntu", Distribution::kUbuntu, OsFamily::kUbuntu, "Ubuntu"},
      {"rocky", Distribution::kOther, OsFamily::kEl, "Rocky Linux"},
      {"almalinux", Distribution::kOther, OsFamily::kEl, "AlmaLinux"},
      {"debian", Distribution::kOther, OsFamily::kDebian, "Debian GNU/Linux"},
      {"amzn", Distribution::kOther, OsFamily::kAmazon, "Amazon Linux"},
      {"fedora", Distribution::kOther, OsFamily::kFedora, "Fedora"},
      {"bottlerocket", Distribution::kOther, OsFamily::kOther, "Bottlerocket OS"},
      {"talos", Distribution::kOther, OsFamily::kOther, "Talos"},
      {"flatcar", Distribution::kOther, OsFamily::kOther, "Flatcar Container Linux"},
  };
  if (id.empty()) return {};
  OsName os;
  os.distribution = Distribution::kOther;
  os.name = std::string(id);
  os.version = VersionWord(version_id);
  const std::string lower = base::ToLower(id);
  for (const Id& row : kIds) {
    if (row.id != lower) continue;
    os.distribution = row.distribution;
    os.family = row.family;
    os.name = std::string(row.name);
  }
  // RHCOS calls OpenShift's version its own (4.18) until the scheme changed; that says nothing about RHEL.
  if (os.distribution == Distribution::kRhcos && MajorOf(os.version) < 7) os.version.clear();
  return os;
}

}  // namespace dm::requirements

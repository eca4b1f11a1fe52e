#include "dm/requirements/os.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/strings.h"
#include "dm/requirements/os_kernel.h"
#include "dm/requirements/os_name.h"
#include "dm/requirements/os_version.h"
#include "dm/words.h"

namespace dm::requirements {

namespace {

constexpr std::string_view kNfdId = "feature.node.kubernetes.io/system-os_release.ID";
constexpr std::string_view kNfdVersion = "feature.node.kubernetes.io/system-os_release.VERSION_ID";

// The page's table. Oracle's product was called Oracle Enterprise Linux.
struct Listed {
  Distribution distribution;
  std::string_view least;
};
constexpr Listed kListed[] = {
    {Distribution::kRhel, "7.3"},   {Distribution::kRhcos, "7.3"},  {Distribution::kCentos, "7.3"},
    {Distribution::kCentosStream, "7.3"}, {Distribution::kOracle, "7.3"},
};
constexpr int kFirstUbuntu = 16;

// osPreset common: the usual container hosts and rebuilds of RHEL.
struct Preset {
  std::string_view name, least;
};
constexpr Preset kCommon[] = {
    {"Rocky Linux", "8"},
    {"AlmaLinux", "8"},
    {"Amazon Linux", "2"},
    {"Bottlerocket OS", ""},
    {"Talos", ""},
    {"Flatcar Container Linux", ""},
    {"Container-Optimized OS from Google", ""},
    {"Fedora CoreOS", ""},
    {"Alibaba Cloud Linux", "3"},
    {"CBL-Mariner/Linux", ""},
    {"Microsoft Azure Linux", ""},
    {"SUSE Linux Enterprise Server", "12"},
};

std::string Label(const kube::api::Node& node, std::string_view key) {
  const auto label = node.meta.labels.find(std::string(key));
  return label == node.meta.labels.end() ? std::string() : label->second;
}

bool FamiliesDisagree(const OsName& os, const Kernel& kernel) {
  if (kernel.wsl) return true;
  if (kernel.family == OsFamily::kLinuxKit) return os.family != OsFamily::kLinuxKit;
  if (os.distribution == Distribution::kNone || os.family == OsFamily::kOther || kernel.family == OsFamily::kOther) return false;   // not known
  if (os.family != kernel.family) return true;
  return kernel.el > 0 && MajorOf(os.version) > 0 && kernel.el != MajorOf(os.version);
}

// A year's .04 of an even year is an LTS: 16.04, 18.04, … The numbers decide, not the word.
OsVerdict JudgeUbuntu(const std::string& version) {
  const auto numbers = VersionNumbers(version);
  if (numbers.size() < 2) return OsVerdict::kUnknown;
  const bool lts = numbers[0] % 2 == 0 && numbers[1] == 4;
  return lts && numbers[0] >= kFirstUbuntu ? OsVerdict::kSupported : OsVerdict::kUnsupported;
}

OsVerdict JudgeTable(const OsName& os) {
  if (os.distribution == Distribution::kNone) return OsVerdict::kUnknown;
  if (os.distribution == Distribution::kOther) return OsVerdict::kUnlisted;
  if (os.distribution == Distribution::kUbuntu) return JudgeUbuntu(os.version);
  const auto numbers = VersionNumbers(os.version);
  if (numbers.empty()) return OsVerdict::kUnknown;
  for (const Listed& row : kListed) {
    if (row.distribution != os.distribution) continue;
    if (numbers.size() < 2 && numbers[0] == MajorOf(row.least)) return OsVerdict::kUnknown;   // 7, but 7 point what?
    return CompareVersions(os.version, row.least) >= 0 ? OsVerdict::kSupported : OsVerdict::kUnsupported;
  }
  return OsVerdict::kUnlisted;
}

// "Flatcar Container Linux" admits "Flatcar Container Linux by Kinvolk".
bool Names(std::string_view wanted, std::string_view name) {
  const std::string a = base::ToLower(base::Trim(wanted));
  const std::string b = base::ToLower(name);
  return !a.empty() && (a == b || base::StartsWith(b, a + " "));
}

// The policy's word on this system: admitted from a version on; nullopt when it says nothing.
std::optional<OsVerdict> Admits(std::string_view wanted, std::string_view least, const OsName& os, std::string_view image) {
  if (os.name.empty() || !(Names(wanted, os.name) || Names(wanted, image))) return std::nullopt;
  if (least.empty()) return OsVerdict::kSupported;
  if (os.version.empty()) return OsVerdict::kUnknown;
  return CompareVersions(os.version, least) >= 0 ? OsVerdict::kSupported : OsVerdict::kUnsupported;
}

// A minor that neither image nor os-release carries: the administrator's label, then a stock kernel.
void CompleteMinor(OsName& os, const kube::api::Node& node, std::string& evidence) {
  const bool el = os.distribution == Distribution::kRhel || os.distribution == Distribution::kCentos ||
                  os.distribution == Distribution::kRhcos || os.distribution == Distribution::kOracle;
  const auto numbers = VersionNumbers(os.version);
  const std::string label = Label(node, annotations::kNodeOsVersion);
  const auto said = VersionNumbers(label);
  const bool names_version = os.distribution != Distribution::kNone && !said.empty();
  if (names_version && (numbers.empty() || (numbers.size() == 1 && said.size() > 1 && said[0] == numbers[0]))) {
    os.version = label;
    evidence += ", label " + std::string(annotations::kNodeOsVersion) + "=" + label;
    return;
  }
  if (el && numbers.size() == 1 && numbers[0] == 7) {
    if (const auto minor = MinorFromKernel(7, node.kernel_version)) os.version = "7." + std::to_string(*minor);
  } else if (el && numbers.empty()) {
    const Kernel kernel = ParseKernel(node.kernel_version);
    if (const auto minor = MinorFromKernel(kernel.el, node.kernel_version)) {
      os.version = std::to_string(kernel.el) + "." + std::to_string(*minor);
    }
  }
}

OsVerdict Better(OsVerdict a, OsVerdict b) {
  const auto rank = [](OsVerdict v) {
    switch (v) {
      case OsVerdict::kSupported: return 3;
      case OsVerdict::kUnsupported: return 2;
      case OsVerdict::kUnknown: return 1;
      case OsVerdict::kUnlisted: return 0;
    }
    return 0;
  };
  return rank(a) >= rank(b) ? a : b;
}

}  // namespace

OsFacts JudgeOs(const kube::api::Node& node, const Policy& policy) {
  OsFacts facts;
  facts.evidence = "osImage \"" + base::Printable(node.os_image, 120) + "\", kernel " + base::Printable(node.kernel_version, 80);
  const Kernel kernel = ParseKernel(node.kernel_version);
  OsName os = ParseOsImage(node.os_image);
  facts.contradictory = FamiliesDisagree(os, kernel);
  // Node Feature Discovery reads the host's own os-release: it speaks where the image says nothing, and where the image
  // (of a kubelet in a container) contradicts the kernel and the host's does not.
  const std::string nfd_id = Label(node, kNfdId);
  if (!nfd_id.empty()) {
    const OsName host = ParseOsRelease(nfd_id, Label(node, kNfdVersion));
    if (os.distribution == Distribution::kNone || (facts.contradictory && !FamiliesDisagree(host, kernel))) {
      os = host;
      facts.contradictory = FamiliesDisagree(os, kernel);
      facts.evidence += ", labels system-os_release.ID=" + nfd_id + " VERSION_ID=" + Label(node, kNfdVersion);
    } else if (os.family != host.family && host.family != OsFamily::kOther) {
      facts.contradictory = true;
      facts.evidence += ", but label system-os_release.ID=" + nfd_id;
    }
  }
  CompleteMinor(os, node, facts.evidence);
  facts.name = os.name;
  facts.version = os.version;
  facts.verdict = JudgeTable(os);
  if (facts.verdict == OsVerdict::kSupported) return facts;
  // A policy can admit what the table does not; it cannot make the table's own stricter.
  std::optional<OsVerdict> word;
  const auto consider = [&](std::string_view name, std::string_view least) {
    const auto admitted = Admits(name, least, os, node.os_image);
    if (admitted) word = word ? Better(*word, *admitted) : admitted;
  };
  for (const OperatingSystem& entry : policy.operating_systems) consider(entry.name, entry.min_version);
  if (policy.os_preset_common) {
    for (const Preset& row : kCommon) consider(row.name, row.least);
  }
  if (word) facts.verdict = *word;
  return facts;
}

}  // namespace dm::requirements

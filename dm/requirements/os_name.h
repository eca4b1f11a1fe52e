// Name and version as an osImage prints them. Pure text; one row a distribution of the requirements page.
#pragma once

#include <string>
#include <string_view>

namespace dm::requirements {

enum class Distribution { kRhel, kRhcos, kCentos, kCentosStream, kOracle, kUbuntu, kOther, kNone };
// The kernels that a distribution ships; decides whether image and kernel contradict each other.
enum class OsFamily { kEl, kUbuntu, kDebian, kFedora, kAmazon, kLinuxKit, kOther };

struct OsName {
  Distribution distribution = Distribution::kNone;
  OsFamily family = OsFamily::kOther;
  std::string name;          // "CentOS", "Rocky Linux"; empty when the image says nothing
  std::string version;       // "7.3", "22.04.4"; for RHCOS that of RHEL; empty when there is none
  bool says_lts = false;
};

// From osImage. "", "Linux" and "Unknown" name nothing.
OsName ParseOsImage(std::string_view image);
// From os-release's ID and VERSION_ID, as Node Feature Discovery labels them.
OsName ParseOsRelease(std::string_view id, std::string_view version_id);

}  // namespace dm::requirements

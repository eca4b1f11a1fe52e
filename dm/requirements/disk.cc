#include "dm/requirements/disk.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "dm/requirements/disk_table.h"
#include "dm/words.h"

namespace dm::requirements {

namespace {

constexpr std::string_view kEverest = "everest-csi-provisioner";
constexpr std::string_view kOracle = "blockvolume.csi.oraclecloud.com";
constexpr std::string_view kAlibabaDriver = "diskplugin.csi.alibabacloud.com";

using Parameters = std::map<std::string, std::string>;   // keys and values in lower case: drivers differ in their care

Parameters Lower(const kube::api::Labels& parameters) {
  Parameters lower;
  for (const auto& [key, value] : parameters) lower.emplace(base::ToLower(key), base::ToLower(base::Trim(value)));
  return lower;
}

std::string Get(const Parameters& parameters, std::string_view key) {
  const auto found = parameters.find(std::string(key));
  return found == parameters.end() ? std::string() : found->second;
}

DiskGrade GradeOf(std::span<const Medium> media, std::string_view value) {
  const auto found = std::find_if(media.begin(), media.end(), [&](const Medium& m) { return m.value == value; });
  return found == media.end() ? DiskGrade::kUnknown : found->grade;
}

// An unknown member of a list leaves the whole unknown, unless what is known is already the weakest there is.
DiskGrade Weakest(std::span<const Medium> media, std::string_view list) {
  DiskGrade weakest = DiskGrade::kNvme;
  bool unknown = false, any = false;
  for (const std::string_view part : base::Split(list, ',')) {
    const std::string_view value = base::Trim(part);
    if (value.empty()) continue;
    any = true;
    const DiskGrade grade = GradeOf(media, value);
    if (grade == DiskGrade::kUnknown) {
      unknown = true;
    } else {
      weakest = std::min(weakest, grade);
    }
  }
  return !any ? DiskGrade::kUnknown : unknown && weakest != DiskGrade::kHddCold ? DiskGrade::kUnknown : weakest;
}

// Volume performance units: 0 is the lower cost tier, 10 balanced and 20 higher performance, from 30 on ultra.
DiskGrade OracleGrade(const std::string& units, std::string& evidence) {
  evidence += units.empty() ? ", vpusPerGB 10 (its default)" : ", vpusPerGB " + base::Printable(units, 20);
  const auto number = units.empty() ? std::optional<std::int64_t>(10) : base::ParseInt(units);
  if (!number || *number < 0) return DiskGrade::kUnknown;
  if (*number == 0) return DiskGrade::kHdd;
  return *number >= 30 ? DiskGrade::kNvme : DiskGrade::kSsd;
}

}  // namespace

bool IsGraded(DiskGrade grade) { return grade >= DiskGrade::kHddCold && grade <= DiskGrade::kNvme; }

std::optional<DiskGrade> GradeFromName(std::string_view name) {
  const std::string lower = base::ToLower(base::Trim(name));
  if (lower == "sas") return DiskGrade::kHdd;   // the page's word
  for (const DiskGrade grade : {DiskGrade::kObject, DiskGrade::kNetworkFs, DiskGrade::kHddCold, DiskGrade::kHdd,
                                DiskGrade::kSsd, DiskGrade::kNvme}) {
    if (GradeName(grade) == lower) return grade;
  }
  return std::nullopt;
}

Disk JudgeDisk(const kube::api::StorageClass& storage_class, const Policy& policy) {
  Disk disk;
  const Provisioner* row = FindProvisioner(storage_class.provisioner);
  const Parameters parameters = Lower(storage_class.parameters);
  // Huawei's one provisioner serves disks, file systems and buckets; a parameter says which.
  if (storage_class.provisioner == kEverest) {
    const std::string driver = Get(parameters, "csi.storage.k8s.io/csi-driver-name");
    if (!driver.empty() && driver != "disk.csi.everest.io") row = FindProvisioner(driver);
  }
  disk.size_enforced = row == nullptr || row->size_enforced;

  const auto graded = policy.disk_classes.find(storage_class.meta.name);
  if (graded != policy.disk_classes.end()) {
    disk.grade = graded->second;
    disk.evidence = "the policy's diskClasses";
    return disk;
  }
  const std::string word = storage_class.meta.Annotation(std::string(annotations::kDiskClass));
  if (const auto grade = GradeFromName(word)) {
    disk.grade = *grade;
    disk.evidence = "its annotation " + std::string(annotations::kDiskClass);
    return disk;
  }

  disk.evidence = "provisioner " + base::Printable(storage_class.provisioner, 80);
  if (row == nullptr) return disk;
  if (row->name == kOracle) {
    disk.grade = OracleGrade(Get(parameters, "vpuspergb"), disk.evidence);
    return disk;
  }
  if (row->media.empty()) {
    disk.grade = row->fixed;
    if (!row->word.empty()) disk.evidence += ", " + std::string(row->word);
    return disk;
  }
  std::string value;
  for (const std::string_view key : row->parameters) {
    value = Get(parameters, key);
    if (!value.empty()) {
      disk.evidence += ", " + std::string(key) + " " + base::Printable(value, 60);
      break;
    }
  }
  if (value.empty()) {
    if (row->otherwise.empty()) return disk;
    value = std::string(row->otherwise);
    disk.evidence += ", " + value + " (its default)";
  }
  disk.grade = row->list ? Weakest(row->media, value) : GradeOf(row->media, value);
  if (row->name == kAlibabaDriver && value == "cloud_essd") {
    const std::string level = Get(parameters, "performancelevel");
    if (level == "pl2" || level == "pl3") disk.grade = DiskGrade::kNvme;
  }
  return disk;
}

}  // namespace dm::requirements

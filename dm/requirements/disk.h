// The grade of the disk behind a StorageClass: what the administrator says (policy, then annotation
// dm.pingcap.com/disk-class), else what provisioner and parameters say. One row a provisioner; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dm/requirements/policy.h"
#include "kube/api/storage_class.h"

namespace dm::requirements {

struct Disk {
  DiskGrade grade = DiskGrade::kUnknown;
  bool size_enforced = true;      // false: host-path style, the claim's size is fiction
  std::string evidence;           // what it was read from: `provisioner ebs.csi.aws.com, type gp3`
};

Disk JudgeDisk(const kube::api::StorageClass& storage_class, const Policy& policy);
std::optional<DiskGrade> GradeFromName(std::string_view name);   // hdd-cold | hdd | sas | ssd | nvme | network-fs | object

// SAS is the word of the requirements page for `hdd`.
bool IsGraded(DiskGrade grade);   // one of the ordered grades hdd-cold < hdd < ssd < nvme

}  // namespace dm::requirements

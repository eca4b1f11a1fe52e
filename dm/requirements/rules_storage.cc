// Storage classes and the disks behind them.
#include <algorithm>

#include "dm/fields.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

using State = StorageChoice::State;

std::string ClassText(const StorageChoice& choice) {
  return choice.named ? "storage class " + Quoted(choice.name) : "the default storage class " + Quoted(choice.name);
}

Finding About(Role role, const StorageChoice& choice) {
  Finding finding;
  finding.role = role;
  finding.field = PathOf(role) + ".storageClassName";
  finding.shape = choice.named ? Shape::kInvalid : Shape::kForbidden;
  finding.found = choice.name;
  finding.shortfall = Shortfall::Count(1);
  if (!choice.name.empty()) finding.subjects = {choice.name};
  return finding;
}

// The class is there to be asked. Otherwise the rule says that it was not.
bool Asked(Rule rule, Context& context, const StorageChoice& choice) {
  if (choice.state == State::kUnknown) context.NotCheck(rule, "no data on storage classes was given");
  if (choice.state == State::kStatic) context.NotCheck(rule, "storageClassName \"\" binds volumes by hand: there is no class to read");
  return choice.state == State::kFound;
}

Role RoleOf(Rule rule) {
  if (rule == Rule::kWorkerDiskClass) return Role::kWorker;
  return rule == Rule::kMonitorDiskClass ? Role::kMonitor : Role::kMaster;
}

std::string_view GradeWord(DiskGrade grade) { return grade == DiskGrade::kHdd ? "SAS" : "SSD"; }

}  // namespace

void CheckStorageClassExists(Rule rule, Context& context) {
  for (const Role role : kRoles) {
    const StorageChoice& choice = context.Storage(role);
    if (choice.state == State::kNoClaim || Asked(rule, context, choice)) continue;
    if (choice.state != State::kMissing && choice.state != State::kNoDefault) continue;
    Finding finding = About(role, choice);
    std::vector<std::string> names;
    for (const auto& [name, entry] : context.view.classes) names.push_back(name);
    if (choice.state == State::kMissing) {
      finding.required = "a storage class that exists";
      finding.message = "there is no such storage class";
      const std::string near = Nearest(choice.name, names);
      finding.remedy = !near.empty() ? "did you mean " + near + "?"
                       : names.empty() ? "create it first"
                                       : "create it first, or use one of " + List(names);
    } else {
      finding.shape = Shape::kRequired;
      finding.required = "a storage class";
      finding.message = "no storage class is named and the cluster has no default one, so no volume would ever be made";
      finding.remedy = names.empty() ? "create a storage class and name it" : "name one of " + List(names);
    }
    context.Add(rule, std::move(finding));
  }
}

void CheckDiskClass(Rule rule, Context& context) {
  const Role role = RoleOf(rule);
  const StorageChoice& choice = context.Storage(role);
  if (choice.state == State::kNoClaim) return;
  if (!choice.disk) {
    Asked(rule, context, choice);
    return;
  }
  const DiskGrade needed =
      role == Role::kWorker && context.production() ? DiskGrade::kSsd : DiskGrade::kHdd;
  const DiskGrade grade = choice.disk->grade;
  if (!IsGraded(grade)) {   // file systems and objects have rules of their own
    if (grade == DiskGrade::kUnknown) context.NotCheck(rule, "the kind of disk behind " + ClassText(choice) + " is not known");
    return;
  }
  if (grade >= needed) return;
  Finding finding = About(role, choice);
  finding.required = std::string(GradeName(needed));
  finding.shortfall = Shortfall::Count(static_cast<int>(needed) - static_cast<int>(grade));
  const bool better = needed == DiskGrade::kHdd;
  finding.message = Kind(role, context.environment()) + " needs " + std::string(GradeWord(needed)) + (better ? " disks or better" : " or better") +
                    ", and " + ClassText(choice) + " gives " + std::string(GradeName(grade)) + " (" + choice.disk->evidence + ")";
  finding.remedy = "use a storage class of " + std::string(GradeWord(needed)) + " or better" +
                   OrDevelopment(context, context.SeverityOf(rule, Severity::kDeny) == Severity::kDeny && grade >= DiskGrade::kHdd);
  context.Add(rule, std::move(finding));
}

void CheckDiskClassUnknown(Rule rule, Context& context) {
  for (const Role role : kRoles) {
    const StorageChoice& choice = context.Storage(role);
    if (choice.state == State::kNoClaim) continue;
    if (!choice.disk) {
      Asked(rule, context, choice);
      continue;
    }
    if (choice.disk->grade != DiskGrade::kUnknown) continue;
    Finding finding = About(role, choice);
    finding.required = role == Role::kWorker && context.production() ? "ssd" : "hdd (SAS)";
    finding.message = "nothing says which kind of disk is behind " + ClassText(choice) + " (" + choice.disk->evidence + ")";
    finding.remedy = "annotate the class with " + std::string(annotations::kDiskClass) +
                     ": hdd-cold, hdd, ssd or nvme, or grade it in the policy's diskClasses";
    if (context.policy.disk_class_unknown) {
      context.Add(rule, std::move(finding), *context.policy.disk_class_unknown);
    } else {
      context.Add(rule, std::move(finding));
    }
  }
}

void CheckNetworkFileSystem(Rule rule, Context& context) {
  for (const Role role : kRoles) {
    const StorageChoice& choice = context.Storage(role);
    if (choice.state == State::kNoClaim) continue;
    if (!choice.disk) {
      Asked(rule, context, choice);
      continue;
    }
    if (choice.disk->grade != DiskGrade::kNetworkFs) continue;
    Finding finding = About(role, choice);
    finding.required = "a block device or a local disk";
    finding.message = ClassText(choice) + " is a network file system (" + choice.disk->evidence + ")" +
                      (role == Role::kMaster ? ", on which etcd loses its guarantees and its speed" : ", which is slow under load");
    finding.remedy = "use a storage class of disks";
    const Severity table = role == Role::kMaster && context.production() ? Severity::kDeny : Severity::kWarn;
    context.Add(rule, std::move(finding), table);
  }
}

void CheckSizeNotEnforced(Rule rule, Context& context) {
  for (const Role role : kRoles) {
    const StorageChoice& choice = context.Storage(role);
    if (choice.state == State::kNoClaim || !Asked(rule, context, choice)) continue;
    if (choice.disk->size_enforced) continue;
    Finding finding = About(role, choice);
    finding.required = "a provisioner that enforces the size";
    finding.message = ClassText(choice) + " is a directory on the node's own disk, so the size of the claim is a wish, not a promise";
    finding.remedy = "use a storage class with volumes of their own, or make sure that the nodes' disks are that large";
    context.Add(rule, std::move(finding));
  }
}

void CheckCannotExpand(Rule rule, Context& context) {
  for (const Role role : kRoles) {
    const StorageChoice& choice = context.Storage(role);
    if (choice.state == State::kNoClaim || !Asked(rule, context, choice)) continue;
    if (choice.storage_class->allow_volume_expansion) continue;
    Finding finding = About(role, choice);
    finding.required = "allowVolumeExpansion: true";
    finding.message = ClassText(choice) + " does not allow expansion, so the disk cannot follow the data";
    finding.remedy = "set allowVolumeExpansion on the class if its driver can, or plan the size for the whole migration";
    context.Add(rule, std::move(finding));
  }
}

void CheckObjectStorage(Rule rule, Context& context) {
  for (const Role role : kRoles) {
    const StorageChoice& choice = context.Storage(role);
    if (choice.state == State::kNoClaim) continue;
    if (!choice.disk) {
      Asked(rule, context, choice);
      continue;
    }
    if (choice.disk->grade != DiskGrade::kObject) continue;
    Finding finding = About(role, choice);
    finding.required = "a disk";
    finding.message = ClassText(choice) + " is object storage (" + choice.disk->evidence + "), on which DM cannot keep its data";
    finding.remedy = "use a storage class of disks";
    context.Add(rule, std::move(finding));
  }
}

}  // namespace dm::requirements

#include "dm/requirements/sentences.h"

namespace dm::requirements {

namespace {

constexpr std::string_view kIntro = "Software and Hardware Requirements";
constexpr std::string_view kOs = "Linux OS version requirements";
constexpr std::string_view kServers = "Recommended server requirements";
constexpr std::string_view kDev = "Development and test environments";
constexpr std::string_view kProd = "Production environment";

std::vector<Sentence> Make() {
  using R = Rule;
  return {
      {kIntro, "TiDB Data Migration (DM) supports the Linux operating system,", {R::kNodeLinux}, ""},
      {kIntro, "and can be well deployed and run on the Intel architecture server", {R::kNodeArchitecture},
       "the instruction set (amd64) is meant: servers with AMD processors pass"},
      {kIntro, "and mainstream virtualization environment.", {}, "nothing to refuse: a virtual machine is judged like a server"},

      {kOs, "Red Hat Enterprise Linux, 7.3 or later", {R::kNodeOS, R::kNodeVerifiable}, "Red Hat Enterprise Linux CoreOS counts by the RHEL it is made of"},
      {kOs, "CentOS, 7.3 or later", {R::kNodeOS, R::kNodeVerifiable},
       "CentOS 7 prints no minor version: its stock kernel tells, else the label dm.pingcap.com/os-version; CentOS Stream counts as CentOS"},
      {kOs, "Oracle Enterprise Linux, 7.3 or later", {R::kNodeOS, R::kNodeVerifiable}, "called Oracle Linux Server today"},
      {kOs, "Ubuntu LTS, 16.04 or later", {R::kNodeOS, R::kNodeVerifiable}, "an LTS is the .04 of an even year; other systems: the policy's operatingSystems and osPreset"},
      {kOs, "The Linux OS platforms above can run in physical servers as well as mainstream virtualization environments like VMware, KVM, and XEN.", {},
       "nothing to refuse"},

      {kServers, "DM can be deployed and run on a 64-bit generic hardware server platform (Intel x86-64 architecture).", {R::kNodeArchitecture}, ""},
      {kServers, "For servers used in the development, testing, and production environments, this section illustrates recommended hardware configurations",
       {R::kEnvironmentTooLax}, "which of the two tables counts: the namespace's pin, spec.environment, the policy's default"},
      {kServers, "(these do not include the resources used by the operating system).", {R::kNodeCapacity},
       "so the figures are held against the requests of DM's own containers, and nodes are measured by what they can allocate"},

      {kDev, "DM-master: CPU 4 core+", {R::kMasterCPU}, ""},
      {kDev, "DM-master: Memory 8 GB+", {R::kMasterMemory}, "GB is decimal: 8G passes, and so does everything up to 8Gi and above"},
      {kDev, "DM-master: Local Storage SAS, 200 GB+", {R::kMasterDisk, R::kMasterDiskClass, R::kDiskClassUnknown, R::kNetworkFileSystem, R::kSizeNotEnforced, R::kObjectStorage, R::kStorageClassExists},
       "SAS is the grade hdd; network block storage is accepted as local"},
      {kDev, "DM-master: Network Gigabit network card", {R::kNodeNetwork}, "Kubernetes does not know it: the label dm.pingcap.com/network-gbps says it"},
      {kDev, "DM-master: Number of Instances (Minimum Requirement) 1", {R::kMasterReplicas}, ""},
      {kDev, "DM-worker: CPU 8 core+", {R::kWorkerCPU}, ""},
      {kDev, "DM-worker: Memory 16 GB+", {R::kWorkerMemory}, ""},
      {kDev, "DM-worker: Local Storage SAS, 200 GB+", {R::kWorkerDisk, R::kWorkerDiskClass, R::kDiskClassUnknown, R::kNetworkFileSystem, R::kSizeNotEnforced, R::kObjectStorage, R::kStorageClassExists}, ""},
      {kDev, "DM-worker: (Greater than the size of the migrated data)", {R::kWorkerDiskHoldsData, R::kWorkerDiskHoldsAll, R::kUpstreamSizeDeclared},
       "strictly greater; a worker holds one source at a time"},
      {kDev, "DM-worker: Network Gigabit network card", {R::kNodeNetwork}, ""},
      {kDev, "DM-worker: Number of Instances (Minimum Requirement) The number of upstream MySQL instances", {R::kWorkerReplicas, R::kUpstreamsDeclared, R::kUpstreamUndeclared}, "read as at least"},
      {kDev, "In the test environment, DM-master and DM-worker used for functional verification can be deployed on the same server.", {}, "allowed, so there is nothing to check"},
      {kDev, "To prevent interference with the accuracy of the performance test results, it is not recommended to use low-performance storage and network hardware configurations.",
       {R::kPerformanceTest, R::kCoLocation}, "with spec.purpose: performance"},
      {kDev, "If you need to verify the function only, you can deploy a DM-master on a single machine.", {R::kMasterReplicas}, ""},
      {kDev, "The number of DM-worker deployed depends on the number of upstream MySQL instances to be migrated.", {R::kWorkerReplicas, R::kUpstreamsDeclared}, ""},
      {kDev, "DM-worker stores full data in the dump and load phases.", {R::kWorkerDiskHoldsData}, ""},
      {kDev, "Therefore, the disk space for DM-worker needs to be greater than the total amount of data to be migrated.", {R::kWorkerDiskHoldsData, R::kWorkerDiskHoldsAll, R::kCannotExpand},
       "for one worker the data of its source; all sources together with the policy's dataFits: sum"},
      {kDev, "If the relay log is enabled for the migration task, DM-worker needs additional disk space to store upstream binlog data.", {R::kRelaySpaceDeclared, R::kWorkerDiskHoldsData}, ""},

      {kProd, "DM-master: CPU 4 core+", {R::kMasterCPU}, ""},
      {kProd, "DM-master: Memory 8 GB+", {R::kMasterMemory}, ""},
      {kProd, "DM-master: Hard Disk Type SAS, 200 GB+", {R::kMasterDisk, R::kMasterDiskClass, R::kDiskClassUnknown, R::kNetworkFileSystem, R::kSizeNotEnforced, R::kObjectStorage, R::kStorageClassExists}, ""},
      {kProd, "DM-master: Network Gigabit network card", {R::kNodeNetwork}, ""},
      {kProd, "DM-master: Number of Instances (Minimum Requirement) 3", {R::kMasterReplicas, R::kMasterReplicasOdd, R::kMastersSpread, R::kNodesForRole},
       "three on one host would be one: they stand on hosts of their own"},
      {kProd, "DM-worker: CPU 16 core+", {R::kWorkerCPU}, ""},
      {kProd, "DM-worker: Memory 32 GB+", {R::kWorkerMemory}, ""},
      {kProd, "DM-worker: Hard Disk Type SSD, 200 GB+", {R::kWorkerDisk, R::kWorkerDiskClass, R::kDiskClassUnknown, R::kNetworkFileSystem, R::kSizeNotEnforced, R::kObjectStorage, R::kStorageClassExists}, ""},
      {kProd, "DM-worker: (Greater than the size of the migrated data)", {R::kWorkerDiskHoldsData, R::kWorkerDiskHoldsAll, R::kUpstreamSizeDeclared, R::kCannotExpand}, ""},
      {kProd, "DM-worker: Network 10 Gigabit network card", {R::kNodeNetwork}, ""},
      {kProd, "DM-worker: Number of Instances (Minimum Requirement) Greater than the number of upstream MySQL instances", {R::kWorkerReplicas, R::kUpstreamsDeclared, R::kUpstreamUndeclared}, ""},
      {kProd, "Monitor: CPU 8 core+", {R::kMonitorCPU}, "of a monitor that is deployed here"},
      {kProd, "Monitor: Memory 16 GB+", {R::kMonitorMemory}, ""},
      {kProd, "Monitor: Hard Disk Type SAS, 200 GB+", {R::kMonitorDisk, R::kMonitorDiskClass, R::kDiskClassUnknown, R::kNetworkFileSystem, R::kObjectStorage, R::kStorageClassExists}, ""},
      {kProd, "Monitor: Network Gigabit network card", {R::kNodeNetwork}, ""},
      {kProd, "Monitor: Number of Instances (Minimum Requirement) 1", {R::kMonitorReplicas}, "or one that stands elsewhere"},
      {kProd, "In the production environment, DM-master and DM-worker can be deployed and run on the same server.", {R::kCoLocation, R::kNodeCapacity},
       "allowed (today's page advises against it: rule set current); where they must share, a node holds the sum"},
      {kProd, "It is recommended to use server configurations higher than those mentioned in the table above in production environments.", {R::kAtMinimum}, "never a reason to refuse"},
  };
}

}  // namespace

const std::vector<Sentence>& Sentences() {
  static const std::vector<Sentence> sentences = Make();
  return sentences;
}

}  // namespace dm::requirements

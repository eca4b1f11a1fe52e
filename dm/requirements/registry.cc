#include "dm/requirements/registry.h"

#include <cstddef>
#include <iterator>

#include "dm/requirements/rules.h"

namespace dm::requirements {

namespace {

constexpr auto kD = Severity::kDeny;
constexpr auto kW = Severity::kWarn;
constexpr auto kI = Severity::kInfo;
constexpr auto kOff = Severity::kOff;
constexpr std::nullopt_t kSame = std::nullopt;

constexpr RuleRow kRows[] = {
    {Rule::kMasterReplicas, "MasterReplicas", {kD, kD}, kSame,
     "at least 1 DM-master in development, 3 in production", CheckMasterReplicas},
    {Rule::kMasterReplicasOdd, "MasterReplicasOdd", {kI, kW}, kSame,
     "an even number of masters survives no more losses than one fewer", CheckMasterReplicasOdd},
    {Rule::kWorkerReplicas, "WorkerReplicas", {kD, kD}, kSame,
     "development: a worker for each upstream; production: more workers than upstreams. Upstreams are the larger of those "
     "declared and those that the running DM reports; none known counts as one", CheckWorkerReplicas},
    {Rule::kUpstreamsDeclared, "UpstreamsDeclared", {kI, kW}, kSame,
     "without `spec.upstreams` the number of workers and the size of their disks cannot be checked", CheckUpstreamsDeclared},
    {Rule::kUpstreamSizeDeclared, "UpstreamSizeDeclared", {kI, kW}, kSame,
     "an upstream without `dataSize`: whether the disk holds its data cannot be checked", CheckUpstreamSizeDeclared},
    {Rule::kUpstreamUndeclared, "UpstreamUndeclared", {kW, kW}, kSame,
     "the running DM has a source that `spec.upstreams` does not name", CheckUpstreamUndeclared},
    {Rule::kMonitorReplicas, "MonitorReplicas", {kOff, kD}, kSame,
     "production has a monitor: deployed here, or `spec.monitor.external: true`, or `monitor: external` in the policy",
     CheckMonitorReplicas},
    {Rule::kMasterCPU, "MasterCPU", {kD, kD}, kSame, "the CPU request of the DM-master container", CheckMinimum},
    {Rule::kMasterMemory, "MasterMemory", {kD, kD}, kSame, "the memory request of the DM-master container", CheckMinimum},
    {Rule::kWorkerCPU, "WorkerCPU", {kD, kD}, kSame, "the CPU request of the DM-worker container", CheckMinimum},
    {Rule::kWorkerMemory, "WorkerMemory", {kD, kD}, kSame, "the memory request of the DM-worker container", CheckMinimum},
    {Rule::kMonitorCPU, "MonitorCPU", {kW, kD}, kSame, "the CPU request of a monitor that is deployed here", CheckMinimum},
    {Rule::kMonitorMemory, "MonitorMemory", {kW, kD}, kSame, "the memory request of a monitor that is deployed here",
     CheckMinimum},
    {Rule::kMasterDisk, "MasterDisk", {kD, kD}, kSame, "the storage request of each DM-master", CheckMinimum},
    {Rule::kWorkerDisk, "WorkerDisk", {kD, kD}, kSame, "the storage request of each DM-worker", CheckMinimum},
    {Rule::kMonitorDisk, "MonitorDisk", {kOff, kD}, kSame, "the storage request of a monitor that is deployed here",
     CheckMinimum},
    {Rule::kWorkerDiskHoldsData, "WorkerDiskHoldsData", {kD, kD}, kSame,
     "a worker's disk is greater than the largest declared upstream with its relay space: a worker holds one source at a time",
     CheckWorkerDiskHoldsData},
    {Rule::kWorkerDiskHoldsAll, "WorkerDiskHoldsAll", {kI, kW}, kSame,
     "a worker's disk is greater than all declared upstreams together: any worker may come to hold any source, and dump "
     "files can stay behind (denied under the policy's `dataFits: sum`)", CheckWorkerDiskHoldsAll},
    {Rule::kRelaySpaceDeclared, "RelaySpaceDeclared", {kI, kW}, kSame,
     "the relay log is on and no space is declared for it", CheckRelaySpaceDeclared},
    {Rule::kAtMinimum, "AtMinimum", {kOff, kI}, Defaults{kOff, kOff},
     "a figure stands exactly at the table's; better is recommended", CheckAtMinimum},
    {Rule::kCoLocation, "CoLocation", {kOff, kI}, Defaults{kOff, kW},
     "DM-master and DM-worker may come to stand on one node (in development: a warning with `purpose: performance`)",
     CheckCoLocation},
    {Rule::kPerformanceTest, "PerformanceTest", {kW, kOff}, kSame,
     "`spec.purpose: performance` on disks below SSD or a network below production's", CheckPerformanceTest},
    {Rule::kMastersSpread, "MastersSpread", {kI, kD}, kSame,
     "the affinity or spread that the user wrote lets two masters share a host", CheckMastersSpread},
    {Rule::kEnvironmentTooLax, "EnvironmentTooLax", {kOff, kW}, kSame,
     "`spec.environment` asks for less than the namespace is pinned to; the pin counts", CheckEnvironmentTooLax},
    {Rule::kSupportedVersion, "SupportedVersion", {kD, kD}, kSame,
     "DM 6.1 or later, whose API safe moves need; no downgrade, except back to a version that a member still runs before "
     "a newer master has led (a tag that is no version: a warning)", CheckSupportedVersion},
    {Rule::kConfigParses, "ConfigParses", {kD, kD}, kSame, "`config` is TOML that DM can read", CheckConfigParses},
    {Rule::kConfigKnownKey, "ConfigKnownKey", {kD, kD}, kSame,
     "`config` has no key on which DM would refuse to start (a warning for versions whose keys are not known here)",
     CheckConfigKnownKey},
    {Rule::kReservedConfig, "ReservedConfig", {kD, kD}, kSame,
     "`config` does not contradict what the operator sets itself: addresses, names, directories, membership, TLS paths, openapi",
     CheckReservedConfig},
    {Rule::kStorageShrink, "StorageShrink", {kD, kD}, kSame,
     "the storage request is not below what an existing claim already has", CheckStorageShrink},
    {Rule::kStorageClassChange, "StorageClassChange", {kD, kD}, kSame,
     "the storage class is that of the existing claims", CheckStorageClassChange},
    {Rule::kTLSSwitch, "TLSSwitch", {kD, kD}, kSame, "TLS between the members of a running cluster is neither switched on nor off", CheckTlsSwitch},
    {Rule::kDataDirSwitch, "DataDirSwitch", {kD, kD}, kSame, "the members of a running cluster keep the directory that their data is in", CheckDataDirSwitch},
    {Rule::kNameLength, "NameLength", {kD, kD}, kSame,
     "every name derived from the cluster's fits the limits of DNS and labels", CheckNameLength},
    {Rule::kNoEffect, "NoEffect", {kW, kW}, kSame, "a field is accepted for old manifests' sake and does nothing", CheckNoEffect},

    {Rule::kStorageClassExists, "StorageClassExists", {kD, kD}, kSame,
     "the named storage class exists; without a name there is a default one", CheckStorageClassExists},
    {Rule::kMasterDiskClass, "MasterDiskClass", {kW, kD}, kSame, "SAS or better", CheckDiskClass},
    {Rule::kWorkerDiskClass, "WorkerDiskClass", {kW, kD}, kSame, "development: SAS or better; production: SSD or better",
     CheckDiskClass},
    {Rule::kMonitorDiskClass, "MonitorDiskClass", {kW, kD}, kSame, "SAS or better", CheckDiskClass},
    {Rule::kDiskClassUnknown, "DiskClassUnknown", {kI, kW}, kSame,
     "nothing says which kind of disk is behind the storage class", CheckDiskClassUnknown},
    {Rule::kNetworkFileSystem, "NetworkFileSystem", {kW, kD}, kSame,
     "a network file system under a member (for workers and the monitor a warning)", CheckNetworkFileSystem},
    {Rule::kSizeNotEnforced, "SizeNotEnforced", {kI, kW}, kSame,
     "host-path style storage: the size of the claim is not enforced", CheckSizeNotEnforced},
    {Rule::kCannotExpand, "CannotExpand", {kI, kW}, kSame,
     "the storage class does not allow expansion: the disk cannot follow the data", CheckCannotExpand},
    {Rule::kObjectStorage, "ObjectStorage", {kD, kD}, kSame, "object storage is no disk", CheckObjectStorage},

    {Rule::kNodeLinux, "NodeLinux", {kD, kD}, kSame, "a node runs Linux", CheckNodeKind},
    {Rule::kNodeArchitecture, "NodeArchitecture", {kD, kD}, kSame,
     "a node is amd64: the instruction set, so AMD's processors pass", CheckNodeKind},
    {Rule::kNodeOS, "NodeOS", {kD, kD}, kSame,
     "a node runs an operating system of the table (development: one that is unlisted or unknown is a warning)", CheckNodeKind},
    {Rule::kNodeNetwork, "NodeNetwork", {kD, kD}, kSame,
     "a node's network is known to be slower than the role needs (unknown: one warning for the role in production)",
     CheckNodeKind},
    {Rule::kNodeVerifiable, "NodeVerifiable", {kW, kW}, kSame,
     "a node's image and kernel contradict each other, so its operating system cannot be verified", CheckNodeKind},
    {Rule::kNodesForRole, "NodesForRole", {kD, kD}, kSame,
     "enough of the nodes that could take the role's pods qualify by their kind", CheckNodesForRole},
    {Rule::kStrayNodes, "StrayNodes", {kI, kW}, kSame,
     "enough nodes qualify, but the pods could also land on one that does not", CheckStrayNodes},
    {Rule::kNodeCapacity, "NodeCapacity", {kI, kW}, kSame,
     "the qualifying nodes are too few or too small (denied under the policy's `capacity.onShortage: deny`)", CheckNodeCapacity},
    {Rule::kNoCandidates, "NoCandidates", {kW, kW}, kSame,
     "no node can take the role's pods now (denied under the policy's `capacity.onShortage: deny`)", CheckNoCandidates},
};

// A row stands at the place of its rule, so that Row() is an index and the order is the page's.
constexpr bool InOrder() {
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    if (static_cast<std::size_t>(kRows[i].rule) != i) return false;
  }
  return std::size(kRows) == static_cast<std::size_t>(Rule::kCount);
}
static_assert(InOrder());

}  // namespace

std::span<const RuleRow> Registry() { return kRows; }

const RuleRow& Row(Rule rule) { return kRows[static_cast<std::size_t>(rule)]; }

Severity DefaultSeverity(const RuleRow& row, RuleSet rule_set, Environment environment) {
  const Defaults& defaults = rule_set == RuleSet::kCurrent && row.current ? *row.current : row.defaults;
  return environment == Environment::kProduction ? defaults.production : defaults.development;
}

}  // namespace dm::requirements

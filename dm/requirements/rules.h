// The functions behind the registry's rows. Each adds the findings of the rule it is told, nothing else.
#pragma once

#include "dm/requirements/report.h"

namespace dm::requirements {

class Context;

// rules_replicas.cc: how many instances
void CheckMasterReplicas(Rule, Context&);
void CheckMasterReplicasOdd(Rule, Context&);
void CheckWorkerReplicas(Rule, Context&);
void CheckMonitorReplicas(Rule, Context&);
// rules_upstreams.cc: what is said of the databases to migrate
void CheckUpstreamsDeclared(Rule, Context&);
void CheckUpstreamSizeDeclared(Rule, Context&);
void CheckUpstreamUndeclared(Rule, Context&);
void CheckRelaySpaceDeclared(Rule, Context&);
// rules_minimums.cc: CPU, memory and disk against the page's rows
void CheckMinimum(Rule, Context&);
void CheckAtMinimum(Rule, Context&);
// rules_disk.cc: the worker's disk against the data
void CheckWorkerDiskHoldsData(Rule, Context&);
void CheckWorkerDiskHoldsAll(Rule, Context&);
// rules_placement.cc: who may share a host
void CheckCoLocation(Rule, Context&);
void CheckMastersSpread(Rule, Context&);
void CheckPerformanceTest(Rule, Context&);
// rules_config.cc: DM's TOML
void CheckConfigParses(Rule, Context&);
void CheckConfigKnownKey(Rule, Context&);
void CheckReservedConfig(Rule, Context&);
// rules_update.cc: what a running cluster cannot follow
void CheckSupportedVersion(Rule, Context&);
void CheckStorageShrink(Rule, Context&);
void CheckStorageClassChange(Rule, Context&);
void CheckTlsSwitch(Rule, Context&);
void CheckDataDirSwitch(Rule, Context&);
// rules_names.cc, rules_no_effect.cc
void CheckEnvironmentTooLax(Rule, Context&);
void CheckNameLength(Rule, Context&);
void CheckNoEffect(Rule, Context&);
// rules_storage.cc: storage classes and disks
void CheckStorageClassExists(Rule, Context&);
void CheckDiskClass(Rule, Context&);
void CheckDiskClassUnknown(Rule, Context&);
void CheckNetworkFileSystem(Rule, Context&);
void CheckSizeNotEnforced(Rule, Context&);
void CheckCannotExpand(Rule, Context&);
void CheckObjectStorage(Rule, Context&);
// rules_nodes.cc, rules_capacity.cc
void CheckNodeKind(Rule, Context&);
void CheckNodesForRole(Rule, Context&);
void CheckStrayNodes(Rule, Context&);
void CheckNodeCapacity(Rule, Context&);
void CheckNoCandidates(Rule, Context&);

}  // namespace dm::requirements

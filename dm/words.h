// The words of the house: roles, environments, names, ports, labels, annotations. Pure constants and small functions.
#pragma once

#include <string>
#include <string_view>

#include "kube/api/object_meta.h"

namespace dm {

enum class Role { kMaster, kWorker, kMonitor };
std::string_view RoleName(Role role);            // master | worker | monitor
std::string_view RoleTitle(Role role);           // DM-master | DM-worker | Monitor

enum class Environment { kDevelopment, kProduction };
std::string_view EnvironmentName(Environment environment);   // development | production
inline Environment Stricter(Environment a, Environment b) { return a > b ? a : b; }

inline constexpr std::string_view kApiVersion = "pingcap.com/v1alpha1";
inline constexpr std::string_view kGroup = "pingcap.com";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kKind = "DMCluster";
inline constexpr std::string_view kPlural = "dmclusters";

inline constexpr int kMasterPort = 8261;
inline constexpr int kMasterPeerPort = 8291;
inline constexpr int kWorkerPort = 8262;

// Names of children, as TiDB Operator v1 gives them (selectors and claim templates are immutable).
struct Names {
  std::string cluster;

  std::string StatefulSet(Role role) const;      // <dc>-dm-master
  std::string PeerService(Role role) const;      // <dc>-dm-master-peer
  std::string ClientService() const;             // <dc>-dm-master
  std::string ConfigMap(Role role) const;        // <dc>-dm-master-config: ours; v1's carries no suffix or a hash
  std::string BootstrapConfigMap() const;        // <dc>-dm-bootstrap: the line that an empty master waits for
  std::string Pod(Role role, int ordinal) const; // <dc>-dm-master-0
  std::string ClaimTemplate(Role role) const;    // dm-master
  std::string Claim(Role role, int ordinal) const;        // dm-master-<dc>-dm-master-0
  std::string ClusterSecret(Role role) const;    // <dc>-dm-master-cluster-secret
  std::string ClientSecret() const;              // <dc>-dm-client-secret
  std::string Disruption(Role role) const;       // <dc>-dm-master (PodDisruptionBudget)
  std::string PeerHost(Role role, int ordinal) const;     // <dc>-dm-master-0.<dc>-dm-master-peer : stored in etcd, so v1's
};
// The ordinal of a pod or member name of that role; -1 when it is none.
int OrdinalOf(const Names& names, Role role, std::string_view pod_name);

// Selector labels of a role's pods, claims and StatefulSet (v1's, immutable).
kube::api::Labels SelectorLabels(const std::string& cluster, Role role);

namespace annotations {
inline constexpr std::string_view kAdopt = "dm.pingcap.com/adopt";
inline constexpr std::string_view kRestartedAt = "dm.pingcap.com/restartedAt";
inline constexpr std::string_view kForce = "dm.pingcap.com/force";
inline constexpr std::string_view kData = "dm.pingcap.com/data";
inline constexpr std::string_view kAppliedHash = "dm.pingcap.com/applied-hash";
inline constexpr std::string_view kRevision = "dm.pingcap.com/revision";
inline constexpr std::string_view kClusterId = "dm.pingcap.com/cluster-id";
inline constexpr std::string_view kMemberName = "dm.pingcap.com/member-name";
inline constexpr std::string_view kMemberId = "dm.pingcap.com/member-id";
// On a claim: the reclaim policy that its volume was given.
inline constexpr std::string_view kReclaimPolicy = "dm.pingcap.com/reclaim-policy";
inline constexpr std::string_view kRemovedAt = "dm.pingcap.com/removed-at";
inline constexpr std::string_view kNodeOsVersion = "dm.pingcap.com/os-version";
inline constexpr std::string_view kNodeNetworkGbps = "dm.pingcap.com/network-gbps";
inline constexpr std::string_view kDiskClass = "dm.pingcap.com/disk-class";
}  // namespace annotations

}  // namespace dm

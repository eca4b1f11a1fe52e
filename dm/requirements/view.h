// ClusterView: an immutable snapshot of what the Kubernetes cluster has. Shared by pointer; no lock is held while judging.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dm/requirements/node_traits.h"
#include "dm/requirements/usage.h"
#include "kube/api/node.h"
#include "kube/api/storage_class.h"

namespace dm::requirements {

enum class OsVerdict { kSupported, kUnsupported, kUnlisted, kUnknown };

struct OsFacts {
  std::string name, version;            // "CentOS", "7.2"
  OsVerdict verdict = OsVerdict::kUnknown;   // against the seed's table and the policy's additions
  std::string evidence;                 // "osImage \"CentOS Linux 7 (Core)\", kernel 3.10.0-327.el7.x86_64"
  bool contradictory = false;           // image and kernel disagree (containerised node)
};

// What every Evaluate asks of every node stands first and together: on large clusters memory is what costs.
struct NodeView {
  std::shared_ptr<const kube::api::Node> node;
  std::shared_ptr<const NodeTraits> traits;            // never null; one value for nodes that are alike
  kube::api::Quantity cpu, memory;                     // allocatable; zero where the node does not say
  std::optional<double> network_gbps;
  std::uint16_t kind_faults = 0;                       // KindFault bits that hold for every role and environment (kind.h)
  bool size_known = false;                             // both are said
  std::int32_t pods = std::numeric_limits<std::int32_t>::max();   // that it can allocate, if it says so
  std::size_t hostname = 0;                            // a hash of the label's value; 0: no label
  OsFacts os;
};

struct NodeGroups;

struct ClusterView {
  // Absent (false): we have no such data, and the rules that need it say "not checked".
  bool nodes_known = false;
  bool classes_known = false;
  bool namespaces_known = false;
  std::vector<std::shared_ptr<const NodeView>> nodes;             // by name
  // Told once by who builds views. Absent, or of other nodes than these: told anew each time they are judged (GroupsOf).
  std::shared_ptr<const NodeGroups> groups;
  std::map<std::string, std::shared_ptr<const kube::api::StorageClass>> classes;
  std::map<std::string, kube::api::Labels> namespaces;            // labels by name
  // What runs on the nodes: only where the policy asks (capacity.measure: free).
  bool usage_known = false;
  std::string usage_missing;                                      // why not, a clause; empty: nobody gave any
  std::vector<std::shared_ptr<const NodeUsage>> usage;            // one for each of `nodes`; null: nothing runs there

  // After the nodes, which must be in the order of their names.
  void PutUsage(const Usage& by_node);
  void MissUsage(std::string why);

  // The class used when none is named; nullptr when there is none.
  const kube::api::StorageClass* DefaultClass() const;
};

struct Policy;
// Computed once per node change, not once per request. Without a pool the node's traits are its own.
std::shared_ptr<const NodeView> Judge(std::shared_ptr<const kube::api::Node> node, const Policy& policy, TraitsPool* pool = nullptr);

}  // namespace dm::requirements

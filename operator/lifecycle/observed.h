// Observed: what there is, gathered for one cluster. Values only; where something is not known it says so.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "dm/words.h"
#include "kube/api/object_meta.h"
#include "kube/api/pod_spec.h"
#include "kube/api/quantity.h"
#include "operator/members/types.h"

namespace dm::op::lifecycle {

// A child object as the API server has it (StatefulSet, Service, ConfigMap, PodDisruptionBudget), without managedFields.
struct Child {
  kube::api::ObjectMeta meta;
  base::Json object;
};

// What a StatefulSet says of itself.
struct SetState {
  int replicas = 0;                      // spec
  int ready = 0;
  std::string update_revision;
  bool observed = false;                 // its controller has seen the newest generation: update_revision is of the newest template
};
SetState ReadSet(const Child& set);

struct Claim {
  kube::api::ObjectMeta meta;
  std::string phase;                     // Pending | Bound | Lost
  kube::api::Quantity request, capacity; // capacity zero: never provisioned
  std::optional<std::string> storage_class;
  std::string volume;                    // that it is bound to; empty: none yet
  std::string resizing;                  // why its capacity is not yet what it requests, as its conditions say; may be empty
  std::string file_system_since;         // RFC 3339: since when nothing but its file system has to grow; empty: it has not

  std::string ClusterId() const { return meta.Annotation(std::string(annotations::kClusterId)); }
  std::string MemberId() const { return meta.Annotation(std::string(annotations::kMemberId)); }
  bool Retired() const { return !meta.Annotation(std::string(annotations::kRemovedAt)).empty(); }
  // Holds the data of a member that is one still.
  bool IsMember() const { return !ClusterId().empty() && !Retired(); }
};
// The node that a volume was made for (the scheduler's word on the claim); empty: none in particular.
inline constexpr char kSelectedNode[] = "volume.kubernetes.io/selected-node";
base::Result<Claim> ParseClaim(const base::Json& object);

// Pods and claims of one role, by ordinal.
struct RoleState {
  std::map<int, kube::api::Pod> pods;
  std::map<int, Claim> claims;
};

// On pod templates: which authority the pods were started to trust (DM reads its ca.crt only then). Another one rolls them.
inline constexpr std::string_view kAuthorityMark = "dm.pingcap.com/authority";

enum class NodeState { kThere, kGone, kOutOfService };

struct Observed {
  std::map<std::string, Child> children;           // by Kind/name
  RoleState master, worker, monitor;
  members::Reads members;
  std::map<std::string, NodeState> nodes;          // that masters stand on, or their volumes; absent: unknown
  std::set<std::string> expandable;                // storage classes whose claims may grow
  std::string authority;                           // for kAuthorityMark; empty: what the templates say stays

  const RoleState& role(Role r) const { return r == Role::kMaster ? master : r == Role::kWorker ? worker : monitor; }
  const Child* Find(const std::string& kind, const std::string& name) const;
};

}  // namespace dm::op::lifecycle

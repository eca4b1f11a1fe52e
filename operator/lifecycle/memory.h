// Memory: what the cluster's past says, read from the places that survive: the claims' annotations first (they lie where the
// data lies), the bootstrap ConfigMap and the status as copies. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dm/cluster.h"
#include "operator/lifecycle/observed.h"

namespace dm::op::lifecycle {

// Between a line and the UID of the claim that it was first used with. The start script passes over it.
inline constexpr std::string_view kLineClaim = "\nclaim ";
// Before a bootstrap line that is held back (bootstrap.cc). The start script passes over such a line, too.
inline constexpr std::string_view kLineHeld = "held ";

struct Memory {
  std::string cluster_id;                // of the DM cluster that this object stands for; empty: none has ever been seen
  std::string conflict;                  // two places name different clusters: what is where
  std::vector<std::string> initial_members;   // that the first masters were started with; may be empty
  std::set<int> existing;                // ordinals of master claims that are older than this DMCluster and may hold data of another
  bool reuse = false;                    // the user has said "reuse", and the ConfigMap remembers it
  std::set<int> first;                   // ordinals with a bootstrap line in the live ConfigMap, held back or not
  std::set<int> joining;                 // ordinals with a join line there, not yet members
  std::map<int, std::string> line_claims;   // the claim (its UID) that each of these lines was first used with; absent: not seen yet
  bool config_map = false;               // the ConfigMap is there and ours: whether to bootstrap has been decided

  bool Known() const { return !cluster_id.empty(); }
};

Memory Remember(const DMCluster& want, const Observed& seen);

// The child is controlled by this very object (by UID: one that was deleted and made anew is another).
bool IsOurs(const DMCluster& want, const Child& child);

}  // namespace dm::op::lifecycle

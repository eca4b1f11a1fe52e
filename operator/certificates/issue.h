// Issue: what the Secrets of a cluster with `issuer.selfSigned` should hold, given what they hold, what its pods trust, and the
// time. Pure but for fresh keys.
//
// A change of the authority never leaves a moment in which two members distrust each other. The order:
//   1. the new one appears in every bundle, next to the old one, and signs nothing;
//   2. the mark for pod templates becomes the new one's, so the planner replaces pod after pod, as for any change;
//   3. when every pod carries that mark, it signs all leaves anew (DM reads them at the next connection, without a restart);
//   4. a day later, when every leaf on disk is its own, the old one leaves the bundles. Nothing restarts for that.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "operator/certificates/authorities.h"
#include "operator/certificates/purpose.h"

namespace dm::op::certificates {

inline constexpr auto kDelivery = std::chrono::seconds(5);         // until a node's cache of a Secret has what was written
inline constexpr auto kOnDisk = std::chrono::minutes(5);           // … and until a running pod's volume has it
inline constexpr auto kOverlap = std::chrono::hours(24);

struct Leaf {
  net::KeyPair pair;
  std::string bundle;             // ca.crt: whom its holder trusts
};

struct Held {
  std::optional<Authorities> authorities;      // nullopt: no Secret, or one that is no use
  std::map<Purpose, Leaf> leaves;
};

struct Issued {
  Held held;                                   // as it should be
  bool write_authorities = false;
  std::set<Purpose> write_leaves;
  std::string mark;                            // for the pod templates, once all of `held` is written
  bool rotating = false;                       // pods are to be replaced before the newest authority signs
  base::WallTime until{};                      // when the first leaf ends, were it not renewed
  base::WallTime look_again{};
  std::string news;                            // what was done, for an event; empty: nothing
};

// `marks` are those of all pods there are, "" of one that has none; no pods: nobody has to be waited for.
base::Result<Issued> Issue(const DMCluster& want, const Held& held, const std::set<std::string>& marks, base::WallTime now);

}  // namespace dm::op::certificates

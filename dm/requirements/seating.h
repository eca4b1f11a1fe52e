// Pods put on nodes one after the other, as the scheduler would: room, anti-affinity and affinity among the cluster's own
// pods, hard topology spread. For what a formula cannot tell. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dm/requirements/candidates.h"

namespace dm::requirements {

// Can only a trial tell how many of the role's pods find a place?
bool NeedsSeating(const RoleNodes& nodes);

struct SeatingRules {
  Count which = Count::kQualified;
  Measure measure = Measure::kSize;
  bool tight = false;           // of the nodes that can take a pod the one with the least room, else that with the most
};
// How many of one role's pods find a place when there is nobody else.
std::int64_t SeatAlone(const RoleNodes& nodes, Count which, Measure measure);
// How many pods of each role, in the order given, find a place beside those seated before. At each step a node is taken that
// the scheduler may take too, so that what finds a place here can find it there; the other way round only mostly.
std::vector<std::int64_t> Seat(const std::vector<const RoleNodes*>& order, const SeatingRules& rules);

}  // namespace dm::requirements

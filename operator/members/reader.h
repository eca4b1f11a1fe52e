// ReadMembers: everything that DM says of one cluster, in one bounded go. Masters are asked for their own health first, those that
// are not ready before the others, so that waiting for the dead makes nothing old; the member list is taken only from a master
// that says it is healthy: one without a quorum answers from memory or hangs.
#pragma once

#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "operator/members/client.h"
#include "operator/members/types.h"

namespace dm::op::members {

struct Target {
  std::vector<Address> masters;          // pods that have an address; the ready ones first
  Credentials credentials;
  bool subtasks = false;                 // read what every task does, too (a call per task)
  bool operator==(const Target&) const = default;
};

struct ReadLimits {
  base::Duration each = std::chrono::seconds(2);
  base::Duration all = std::chrono::seconds(10);     // after that the rest is unknown
  base::Duration lasts = std::chrono::seconds(2);    // when reading the rest took longer, health and members are asked for once more
  std::size_t max_tasks = 200;                       // more: subtasks are unknown
};

Reads ReadMembers(const Target& target, const Dialer& dialer, base::Clock& clock, const ReadLimits& limits,
                  std::stop_token stop);

}  // namespace dm::op::members

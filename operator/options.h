// Flags of dm-operator.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "app/flags.h"

namespace dm::op {

inline constexpr base::Duration kLeaseTimeout = std::chrono::seconds(5);   // of one request about the lease

struct Options {
  app::CommonFlags common;
  int workers = 4;
  int member_threads = 8;
  base::Duration members_settled = std::chrono::seconds(30);
  base::Duration members_busy = std::chrono::seconds(3);
  base::Duration resync = std::chrono::minutes(10);
  base::Duration stale_after = std::chrono::minutes(5);
  base::Duration stuck_after = std::chrono::minutes(5);

  bool lead = true;                                      // take the lease; false: act at once (tests, one replica for sure)
  std::string lease_namespace;                           // empty: that of the service account or the kubeconfig
  std::string lease_name = "dm-operator";
  base::Duration lease = std::chrono::seconds(30);
  base::Duration renew_deadline = std::chrono::seconds(20);
  base::Duration retry = std::chrono::seconds(4);
};

// nullopt: run. Else the exit code: 2 also for times of the lease that leave no time for what is done in DM.
std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options, std::ostream& out, std::ostream& errors);

}  // namespace dm::op

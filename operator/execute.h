// Execute: carries a plan out, action by action, and stops at the first error. Each action is idempotent and bound to the
// identity that the plan looked at (UID; for DM: cluster id, then member id), so that repeating one, or carrying out one that
// has been overtaken, does no harm.
//
// What changes DM is fenced: it needs more of the lease than it may take, and the member that carries it out must show the
// cluster id that the claims carry. Blocking; thread-safe for different clusters.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "dm/cluster.h"
#include "kube/client.h"
#include "operator/lifecycle/plan.h"
#include "operator/members/client.h"

namespace dm::op {

// The resource of a kind that we write.
const kube::Resource* ResourceOf(const std::string& kind);

struct ExecuteInput {
  const DMCluster& want;
  const lifecycle::Observed& seen;
  const lifecycle::Plan& plan;
  members::Credentials credentials;
  std::function<base::Result<void>()> announce;      // writes the plan's intents to the status
  std::function<void(const lifecycle::Emit&)> emit;
};

// An object that was written or deleted.
struct Written {
  std::string kind, name, uid;
  std::string resource_version;                      // empty: deleted
};

struct Outcome {
  base::Result<void> result;
  std::vector<Written> written;
  bool members_changed = false;                      // DM was asked to change (whatever it answered)
};

class Executor {
 public:
  // Time that the lease has left; a mutation of DM may take kMemberDeadline in all.
  static constexpr base::Duration kMemberCall = std::chrono::seconds(3);
  static constexpr base::Duration kListCall = std::chrono::seconds(5);    // DM waits a second for each master that is gone
  static constexpr base::Duration kMemberDeadline = 2 * kMemberCall + kListCall;
  // A transfer itself, so that with two calls before it the whole keeps lifecycle::kTransferDeadline.
  static constexpr base::Duration kTransferCall = lifecycle::kTransferDeadline - kMemberCall - kListCall;

  Executor(const kube::Client& client, members::Dialer dialer, std::function<base::Duration()> lease_remaining)
      : client_(client), dialer_(std::move(dialer)), lease_remaining_(std::move(lease_remaining)) {}

  Outcome Run(const ExecuteInput& in, std::stop_token stop) const;

 private:
  struct Visitor;
  const kube::Client& client_;
  const members::Dialer dialer_;
  const std::function<base::Duration()> lease_remaining_;
};

}  // namespace dm::op

// What `status` reads of one cluster, and the errors that a person reads when that cannot be. Effects only; the picture is made
// of it elsewhere (status_picture.h).
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "cli/live.h"
#include "cli/policy_file.h"
#include "dm/requirements/view.h"
#include "kube/api/pod_spec.h"

namespace dm::cli {

struct SeenEvent {
  std::string type, reason, message;
  std::string last;                    // RFC 3339
  std::int64_t count = 1;
};

// What changes seldom and is large: a watch reads it less often.
struct Surrounding {
  requirements::ClusterView view;
  ChosenPolicy policy;
  std::vector<std::string> unread;
};

struct StatusFacts {
  base::Json object;
  bool pods_known = false, claims_known = false, events_known = false;
  std::vector<kube::api::Pod> pods;
  std::vector<base::Json> claims;
  std::vector<SeenEvent> events;                       // newest first
  std::vector<requirements::LiveClaim> live_claims;
  std::vector<std::string> unread;                     // "pods: pods is forbidden: …"
};

Surrounding ReadSurrounding(LiveCluster& live, const ChosenPolicy* given);
// The error says what is wrong and what to do: no such cluster (with the names that exist), no such kind, no right, no server.
base::Result<StatusFacts> ReadFacts(LiveCluster& live, const std::string& ns, const std::string& name);

}  // namespace dm::cli

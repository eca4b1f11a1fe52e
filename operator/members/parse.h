// The answers of DM's two APIs, parsed. Pure. Tolerant of fields that we do not know, strict about bounds and kinds: a body
// comes from a tenant's pod. Three shapes of errors exist (gateway {result,msg} with status 200, gateway {code,message},
// OpenAPI {error_code,error_msg} or nothing at all); all become one Error.
//
// Errors: kNotFound (DM does not know that member), kConflict (DM refuses for now: "unhealthy cluster", "still online"),
// kUnavailable (no leader, no quorum, any 5xx), kInternal (an answer that makes no sense). `reason` is DM's code if any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_types.h"
#include "operator/members/types.h"

namespace dm::op::members {

inline constexpr std::size_t kMaxEntries = 2000;       // masters, workers, sources or tasks in one answer: 1000 workers is the schema's bound
inline constexpr std::size_t kMaxNameBytes = 512;      // a name, an address, a URL

// GET /apis/v1alpha1/members. Fails when `result` is false or one of the three parts carries an error text.
base::Result<Roster> ParseRoster(const net::Response& response);
// GET /health of a master: true only for 200 with {"health":"true"}; false for any other answer of the health handler.
base::Result<bool> ParseHealth(const net::Response& response);
// GET /api/v1/cluster/info: cluster_id, an unsigned 64-bit number, as decimal text.
base::Result<std::string> ParseClusterId(const net::Response& response);
// GET /api/v1/sources?with_status=true.
base::Result<std::vector<Source>> ParseSources(const net::Response& response);
// GET /api/v1/tasks/{t}/status.
base::Result<std::vector<Subtask>> ParseSubtasks(const std::string& task, const net::Response& response);
// DELETE of a member, PUT of the leader.
base::Result<void> ParseOutcome(const net::Response& response);
// POST of the OpenAPI that answers with an empty body: the transfer of a source, the start of a task.
base::Result<void> ParseDone(const net::Response& response);

}  // namespace dm::op::members

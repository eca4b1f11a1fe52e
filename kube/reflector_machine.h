// The reflector's decisions, as pure functions: what an exchange came to, and what follows from it.
//
//   Empty ──begin──▶ Listing ──last page──▶ Listed(rv) ──opened──▶ Watching(rv)
//     ▲                 │ failed               │  ▲                    │
//     └─────────────────┴── expired, refused ──┘  └── ended, throttled ┘
//
// Two rules stand behind the table: a version that may still be good is kept (a relist costs the server more than a new
// watch), and nothing is repeated at once twice without progress in between (no hot loop, whatever the server does).
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "net/transport.h"

namespace dm::kube {

enum class Phase { kEmpty, kListing, kListed, kWatching };

enum class Outcome {
  kListPage,         // a page; more to come
  kListEnd,          // the last page
  kListExpired,      // 410, or 504 "too large resource version"
  kListFailed,       // anything else, an unreadable body included
  kOpenUnavailable,  // no connection, no answer, 429, 503: says nothing about our version
  kOpenExpired,      // HTTP 410
  kOpenRefused,      // another HTTP error
  kStreamEnded,      // the server's timeout, or the connection was cut
  kStreamSilent,     // nothing came for the inactivity limit: a dead connection
  kStreamShort,      // over in no time without an event: an expired version without a 410, or a proxy that closes
  kStreamExpired,    // ERROR event 410
  kStreamThrottled,  // ERROR event 429
  kStreamFailed,     // another ERROR event, an unreadable line, a consumer that failed
};

enum class Pause {
  kNone,
  kPace,     // ReflectorOptions::watch_pace
  kBackoff,  // the exponential backoff, or what Retry-After asks for if that is longer
};

struct Step {
  Phase next = Phase::kEmpty;
  Pause pause = Pause::kBackoff;
  bool hurried = false;  // the value for the next decision
  bool operator==(const Step&) const = default;
};

// `hurried`: we already went on at once after an expiry, and no event has come since.
Step Decide(Outcome outcome, bool hurried);

Outcome ClassifyList(const base::Error& error);
Outcome ClassifyOpen(int http_status, const base::Error& error);  // http_status 0: no answer at all

// What is known of a stream that was opened.
struct StreamFacts {
  net::StreamEndKind end = net::StreamEndKind::kClosed;
  base::Duration life{};
  std::uint64_t events = 0;  // bookmarks included
  std::optional<base::Error> error_event;
  int error_status = 0;     // the number in it
  bool unreadable = false;  // a line that is no event, or the consumer failed
};
inline constexpr base::Duration kShortWatch = std::chrono::seconds(2);
Outcome ClassifyStream(const StreamFacts& facts);

}  // namespace dm::kube

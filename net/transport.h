// Transport: the one seam to an HTTP peer. Blocking; called from our own threads only (never from a library's pool).
// Thread-safe: several threads may call at once. Implementations pass tests/conformance.
#pragma once

#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "net/http_types.h"

namespace dm::net {

// Takes lines of a streaming body, without their newline. Called on the thread that called Stream; while it does not
// return, the socket is not read (back-pressure).
class LineSink {
 public:
  enum class Flow { kContinue, kStop };
  virtual ~LineSink() = default;
  virtual Flow OnLine(std::string_view line) noexcept = 0;
  // Once, before any line: the head of the answer has come, and it is a 2xx.
  virtual void OnOpened() noexcept {}
};

enum class StreamEndKind {
  kClosed,       // the server ended the body
  kStopped,      // the sink or the stop token ended it
  kInactive,     // nothing came for `inactivity`
  kBroken,       // cut in the middle
};

struct StreamEnd {
  StreamEndKind kind = StreamEndKind::kClosed;
  int status = 200;            // when not 2xx: `body` holds the (bounded) error body and no line was delivered
  Headers headers;
  std::string body;
};

struct StreamOptions {
  base::Duration inactivity = std::chrono::seconds(90);    // > the API server's minute bookmarks
  std::size_t max_line_bytes = 16u << 20;                  // client-go's frame limit
};

inline constexpr char kAnswerTooLarge[] = "AnswerTooLarge";   // base::Error::reason

class Transport {
 public:
  virtual ~Transport() = default;
  // Any HTTP status is a value. Errors: kUnavailable (connect, TLS, cut), kTimeout, kCancelled, kInvalid (response
  // larger than the limit: with the reason kAnswerTooLarge). A write that failed on a stale pooled connection is retried once: writes must be idempotent.
  virtual base::Result<Response> Send(const Request& request, std::stop_token stop) = 0;
  // Request.timeout bounds the time until the answer's head; after it options.inactivity counts. Errors as in Send, before
  // the head and for a line that is too long; a stop after the head is StreamEndKind::kStopped. The sink is called on the
  // calling thread. A last line without newline is delivered only after a clean end.
  virtual base::Result<StreamEnd> Stream(const Request& request, LineSink& sink, const StreamOptions& options,
                                         std::stop_token stop) = 0;
};

}  // namespace dm::net

// Result<T>: a value or an Error that says what the caller should do.
//
//   base::Result<Node> node = ParseNode(text);
//   if (!node) return base::Propagate(node, "reading node list");
//
// Exceptions end at the border of the library that throws; inside the house there are only Results.
// Thread-safety: values; share them as you would share a std::string.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace dm::base {

using Duration = std::chrono::nanoseconds;

// What the caller should do about it.
enum class Code {
  kInvalid,      // the input is wrong: do not retry, tell the person who wrote it
  kNotFound,     // it is not there: for a delete that is success
  kConflict,     // somebody else changed it: read again, then retry
  kGone,         // what we hold is too old (HTTP 410): list again
  kDenied,       // not allowed (401, 403): a person has to grant it
  kUnavailable,  // the other side cannot answer now: retry with backoff
  kTimeout,      // no answer in time; the request may have been carried out
  kCancelled,    // we were asked to stop
  kInternal,     // a fault of ours or an answer that makes no sense
};

std::string_view CodeName(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message{};                    // for a person, without a trailing full stop
  std::string reason{};                     // machine word of the peer, as "AlreadyExists"; may be empty
  std::optional<Duration> retry_after{};    // as the peer asked for it
  std::shared_ptr<const Error> cause{};     // what it came from, if anything

  // "reading node list: connection refused", following the causes.
  std::string ToString() const;
};

template <class T>
struct [[nodiscard]] Result : tl::expected<T, Error> {
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> other) : tl::expected<T, Error>(std::move(other)) {}  // NOLINT: implicit by design
};

// return Fail(Code::kInvalid, "replicas must not be negative");
inline tl::unexpected<Error> Fail(Code code, std::string message, std::string reason = {}) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.reason = std::move(reason);
  return tl::unexpected<Error>(std::move(error));
}

inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// Passes the error of `from` on, with what we were doing put before it. Code, reason and retry_after are kept.
tl::unexpected<Error> Wrap(Error from, std::string doing);

template <class T>
tl::unexpected<Error> Propagate(const Result<T>& from, std::string doing = {}) {
  if (doing.empty()) return Fail(from.error());
  return Wrap(from.error(), std::move(doing));
}

}  // namespace dm::base

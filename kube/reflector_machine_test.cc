#include "kube/reflector_machine.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>

namespace dm::kube {

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "{phase " << static_cast<int>(step.next) << ", pause " << static_cast<int>(step.pause) << ", hurried "
             << step.hurried << "}";
}

namespace {

using base::Code;
using base::Error;

struct DecideRow {
  Outcome outcome;
  Step calm, hurried;  // what follows when nothing was hurried before, and when it was
};

// Every outcome, from both states.
TEST(ReflectorMachine, DecideTable) {
  using P = Phase;
  const DecideRow rows[] = {
      {Outcome::kListPage, {P::kListing, Pause::kNone, false}, {P::kListing, Pause::kNone, true}},
      {Outcome::kListEnd, {P::kListed, Pause::kNone, false}, {P::kListed, Pause::kNone, true}},
      {Outcome::kListExpired, {P::kEmpty, Pause::kNone, true}, {P::kEmpty, Pause::kBackoff, true}},
      {Outcome::kListFailed, {P::kEmpty, Pause::kBackoff, false}, {P::kEmpty, Pause::kBackoff, true}},
      {Outcome::kOpenUnavailable, {P::kListed, Pause::kBackoff, false}, {P::kListed, Pause::kBackoff, true}},
      {Outcome::kOpenExpired, {P::kEmpty, Pause::kNone, true}, {P::kEmpty, Pause::kBackoff, true}},
      {Outcome::kOpenRefused, {P::kEmpty, Pause::kBackoff, false}, {P::kEmpty, Pause::kBackoff, true}},
      {Outcome::kStreamEnded, {P::kListed, Pause::kPace, false}, {P::kListed, Pause::kPace, false}},
      {Outcome::kStreamSilent, {P::kListed, Pause::kNone, false}, {P::kListed, Pause::kNone, false}},
      {Outcome::kStreamShort, {P::kEmpty, Pause::kBackoff, false}, {P::kEmpty, Pause::kBackoff, true}},
      {Outcome::kStreamExpired, {P::kEmpty, Pause::kNone, true}, {P::kEmpty, Pause::kBackoff, true}},
      {Outcome::kStreamThrottled, {P::kListed, Pause::kBackoff, false}, {P::kListed, Pause::kBackoff, true}},
      {Outcome::kStreamFailed, {P::kEmpty, Pause::kBackoff, false}, {P::kEmpty, Pause::kBackoff, true}},
  };
  EXPECT_EQ(std::size(rows), static_cast<std::size_t>(Outcome::kStreamFailed) + 1) << "a row an outcome";
  for (const DecideRow& row : rows) {
    EXPECT_EQ(Decide(row.outcome, false), row.calm) << static_cast<int>(row.outcome);
    EXPECT_EQ(Decide(row.outcome, true), row.hurried) << static_cast<int>(row.outcome);
  }
}

// No path of steps without a pause is longer than a list, an expiry, and a list: whatever the server answers, there is
// no hot loop. (Pages and silent watches are bounded by their own nature: data, and the inactivity limit.)
TEST(ReflectorMachine, NothingIsRepeatedAtOnceTwice) {
  for (int first = 0; first <= static_cast<int>(Outcome::kStreamFailed); ++first) {
    for (int second = 0; second <= static_cast<int>(Outcome::kStreamFailed); ++second) {
      const auto failed = [](Outcome o) {
        return o != Outcome::kListPage && o != Outcome::kListEnd && o != Outcome::kStreamSilent;
      };
      const auto a = static_cast<Outcome>(first), b = static_cast<Outcome>(second);
      if (!failed(a) || !failed(b)) continue;
      const Step one = Decide(a, false);
      const Step between = Decide(Outcome::kListEnd, one.hurried);  // a relist that works is no progress
      const Step two = Decide(b, between.hurried);
      EXPECT_FALSE(one.pause == Pause::kNone && two.pause == Pause::kNone) << first << " then " << second;
    }
  }
}

Error Make(Code code, const std::string& reason = {}) { return Error{code, "m", reason}; }

TEST(ReflectorMachine, ClassifyList) {
  EXPECT_EQ(ClassifyList(Make(Code::kGone, "Expired")), Outcome::kListExpired);
  EXPECT_EQ(ClassifyList(Make(Code::kGone)), Outcome::kListExpired);
  EXPECT_EQ(ClassifyList(Make(Code::kTimeout, "ResourceVersionTooLarge")), Outcome::kListExpired);
  for (Code code :
       {Code::kTimeout, Code::kUnavailable, Code::kDenied, Code::kNotFound, Code::kInvalid, Code::kInternal}) {
    EXPECT_EQ(ClassifyList(Make(code)), Outcome::kListFailed);
  }
}

TEST(ReflectorMachine, ClassifyOpen) {
  struct Row {
    int status;
    Error error;
    Outcome outcome;
  };
  const Row rows[] = {
      {0, Make(Code::kUnavailable), Outcome::kOpenUnavailable},  // refused, reset, TLS
      {0, Make(Code::kTimeout), Outcome::kOpenUnavailable},
      {0, Make(Code::kDenied), Outcome::kOpenUnavailable},  // no token to be had
      {0, Make(Code::kInvalid), Outcome::kOpenRefused},
      {429, Make(Code::kUnavailable, "TooManyRequests"), Outcome::kOpenUnavailable},
      {503, Make(Code::kUnavailable), Outcome::kOpenUnavailable},
      {410, Make(Code::kGone, "Gone"), Outcome::kOpenExpired},
      {410, Make(Code::kGone, "Expired"), Outcome::kOpenExpired},
      {504, Make(Code::kTimeout, "ResourceVersionTooLarge"), Outcome::kOpenExpired},
      {504, Make(Code::kTimeout, "Timeout"), Outcome::kOpenRefused},
      {500, Make(Code::kUnavailable, "InternalError"), Outcome::kOpenRefused},
      {400, Make(Code::kInvalid), Outcome::kOpenRefused},
      {401, Make(Code::kDenied), Outcome::kOpenRefused},
      {403, Make(Code::kDenied), Outcome::kOpenRefused},
      {404, Make(Code::kNotFound), Outcome::kOpenRefused},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ClassifyOpen(row.status, row.error), row.outcome) << row.status << " " << base::CodeName(row.error.code);
  }
}

TEST(ReflectorMachine, ClassifyStream) {
  using End = net::StreamEndKind;
  struct Row {
    const char* name;
    StreamFacts facts;
    Outcome outcome;
  };
  const base::Duration minute = std::chrono::minutes(1), blink = std::chrono::milliseconds(1999);
  const Row rows[] = {
      {"server timeout", {End::kClosed, minute, 5, std::nullopt, 0, false}, Outcome::kStreamEnded},
      {"server timeout, nothing said", {End::kClosed, minute, 0, std::nullopt, 0, false}, Outcome::kStreamEnded},
      {"just long enough", {End::kClosed, kShortWatch, 0, std::nullopt, 0, false}, Outcome::kStreamEnded},
      {"at once, nothing said", {End::kClosed, blink, 0, std::nullopt, 0, false}, Outcome::kStreamShort},
      {"cut at once, nothing said", {End::kBroken, blink, 0, std::nullopt, 0, false}, Outcome::kStreamShort},
      {"at once, after an event", {End::kClosed, blink, 1, std::nullopt, 0, false}, Outcome::kStreamEnded},
      {"cut", {End::kBroken, minute, 0, std::nullopt, 0, false}, Outcome::kStreamEnded},
      {"silent", {End::kInactive, minute, 0, std::nullopt, 0, false}, Outcome::kStreamSilent},
      {"ERROR 410 Expired",
       {End::kStopped, minute, 1, Make(Code::kGone, "Expired"), 410, false},
       Outcome::kStreamExpired},
      {"ERROR 410 at once", {End::kStopped, blink, 0, Make(Code::kGone), 410, false}, Outcome::kStreamExpired},
      {"ERROR 504 too large",
       {End::kStopped, blink, 0, Make(Code::kTimeout, "ResourceVersionTooLarge"), 504, false},
       Outcome::kStreamExpired},
      {"ERROR 429",
       {End::kStopped, blink, 0, Make(Code::kUnavailable, "TooManyRequests"), 429, false},
       Outcome::kStreamThrottled},
      {"ERROR 500",
       {End::kStopped, minute, 3, Make(Code::kUnavailable, "InternalError"), 500, false},
       Outcome::kStreamFailed},
      {"ERROR without a number",
       {End::kStopped, minute, 3, Make(Code::kUnavailable), 0, false},
       Outcome::kStreamFailed},
      {"unreadable line", {End::kStopped, minute, 3, std::nullopt, 0, true}, Outcome::kStreamFailed},
  };
  for (const Row& row : rows) EXPECT_EQ(ClassifyStream(row.facts), row.outcome) << row.name;
}

}  // namespace
}  // namespace dm::kube

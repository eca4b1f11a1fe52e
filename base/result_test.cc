#include "base/result.h"

#include <gtest/gtest.h>

namespace dm::base {
namespace {

TEST(Result, CarriesAValueOrAnError) {
  const Result<int> good = 3;
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 3);
  const Result<int> bad = Fail(Code::kNotFound, "no such node", "NotFound");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kNotFound);
  EXPECT_EQ(bad.error().reason, "NotFound");
}

TEST(Result, WrapKeepsWhatTheCallerNeedsAndTellsTheStory) {
  Error inner;
  inner.code = Code::kUnavailable;
  inner.message = "connection refused";
  inner.reason = "Down";
  inner.retry_after = std::chrono::seconds(3);
  const Result<int> failed = Fail(inner);
  const Result<std::string> outer = Propagate(failed, "reading node list");
  const Result<std::string> outermost = Propagate(outer, "starting");
  EXPECT_EQ(outermost.error().ToString(), "starting: reading node list: connection refused");
  EXPECT_EQ(outermost.error().code, Code::kUnavailable);
  EXPECT_EQ(outermost.error().reason, "Down");
  EXPECT_EQ(outermost.error().retry_after, std::chrono::seconds(3));
}

TEST(Result, PropagateWithoutWordsPassesTheErrorOn) {
  const Result<int> failed = Fail(Code::kInvalid, "bad");
  const Result<void> passed = Propagate(failed);
  EXPECT_EQ(passed.error().ToString(), "bad");
  EXPECT_EQ(passed.error().cause, nullptr);
}

TEST(Result, AnErrorWithoutMessageStillSaysSomething) {
  const Result<void> silent = Fail(Code::kTimeout, "");
  EXPECT_EQ(silent.error().ToString(), "Timeout");
}

}  // namespace
}  // namespace dm::base

#include "base/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace dm::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(VirtualClock, StandsStillUntilAdvanced) {
  VirtualClock clock;
  const TimePoint start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  EXPECT_NE(start, TimePoint{});
  EXPECT_EQ(FormatRfc3339(clock.Wall()), "2026-01-01T00:00:00Z");
  clock.Advance(seconds(90));
  EXPECT_EQ(clock.Now() - start, seconds(90));
  EXPECT_EQ(FormatRfc3339(clock.Wall()), "2026-01-01T00:01:30Z");
}

TEST(VirtualClock, WakesAWaiterWhenItsTimeHasCome) {
  VirtualClock clock;
  std::atomic<int> woken = 0;
  std::jthread waiter([&](std::stop_token stop) {
    if (clock.WaitFor(seconds(10), stop)) woken = 1;
    if (clock.WaitFor(seconds(10), stop)) woken = 2;
  });
  clock.AwaitWaiters(1);
  clock.Advance(seconds(9));
  clock.AwaitWaiters(1);
  EXPECT_EQ(woken, 0);
  clock.Advance(seconds(1));
  clock.AwaitWaiters(1);   // the second wait: a waiter whose time has come does not count
  EXPECT_EQ(woken, 1);
  clock.Advance(seconds(10));
  waiter.join();
  EXPECT_EQ(woken, 2);
}

TEST(VirtualClock, StopEndsAWait) {
  VirtualClock clock;
  std::atomic<bool> result = true;
  std::jthread waiter([&](std::stop_token stop) { result = clock.WaitFor(std::chrono::hours(1), stop); });
  clock.AwaitWaiters(1);
  waiter.request_stop();
  waiter.join();
  EXPECT_FALSE(result);
}

TEST(VirtualClock, AStopThatCameBeforeWinsOverATimeThatHasCome) {
  VirtualClock clock;
  std::stop_source stop;
  EXPECT_TRUE(clock.WaitFor(seconds(0), stop.get_token()));
  stop.request_stop();
  EXPECT_FALSE(clock.WaitFor(seconds(0), stop.get_token()));
  EXPECT_FALSE(clock.WaitFor(seconds(10), stop.get_token()));
}

TEST(SystemClock, WaitsAndStops) {
  SystemClock clock;
  const TimePoint before = clock.Now();
  EXPECT_TRUE(clock.WaitFor(milliseconds(5), {}));
  EXPECT_GE(clock.Now() - before, milliseconds(5));
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(clock.WaitFor(std::chrono::hours(1), stop.get_token()));
}

TEST(Rfc3339, Writes) {
  const WallTime time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(18) +
                        std::chrono::minutes(10) + seconds(9) + std::chrono::microseconds(123456);
  EXPECT_EQ(FormatRfc3339(time), "2026-11-24T18:10:09Z");
  EXPECT_EQ(FormatRfc3339Micro(time), "2026-11-24T18:10:09.123456Z");
  EXPECT_EQ(FormatRfc3339(WallTime{} - seconds(1)), "1969-12-31T23:59:59Z");
  EXPECT_EQ(FormatRfc3339Micro(WallTime{}), "1970-01-01T00:00:00.000000Z");
}

TEST(Rfc3339, Reads) {
  const std::pair<const char*, const char*> rows[] = {
      {"2026-11-24T18:10:09Z", "2026-11-24T18:10:09.000000Z"},
      {"2026-11-24t18:10:09.5z", "2026-11-24T18:10:09.500000Z"},
      {"2026-11-24T18:10:09.123456789Z", "2026-11-24T18:10:09.123456Z"},
      {"2026-11-24T18:10:09.1234567891234Z", "2026-11-24T18:10:09.123456Z"},
      {"2026-11-24T18:10:09+02:00", "2026-11-24T16:10:09.000000Z"},
      {"2024-02-29T00:00:00-00:30", "2024-02-29T00:30:00.000000Z"},
  };
  for (const auto& [text, expected] : rows) {
    const auto time = ParseRfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(FormatRfc3339Micro(*time), expected);
  }
}

TEST(Rfc3339, RefusesTheRest) {
  for (const char* text :
       {"", "2026-11-24", "2026-11-24T18:10:09", "2026-11-24 18:10:09Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-24T24:00:00Z", "2026-11-24T18:60:09Z", "2026-11-24T18:10:60Z", "2026-11-24T18:10:09.Z",
        "2026-11-24T18:10:09Zx", "2026-11-24T18:10:09+2:00", "2026-11-24T18:10:09+25:00", "0001-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z", "+026-11-24T18:10:09Z"}) {
    const auto time = ParseRfc3339(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, Code::kInvalid);
  }
}

}  // namespace
}  // namespace dm::base

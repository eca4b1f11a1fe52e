// The seam for time. Product code asks a Clock, tests use VirtualClock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dm::base {

using TimePoint = std::chrono::steady_clock::time_point;       // for waiting and ages
using WallTime = std::chrono::system_clock::time_point;        // for what people and the API read

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime Wall() const = 0;
  // Sleeps until `when`; false when `stop` was requested before.
  virtual bool WaitUntil(TimePoint when, std::stop_token stop) = 0;
  bool WaitFor(Duration duration, std::stop_token stop) { return WaitUntil(Now() + duration, std::move(stop)); }
};

class SystemClock final : public Clock {
 public:
  TimePoint Now() const override;
  WallTime Wall() const override;
  bool WaitUntil(TimePoint when, std::stop_token stop) override;
};

// The machine's time, for who was given no clock. Thread-safe; lives as long as the program.
Clock& SystemTime();

// Time that stands still until Advance is called: it starts at 2026-01-01T00:00:00Z. Thread-safe.
class VirtualClock final : public Clock {
 public:
  TimePoint Now() const override;
  WallTime Wall() const override;
  bool WaitUntil(TimePoint when, std::stop_token stop) override;
  void Advance(Duration by);
  // Blocks the test until `count` threads wait on this clock.
  void AwaitWaiters(int count);

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Duration elapsed_{0};
  std::multiset<TimePoint> waiting_;   // until when; those whose time has come no longer count as waiters
};

std::string FormatRfc3339(WallTime time);        // 2026-11-24T18:10:09Z
std::string FormatRfc3339Micro(WallTime time);   // 2026-11-24T18:10:09.123456Z, as Lease wants it
Result<WallTime> ParseRfc3339(std::string_view text);

}  // namespace dm::base

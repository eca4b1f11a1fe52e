// The system's time, and time under a test's control.
#include "base/clock.h"

namespace dm::base {
namespace {

using std::chrono::hours;

// A start that is not TimePoint{}, so that code which takes "never" for zero is not flattered by tests.
constexpr TimePoint kVirtualStart{hours(1000)};
constexpr WallTime kVirtualWallStart{
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::January / 1).time_since_epoch()};

}  // namespace

TimePoint SystemClock::Now() const { return std::chrono::steady_clock::now(); }
WallTime SystemClock::Wall() const { return std::chrono::system_clock::now(); }

Clock& SystemTime() {
  static SystemClock clock;
  return clock;
}

bool SystemClock::WaitUntil(TimePoint when, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < when) {
    never.wait_until(lock, stop, when, [] { return false; });
  }
  return !stop.stop_requested();
}

TimePoint VirtualClock::Now() const {
  const std::lock_guard lock(mutex_);
  return kVirtualStart + elapsed_;
}

WallTime VirtualClock::Wall() const {
  const std::lock_guard lock(mutex_);
  return kVirtualWallStart + std::chrono::duration_cast<WallTime::duration>(elapsed_);
}

bool VirtualClock::WaitUntil(TimePoint when, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto mine = waiting_.insert(when);
  changed_.notify_all();   // for AwaitWaiters
  changed_.wait(lock, stop, [&] { return kVirtualStart + elapsed_ >= when; });
  waiting_.erase(mine);
  return !stop.stop_requested();
}

void VirtualClock::Advance(Duration by) {
  {
    const std::lock_guard lock(mutex_);
    elapsed_ += by;
  }
  changed_.notify_all();
}

void VirtualClock::AwaitWaiters(int count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    const auto later = std::distance(waiting_.upper_bound(kVirtualStart + elapsed_), waiting_.end());
    return later >= count;
  });
}

}  // namespace dm::base

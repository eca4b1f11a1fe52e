// AutoClock: time that jumps to wherever somebody waits for, and remembers each wait. A loop with backoffs of minutes
// runs in no time, and the test reads the backoffs off. Thread-safe; meant for one waiting thread.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/clock.h"

namespace dm::kube::testing {

class AutoClock final : public base::Clock {
 public:
  base::TimePoint Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  base::WallTime Wall() const override {
    const std::lock_guard lock(mutex_);
    return base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(now_.time_since_epoch()));
  }
  bool WaitUntil(base::TimePoint when, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    const std::lock_guard lock(mutex_);
    waits_.push_back(when - now_);
    now_ = std::max(now_, when);
    return true;
  }
  void Advance(base::Duration by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
  }
  std::vector<base::Duration> waits() const {
    const std::lock_guard lock(mutex_);
    return waits_;
  }

 private:
  mutable std::mutex mutex_;
  base::TimePoint now_{std::chrono::hours(1000)};
  std::vector<base::Duration> waits_;
};

}  // namespace dm::kube::testing

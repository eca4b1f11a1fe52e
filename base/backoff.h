// Exponential backoff with jitter. Not thread-safe: one per loop.
#pragma once

#include "base/clock.h"
#include "base/random.h"

namespace dm::base {

struct BackoffPolicy {
  Duration initial = std::chrono::milliseconds(800);
  double factor = 2.0;
  Duration cap = std::chrono::seconds(30);
  double jitter = 1.0;                              // a wait is drawn from [d, d * (1 + jitter))
  Duration reset_after = std::chrono::minutes(2);   // a series that old starts anew
};
// Source of the figures: client-go's reflector and kube-rs' DefaultBackoff use the same ones.

class Backoff {
 public:
  Backoff(BackoffPolicy policy, const Clock& clock, Random& random);
  Duration Next();   // the next wait; starts anew when the last call was longer than reset_after ago
  void Reset();

 private:
  BackoffPolicy policy_;
  const Clock& clock_;
  Random& random_;
  Duration next_;
  TimePoint last_{};
};

}  // namespace dm::base

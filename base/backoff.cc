// Exponential backoff with jitter.
#include "base/backoff.h"

#include <algorithm>

namespace dm::base {
namespace {

// `base` times `factor`, at most `most`; a double that does not fit a Duration is undefined behaviour to convert.
Duration Scale(Duration base, double factor, Duration most) {
  const double scaled = static_cast<double>(base.count()) * factor;
  if (!(scaled < static_cast<double>(most.count()))) return most;
  return Duration(static_cast<Duration::rep>(std::max(scaled, 0.0)));
}

}  // namespace

Backoff::Backoff(BackoffPolicy policy, const Clock& clock, Random& random)
    : policy_(policy), clock_(clock), random_(random), next_(std::min(policy.initial, policy.cap)) {}

Duration Backoff::Next() {
  const TimePoint now = clock_.Now();
  if (last_ != TimePoint{} && now - last_ > policy_.reset_after) Reset();
  last_ = now;
  const Duration wait = next_;
  next_ = Scale(wait, policy_.factor, policy_.cap);
  return Scale(wait, 1.0 + policy_.jitter * random_.Uniform(), Duration::max());
}

void Backoff::Reset() { next_ = std::min(policy_.initial, policy_.cap); }

}  // namespace dm::base

#include "base/backoff.h"

#include <gtest/gtest.h>

namespace dm::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Fixed final : public Random {
 public:
  explicit Fixed(double value) : value_(value) {}
  double Uniform() override { return value_; }

 private:
  double value_;
};

TEST(Backoff, DoublesUpToTheCap) {
  VirtualClock clock;
  Fixed none(0);
  Backoff backoff({.initial = milliseconds(800), .cap = seconds(5)}, clock, none);
  EXPECT_EQ(backoff.Next(), milliseconds(800));
  EXPECT_EQ(backoff.Next(), milliseconds(1600));
  EXPECT_EQ(backoff.Next(), milliseconds(3200));
  EXPECT_EQ(backoff.Next(), seconds(5));
  EXPECT_EQ(backoff.Next(), seconds(5));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), milliseconds(800));
}

TEST(Backoff, JitterStretchesTheWaitButNotTheSeries) {
  VirtualClock clock;
  Fixed half(0.5);
  Backoff backoff({.initial = seconds(1), .jitter = 1.0}, clock, half);
  EXPECT_EQ(backoff.Next(), milliseconds(1500));
  EXPECT_EQ(backoff.Next(), seconds(3));
}

TEST(Backoff, AnOldSeriesStartsAnew) {
  VirtualClock clock;
  Fixed none(0);
  Backoff backoff({.initial = seconds(1), .reset_after = seconds(120)}, clock, none);
  EXPECT_EQ(backoff.Next(), seconds(1));
  clock.Advance(seconds(120));
  EXPECT_EQ(backoff.Next(), seconds(2));   // exactly reset_after is not longer than it
  clock.Advance(seconds(121));
  EXPECT_EQ(backoff.Next(), seconds(1));
}

TEST(Backoff, ExtremePoliciesStayInRange) {
  VirtualClock clock;
  SeededRandom random(1);
  Backoff backoff({.initial = std::chrono::hours(24 * 365 * 200), .factor = 1e300, .cap = Duration::max(), .jitter = 1e300},
                  clock, random);
  for (int i = 0; i < 3; ++i) EXPECT_GT(backoff.Next(), Duration::zero());
}

}  // namespace
}  // namespace dm::base

#include "base/guarded.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace dm::base {
namespace {

TEST(Guarded, ManyThreadsDoNotLoseCounts) {
  Guarded<int> count(0);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) ++*count.Lock();
      });
    }
  }
  EXPECT_EQ(count.Copy(), 4000);
}

TEST(Guarded, WaitSeesSetAndStop) {
  Guarded<int> value(0);
  bool reached = false;
  bool stopped = true;
  std::jthread waiter([&](std::stop_token stop) {
    auto locked = value.Lock();
    reached = value.Wait(locked, stop, [](int v) { return v == 5; });
    stopped = !value.Wait(locked, stop, [](int v) { return v == 6; });
  });
  value.Set(5);
  while (true) {   // until the second wait has let go of the lock with the first one done
    auto locked = value.Lock();
    if (reached) break;
  }
  waiter.request_stop();
  waiter.join();
  EXPECT_TRUE(reached);
  EXPECT_TRUE(stopped);
}

TEST(Guarded, WaitForGivesUpAfterItsTime) {
  Guarded<int> value(0);
  auto locked = value.Lock();
  EXPECT_FALSE(value.WaitFor(locked, {}, std::chrono::milliseconds(1), [](int v) { return v == 1; }));
}

}  // namespace
}  // namespace dm::base

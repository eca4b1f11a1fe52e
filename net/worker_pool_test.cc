#include "net/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace dm::net {
namespace {

TEST(WorkerPool, RunsWhatFitsAndRefusesTheRest) {
  std::atomic<int> ran = 0;
  std::latch started(2);
  std::latch go(1);
  WorkerPool pool(2, 3);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pool.TryPost([&] {
      started.count_down();
      go.wait();
      ++ran;
    }));
  }
  started.wait();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pool.TryPost([&] { ++ran; }));
  EXPECT_FALSE(pool.TryPost([&] { ran = 1000; }));
  go.count_down();
  while (ran < 5) std::this_thread::yield();
  EXPECT_TRUE(pool.TryPost([] {}));
}

TEST(WorkerPool, StopLetsTheRunningFinishAndDropsTheWaiting) {
  std::atomic<int> ran = 0;
  std::latch started(1);
  std::latch go(1);
  auto owned = std::make_shared<int>(7);
  WorkerPool pool(1, 10);
  pool.TryPost([&] {
    started.count_down();
    go.wait();
    ++ran;
  });
  started.wait();
  pool.TryPost([&ran, owned] { ran = 1000; });
  std::jthread stopper([&] { pool.Stop(); });
  while (owned.use_count() > 1) std::this_thread::yield();      // what waited is gone
  go.count_down();
  stopper.join();
  EXPECT_EQ(ran, 1);
  EXPECT_FALSE(pool.TryPost([] {}));
}

}  // namespace
}  // namespace dm::net

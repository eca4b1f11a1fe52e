#include "kube/work_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <ctime>
#include <iostream>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace dm::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class WorkQueueTest : public ::testing::Test {
 protected:
  // What can be taken now, "" when nothing. Get would block, so it is asked only when there is something.
  Key Take() { return queue_.Depth() == 0 ? Key() : queue_.Get({}).value_or(""); }
  // Lets virtual time pass, and the queue's timer act on it.
  void Pass(base::Duration by, std::size_t expected_depth) {
    clock_.Advance(by);
    for (int i = 0; i < 2000 && queue_.Depth() != expected_depth; ++i) std::this_thread::yield();
    for (int i = 0; i < 500 && queue_.Depth() != expected_depth; ++i) {
      base::SystemClock().WaitFor(milliseconds(1), {});
    }
    EXPECT_EQ(queue_.Depth(), expected_depth);
  }

  base::VirtualClock clock_;
  WorkQueue queue_{clock_};
};

TEST_F(WorkQueueTest, OrderOfArrivalWithoutDuplicates) {
  for (const char* key : {"a", "b", "a", "c", "b"}) queue_.Add(key);
  EXPECT_EQ(queue_.Depth(), 3u);
  EXPECT_EQ(Take(), "a");
  EXPECT_EQ(Take(), "b");
  EXPECT_EQ(Take(), "c");
  EXPECT_EQ(Take(), "");
  EXPECT_EQ(queue_.Stats().adds, 3u);
}

TEST_F(WorkQueueTest, AddsWhileInHandCollapseIntoOneMorePass) {
  queue_.Add("a");
  EXPECT_EQ(Take(), "a");
  for (int i = 0; i < 5; ++i) queue_.Add("a");
  EXPECT_EQ(queue_.Depth(), 0u) << "never in two hands";
  queue_.Done("a");
  EXPECT_EQ(queue_.Depth(), 1u);
  EXPECT_EQ(Take(), "a");
  queue_.Done("a");
  EXPECT_EQ(queue_.Depth(), 0u);
  queue_.Done("a");  // once too often is harmless
  queue_.Done("never");
}

TEST_F(WorkQueueTest, FreshChangesOvertakeTheFirstListing) {
  queue_.Add("old1", WorkQueue::Priority::kLow);
  queue_.Add("old2", WorkQueue::Priority::kLow);
  queue_.Add("new1");
  queue_.Add("old2");                             // lifted
  queue_.Add("new1", WorkQueue::Priority::kLow);  // not lowered
  EXPECT_EQ(Take(), "new1");
  EXPECT_EQ(Take(), "old2");
  EXPECT_EQ(Take(), "old1");
  // In hand: the priority of what comes meanwhile counts, the highest of them.
  queue_.Add("other", WorkQueue::Priority::kLow);
  queue_.Add("old1");
  queue_.Add("old1", WorkQueue::Priority::kLow);
  queue_.Done("old1");
  EXPECT_EQ(Take(), "old1");
}

TEST_F(WorkQueueTest, DelaysEndInOrderAndTheEarlierWins) {
  queue_.AddAfter("a", seconds(10));
  queue_.AddAfter("b", seconds(5));
  queue_.AddAfter("a", seconds(2));   // earlier: counts
  queue_.AddAfter("a", seconds(20));  // later: does not
  EXPECT_EQ(queue_.Stats().delayed, 2u);
  EXPECT_EQ(queue_.Depth(), 0u);
  Pass(seconds(2), 1);
  EXPECT_EQ(Take(), "a");
  Pass(seconds(3), 1);
  EXPECT_EQ(Take(), "b");
  queue_.Done("a");
  queue_.Done("b");
  Pass(seconds(60), 0);
  EXPECT_EQ(queue_.Stats().delayed, 0u);
}

TEST_F(WorkQueueTest, AnImmediateAddTakesTheDelayedOnesPlace) {
  queue_.AddAfter("a", seconds(10));
  queue_.Add("a");
  EXPECT_EQ(Take(), "a");
  queue_.Done("a");
  Pass(seconds(60), 0);
  queue_.AddAfter("b", seconds(0));
  EXPECT_EQ(Take(), "b");
}

TEST_F(WorkQueueTest, ADelayThatEndsInHandMeansOneMorePass) {
  queue_.Add("a");
  EXPECT_EQ(Take(), "a");
  queue_.AddAfter("a", seconds(1));
  clock_.AwaitWaiters(1);
  clock_.Advance(seconds(1));
  for (int i = 0; i < 500 && queue_.Stats().delayed != 0; ++i) base::SystemClock().WaitFor(milliseconds(1), {});
  EXPECT_EQ(queue_.Depth(), 0u);
  queue_.Done("a");
  EXPECT_EQ(queue_.Depth(), 1u);
}

TEST_F(WorkQueueTest, BackoffPerKeyDoublesUpToTheCapAndIsForgotten) {
  WorkQueue queue(
      clock_, {.backoff_initial = milliseconds(5), .backoff_cap = milliseconds(35), .on_waited = {}, .on_worked = {}});
  const auto due_in = [&](base::Duration at_least = {}) {
    queue.AddRateLimited("a", at_least);
    base::Duration passed{};
    while (queue.Depth() == 0 && passed < seconds(3)) {
      clock_.Advance(milliseconds(5));
      passed += milliseconds(5);
      for (int i = 0; i < 20 && queue.Depth() == 0; ++i)
        base::SystemClock().WaitFor(std::chrono::microseconds(200), {});
    }
    EXPECT_EQ(queue.Get({}), "a");
    queue.Done("a");
    return std::chrono::duration_cast<milliseconds>(passed).count();
  };
  EXPECT_EQ(due_in(), 5);
  EXPECT_EQ(due_in(), 10);
  EXPECT_EQ(queue.Failures("a"), 2);
  EXPECT_EQ(queue.Failures("b"), 0);
  EXPECT_EQ(due_in(), 20);
  EXPECT_EQ(due_in(), 35);
  EXPECT_EQ(due_in(), 35);
  EXPECT_EQ(due_in(milliseconds(50)), 50) << "what the server asked for is longer";
  EXPECT_EQ(queue.Stats().retries, 6u);
  queue.Forget("a");
  EXPECT_EQ(queue.Failures("a"), 0);
  EXPECT_EQ(due_in(), 5);
}

TEST_F(WorkQueueTest, ShutDownDrainsWhatIsQueuedAndTakesNoMore) {
  queue_.Add("a");
  queue_.Add("b");
  queue_.AddAfter("later", seconds(1));
  EXPECT_EQ(Take(), "a");
  queue_.Add("a");  // dirty: one more pass even now
  queue_.ShutDown();
  queue_.Add("c");
  queue_.AddAfter("c", seconds(1));
  queue_.AddRateLimited("c");
  queue_.Done("a");
  EXPECT_EQ(queue_.Get({}), "b");
  EXPECT_EQ(queue_.Get({}), "a");
  EXPECT_EQ(queue_.Get({}), std::nullopt);
  EXPECT_EQ(queue_.Stats().delayed, 0u);
}

TEST_F(WorkQueueTest, StopEndsGet) {
  std::stop_source stop;
  std::jthread getter([&] { EXPECT_EQ(queue_.Get(stop.get_token()), std::nullopt); });
  stop.request_stop();
  getter.join();
  queue_.Add("a");
  EXPECT_EQ(queue_.Get(stop.get_token()), std::nullopt) << "stopped is stopped, even if there is work";
}

TEST_F(WorkQueueTest, ShutDownWakesEveryGetter) {
  std::vector<std::jthread> getters;
  for (int i = 0; i < 3; ++i) getters.emplace_back([&] { EXPECT_EQ(queue_.Get({}), std::nullopt); });
  queue_.ShutDown();
}

TEST_F(WorkQueueTest, TimesForMetrics) {
  std::vector<base::Duration> waited, worked;
  WorkQueueOptions options;
  options.on_waited = [&](base::Duration d) { waited.push_back(d); };
  options.on_worked = [&](base::Duration d) { worked.push_back(d); };
  WorkQueue queue(clock_, options);
  queue.Add("a");
  clock_.Advance(seconds(2));
  EXPECT_EQ(queue.Get({}), "a");
  clock_.Advance(seconds(3));
  EXPECT_EQ(queue.Stats().in_hand, 1u);
  EXPECT_EQ(queue.Stats().longest, seconds(3));
  queue.Done("a");
  EXPECT_EQ(waited, std::vector<base::Duration>{seconds(2)});
  EXPECT_EQ(worked, std::vector<base::Duration>{seconds(3)});
  EXPECT_EQ(queue.Stats().unfinished, base::Duration{0});
}

// Random operations from several threads: a key is never in two hands, every key that was added is handed out after its
// last add, and in the end nothing is left.
TEST(WorkQueueRandom, InvariantsHold) {
  const auto seed = static_cast<std::uint32_t>(std::time(nullptr));
  SCOPED_TRACE("seed " + std::to_string(seed));
  base::SystemClock clock;
  WorkQueue queue(clock, {.backoff_initial = std::chrono::microseconds(50),
                          .backoff_cap = milliseconds(2),
                          .on_waited = {},
                          .on_worked = {}});
  constexpr int kKeys = 12;
  std::array<std::atomic<int>, kKeys> in_hand{};
  std::array<std::atomic<std::uint64_t>, kKeys> added{}, handled{};
  std::atomic<int> twice{0};

  std::vector<std::jthread> workers;
  for (unsigned w = 0; w < 3; ++w) {
    workers.emplace_back([&, w] {
      std::mt19937 random(seed + 100 + w);
      while (auto key = queue.Get({})) {
        const auto i = static_cast<std::size_t>(std::stoi(*key));
        if (in_hand[i].fetch_add(1) != 0) ++twice;
        const std::uint64_t seen = added[i].load();  // whatever was added before now is covered by this pass
        if (random() % 4 == 0) std::this_thread::yield();
        std::uint64_t before = handled[i].load();
        while (before < seen && !handled[i].compare_exchange_weak(before, seen)) {
        }
        in_hand[i].fetch_sub(1);
        switch (random() % 6) {
          case 0:
            queue.AddRateLimited(*key);
            break;
          case 1:
            queue.AddAfter(*key, std::chrono::microseconds(random() % 500));
            break;
          default:
            queue.Forget(*key);
            break;
        }
        queue.Done(*key);
      }
    });
  }
  std::vector<std::jthread> producers;
  for (unsigned p = 0; p < 3; ++p) {
    producers.emplace_back([&, p] {
      std::mt19937 random(seed + p);
      for (int n = 0; n < 4000; ++n) {
        const auto i = static_cast<std::size_t>(random() % kKeys);
        const Key key = std::to_string(i);
        ++added[i];
        switch (random() % 4) {
          case 0:
            queue.Add(key, WorkQueue::Priority::kLow);
            break;
          case 1:
            queue.AddAfter(key, std::chrono::microseconds(random() % 300));
            break;
          default:
            queue.Add(key);
            break;
        }
      }
    });
  }
  producers.clear();
  // Backoffs and delays are short: everything comes to rest.
  for (int i = 0; i < 5000; ++i) {
    bool all = true;
    for (std::size_t k = 0; k < kKeys; ++k) all = all && handled[k] == added[k];
    if (all) break;
    clock.WaitFor(std::chrono::microseconds(200), {});
  }
  queue.ShutDown();
  workers.clear();
  EXPECT_EQ(twice, 0);
  for (std::size_t k = 0; k < kKeys; ++k) EXPECT_EQ(handled[k], added[k]) << "key " << k << " was lost";
  EXPECT_EQ(queue.Depth(), 0u);
  EXPECT_EQ(queue.Stats().in_hand, 0u);
}

// Construction and destruction with everything going on: no hang (the priority queue of controller-runtime had one).
TEST(WorkQueueRandom, EndsInAnyState) {
  base::SystemClock clock;
  for (int i = 0; i < 200; ++i) {
    auto queue = std::make_unique<WorkQueue>(clock);
    std::jthread adder([&] {
      for (int n = 0; n < 20; ++n) queue->AddAfter(std::to_string(n), std::chrono::microseconds(n * 10));
    });
    std::jthread getter([&](std::stop_token stop) {
      while (auto key = queue->Get(stop)) queue->Done(*key);
    });
    adder.join();
    if (i % 2 == 0) queue->ShutDown();
    getter.request_stop();
    getter.join();
  }
}

}  // namespace
}  // namespace dm::kube

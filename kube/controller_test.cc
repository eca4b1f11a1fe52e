#include "kube/controller.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/guarded.h"

namespace dm::kube {
namespace {

using base::Code;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Predicate>
bool Eventually(Predicate predicate) {
  base::SystemClock clock;
  for (int i = 0; i < 20000; ++i) {
    if (predicate()) return true;
    clock.WaitFor(std::chrono::microseconds(500), {});
  }
  return predicate();
}

struct ResultRow {
  const char* name;
  std::function<base::Result<Requeue>()> result;
  int failures;         // of the key afterwards
  std::size_t delayed;  // keys that will come again
  const char* word;
};

class ResultTable : public ::testing::TestWithParam<ResultRow> {};

TEST_P(ResultTable, DecidesWhetherTheKeyComesAgain) {
  const ResultRow& row = GetParam();
  base::VirtualClock clock;
  WorkQueue queue(clock);
  // One failure from before, so that "forgotten" can be told from "untouched".
  queue.AddRateLimited("ns/a");
  queue.Add("ns/a");
  base::Guarded<std::string> word;
  Controller controller(
      "test", queue, [&](const Key&, std::stop_token) { return row.result(); }, 1, clock,
      [&](const char* result, base::Duration) { word.Set(result); });
  controller.Start();
  ASSERT_TRUE(Eventually([&] { return !word.Copy().empty() && queue.Stats().in_hand == 0; }));
  EXPECT_EQ(word.Copy(), row.word);
  EXPECT_EQ(queue.Failures("ns/a"), row.failures);
  EXPECT_EQ(queue.Stats().delayed, row.delayed);
  EXPECT_EQ(queue.Depth(), 0u);
  controller.Stop();
  const ControllerStats stats = controller.Stats();
  const std::map<std::string, std::uint64_t> counts = {{"success", stats.success},
                                                       {"error", stats.error - stats.panic},
                                                       {"requeue", stats.requeue},
                                                       {"terminal", stats.terminal},
                                                       {"panic", stats.panic}};
  for (const auto& [name, count] : counts) EXPECT_EQ(count, name == row.word ? 1u : 0u) << name;
  EXPECT_EQ(stats.active, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Controller, ResultTable,
    ::testing::Values(
        ResultRow{"Done", [] { return base::Result<Requeue>(Requeue{}); }, 0, 0, "success"},
        ResultRow{"Later", [] { return base::Result<Requeue>(Requeue{seconds(30)}); }, 0, 1, "requeue"},
        ResultRow{"Error", [] { return base::Result<Requeue>(base::Fail(Code::kUnavailable, "m")); }, 2, 1, "error"},
        ResultRow{"Conflict", [] { return base::Result<Requeue>(base::Fail(Code::kConflict, "m")); }, 2, 1, "error"},
        ResultRow{"Cancelled", [] { return base::Result<Requeue>(base::Fail(Code::kCancelled, "m")); }, 2, 1, "error"},
        ResultRow{"Terminal", [] { return base::Result<Requeue>(base::Fail(Code::kInvalid, "m")); }, 0, 0, "terminal"},
        ResultRow{"Exception", []() -> base::Result<Requeue> { throw std::runtime_error("bang"); }, 2, 1, "panic"},
        ResultRow{"ForeignException", []() -> base::Result<Requeue> { throw 5; }, 2, 1, "panic"}),
    [](const auto& row) { return row.param.name; });

TEST(Controller, RequeueComesAfterItsTime) {
  base::VirtualClock clock;
  WorkQueue queue(clock);
  std::atomic<int> runs{0};
  Controller controller(
      "test", queue,
      [&](const Key&, std::stop_token) -> base::Result<Requeue> {
        return ++runs == 1 ? Requeue{seconds(30)} : Requeue{};
      },
      2, clock);
  controller.Start();
  queue.Add("a");
  ASSERT_TRUE(Eventually([&] { return runs == 1 && queue.Stats().delayed == 1; }));
  clock.AwaitWaiters(1);
  clock.Advance(seconds(29));
  EXPECT_EQ(queue.Stats().delayed, 1u);
  clock.Advance(seconds(1));
  EXPECT_TRUE(Eventually([&] { return runs == 2; }));
}

TEST(Controller, RetryAfterIsObeyed) {
  const struct {
    base::Duration asked, waited;
  } rows[] = {{seconds(20), seconds(20)}, {std::chrono::hours(24), seconds(120)}};   // a day is cut down to two minutes
  for (const auto& row : rows) {
    base::VirtualClock clock;
    WorkQueue queue(clock);
    std::atomic<int> runs{0};
    Controller controller(
        "test", queue,
        [&](const Key&, std::stop_token) -> base::Result<Requeue> {
          if (++runs > 1) return Requeue{};
          base::Error error{Code::kUnavailable, "not now"};
          error.retry_after = row.asked;
          return base::Fail(error);
        },
        1, clock);
    controller.Start();
    queue.Add("a");
    ASSERT_TRUE(Eventually([&] { return runs == 1 && queue.Stats().delayed == 1; }));
    clock.AwaitWaiters(1);
    clock.Advance(row.waited - seconds(1));
    EXPECT_EQ(queue.Stats().delayed, 1u) << "5 ms of backoff are long over";
    clock.Advance(seconds(1));
    EXPECT_TRUE(Eventually([&] { return runs == 2; }));
  }
}

TEST(Controller, SeveralWorkersNeverShareAKey) {
  base::SystemClock clock;
  WorkQueue queue(clock);
  base::Guarded<std::map<Key, int>> in_hand;
  std::atomic<int> most{0}, shared{0}, runs{0}, active{0};
  Controller controller(
      "test", queue,
      [&](const Key& key, std::stop_token) -> base::Result<Requeue> {
        if (++(*in_hand.Lock())[key] > 1) ++shared;
        const int now = ++active;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        clock.WaitFor(std::chrono::microseconds(300), {});
        --active;
        --(*in_hand.Lock())[key];
        ++runs;
        return Requeue{};
      },
      4, clock);
  controller.Start();
  for (int i = 0; i < 300; ++i) queue.Add(std::to_string(i % 6));
  ASSERT_TRUE(Eventually([&] { return queue.Depth() == 0 && queue.Stats().in_hand == 0; }));
  controller.Stop();
  EXPECT_EQ(shared, 0);
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 4);
  EXPECT_GE(runs, 6);
}

TEST(Controller, StopWaitsForWhatIsInHandAndTellsIt) {
  base::VirtualClock clock;
  WorkQueue queue(clock);
  std::atomic<bool> begun{false}, ended{false};
  Controller controller(
      "test", queue,
      [&](const Key&, std::stop_token stop) -> base::Result<Requeue> {
        begun = true;
        base::SystemClock().WaitFor(seconds(5), stop);
        ended = true;
        return base::Fail(Code::kCancelled, "stopped");
      },
      1, clock);
  controller.Start();
  queue.Add("a");
  ASSERT_TRUE(Eventually([&] { return begun.load(); }));
  controller.Stop();
  EXPECT_TRUE(ended);
  EXPECT_EQ(controller.Stats().error, 0u) << "being stopped is no error";
  EXPECT_EQ(queue.Stats().delayed, 0u);
}

TEST(Controller, LongestRunningIsOfWhatIsInHand) {
  base::VirtualClock clock;
  WorkQueue queue(clock);
  std::atomic<int> begun{0};
  Controller controller(
      "test", queue,
      [&](const Key&, std::stop_token stop) -> base::Result<Requeue> {
        ++begun;
        base::SystemClock().WaitFor(seconds(5), stop);
        return Requeue{};
      },
      2, clock);
  EXPECT_EQ(controller.LongestRunning(), base::Duration{0});
  controller.Start();
  queue.Add("a");
  ASSERT_TRUE(Eventually([&] { return begun == 1; }));
  clock.Advance(seconds(7));
  queue.Add("b");
  ASSERT_TRUE(Eventually([&] { return begun == 2; }));
  clock.Advance(seconds(3));
  EXPECT_EQ(controller.LongestRunning(), seconds(10));
  EXPECT_EQ(controller.Stats().active, 2);
  controller.Stop();
  EXPECT_EQ(controller.LongestRunning(), base::Duration{0});
}

}  // namespace
}  // namespace dm::kube

#include "app/counted_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <thread>

#include "app/controller_metrics.h"
#include "app/testing/fake_api.h"

namespace dm::app {
namespace {

using ::testing::HasSubstr;
using testing::FakeApi;

TEST(CountedTransport, CountsByCodeAndMethod) {
  Metrics metrics;
  base::VirtualClock clock;
  auto inner = std::make_unique<FakeApi>();
  FakeApi* api = inner.get();
  CountedTransport transport(std::move(inner), "api.example.com:6443", metrics, clock);
  EXPECT_THAT(metrics.Text(), HasSubstr("rest_client_requests_total{code=\"200\",host=\"api.example.com:6443\",method=\"GET\"} 0\n"));

  net::Request request;
  request.target = "/api/v1/nodes?limit=500";
  ASSERT_TRUE(transport.Send(request, {}).has_value());
  request.target = "/api/v1/nodes/none";
  ASSERT_TRUE(transport.Send(request, {}).has_value());
  api->SetHook([](const net::Request&) { return base::Result<net::Response>(base::Fail(base::Code::kUnavailable, "refused")); });
  EXPECT_FALSE(transport.Send(request, {}).has_value());
  struct Sink : net::LineSink {
    Flow OnLine(std::string_view) noexcept override { return Flow::kContinue; }
  } sink;
  EXPECT_FALSE(transport.Stream(request, sink, {}, {}).has_value());

  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("{code=\"200\",host=\"api.example.com:6443\",method=\"GET\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{code=\"404\",host=\"api.example.com:6443\",method=\"GET\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{code=\"<error>\",host=\"api.example.com:6443\",method=\"GET\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("rest_client_request_duration_seconds_count{host=\"api.example.com:6443\",verb=\"GET\"} 3\n"));
}

TEST(CountedTransport, TellsEachThreadHowLongItHasWaited) {
  Metrics metrics;
  base::VirtualClock clock;
  auto inner = std::make_unique<FakeApi>();
  inner->SetHook([&clock](const net::Request& request) -> base::Result<net::Response> {
    clock.Advance(request.method == "GET" ? std::chrono::milliseconds(30) : std::chrono::milliseconds(400));
    return net::Response{200, {}, "{}"};
  });
  CountedTransport transport(std::move(inner), "api.example.com:6443", metrics, clock);
  auto observe = AddReconcileTimes(metrics, "dmcluster");
  net::Request request;
  ASSERT_TRUE(transport.Send(request, {}).has_value());
  EXPECT_EQ(CountedTransport::TakeWaited(), std::chrono::milliseconds(30));

  request.method = "PATCH";
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(transport.Send(request, {}).has_value());
  std::jthread([&] {   // another thread's waiting is not ours
    ASSERT_TRUE(transport.Send(request, {}).has_value());
    EXPECT_EQ(CountedTransport::TakeWaited(), std::chrono::milliseconds(400));
  }).join();
  observe("success", std::chrono::milliseconds(804));
  observe("success", std::chrono::milliseconds(20));   // no request in this one
  const std::string text = metrics.Text();
  const auto bucket = [](const char* name, const char* below, int count) {
    return HasSubstr(std::string(name) + "_bucket{controller=\"dmcluster\",le=\"" + below + "\"} " + std::to_string(count) + "\n");
  };
  EXPECT_THAT(text, bucket("controller_runtime_reconcile_time_seconds", "0.5", 1));
  EXPECT_THAT(text, bucket("controller_runtime_reconcile_time_seconds", "1", 2));
  EXPECT_THAT(text, bucket("dm_operator_reconcile_own_seconds", "0.0025", 0));
  EXPECT_THAT(text, bucket("dm_operator_reconcile_own_seconds", "0.005", 1));
  EXPECT_THAT(text, bucket("dm_operator_reconcile_own_seconds", "0.025", 2));
}

// Until the calling thread has had so much more of a processor.
void Work(std::chrono::nanoseconds amount) {
  const auto used = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  for (const auto end = used() + amount; used() < end;) {
  }
}

TEST(ReconcileTimes, ProcessorTimeIsOfTheThreadAndOfOneReconciliation) {
  Metrics metrics;
  auto observe = AddReconcileTimes(metrics, "dmcluster");
  const auto expect = [&](const char* below, int count) {
    EXPECT_THAT(metrics.Text(), HasSubstr(std::string("dm_operator_reconcile_cpu_seconds_bucket{controller=\"dmcluster\",le=\"") + below + "\"} " +
                                          std::to_string(count) + "\n"));
  };
  std::jthread([&] {
    Work(std::chrono::milliseconds(60));
    observe("success", std::chrono::milliseconds(1));
    expect("0.05", 0);
    expect("10", 1);
    std::jthread([] { Work(std::chrono::milliseconds(60)); }).join();   // waited for, not worked
    observe("success", std::chrono::milliseconds(1));
    expect("0.05", 1);
  }).join();
}

}  // namespace
}  // namespace dm::app

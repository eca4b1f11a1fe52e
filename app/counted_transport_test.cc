#include "app/counted_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace dm::app

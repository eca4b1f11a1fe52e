#include "kube/fence.h"

#include <gtest/gtest.h>

namespace dm::kube {
namespace {

using std::chrono::seconds;

struct Inner final : net::Transport {
  std::vector<net::Request> sent;
  int streams = 0;
  base::Result<net::Response> Send(const net::Request& request, std::stop_token) override {
    sent.push_back(request);
    return net::Response{200, {}, "{}"};
  }
  base::Result<net::StreamEnd> Stream(const net::Request&, net::LineSink&, const net::StreamOptions&, std::stop_token) override {
    ++streams;
    return net::StreamEnd{};
  }
};

struct NoLines final : net::LineSink {
  Flow OnLine(std::string_view) noexcept override { return Flow::kContinue; }
};

net::Request Of(const std::string& method) {
  net::Request request;
  request.method = method;
  request.timeout = seconds(30);
  return request;
}

TEST(FencedTransport, WithoutALeaseReadingPassesAndNothingElse) {
  Inner inner;
  base::Duration left = seconds(0);
  FencedTransport fenced(inner, [&] { return left; });
  EXPECT_TRUE(fenced.Send(Of("GET"), {}));
  NoLines lines;
  EXPECT_TRUE(fenced.Stream(Of("GET"), lines, {}, {}));
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    const auto answer = fenced.Send(Of(method), {});
    ASSERT_FALSE(answer) << method;
    EXPECT_EQ(answer.error().code, base::Code::kUnavailable);
    EXPECT_FALSE(fenced.Stream(Of(method), lines, {}, {})) << method;
  }
  EXPECT_EQ(inner.sent.size(), 1u);
  EXPECT_EQ(inner.streams, 1);
}

TEST(FencedTransport, AChangeGetsNoMoreTimeThanTheLeaseHasLeft) {
  auto owned = std::make_unique<Inner>();
  Inner& inner = *owned;
  base::Duration left = seconds(7);
  FencedTransport fenced(std::move(owned), [&] { return left; });
  ASSERT_TRUE(fenced.Send(Of("PATCH"), {}));
  EXPECT_EQ(inner.sent.back().timeout, seconds(7));
  ASSERT_TRUE(fenced.Send(Of("GET"), {}));
  EXPECT_EQ(inner.sent.back().timeout, seconds(30));
  left = seconds(31);
  ASSERT_TRUE(fenced.Send(Of("DELETE"), {}));
  EXPECT_EQ(inner.sent.back().timeout, seconds(30));
}

}  // namespace
}  // namespace dm::kube

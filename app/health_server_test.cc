#include "app/health_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "net/member_transport.h"

namespace dm::app {
namespace {

using testing::HasSubstr;

struct HealthFixture : testing::Test {
  Metrics metrics;
  Checks live, ready;
  std::string caches = "nodes have not been listed yet";

  HealthFixture() {
    live.Add("ping", [] { return std::string(); });
    ready.Add("caches", [this] { return caches; });
    ready.Add("policy", [] { return std::string(); });
    metrics.AddCounter("dm_test_total", "Things.");
  }
  net::Response Ask(std::string target, std::string method = "GET") {
    net::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    return AnswerHealth(request, metrics, live, ready);
  }
};

TEST_F(HealthFixture, AnswersAsKubernetesComponentsDo) {
  EXPECT_EQ(Ask("/healthz").status, 200);
  EXPECT_EQ(Ask("/healthz").body, "ok");
  EXPECT_EQ(Ask("/livez?verbose").body, "[+]ping ok\npassed\n");
  EXPECT_EQ(Ask("/readyz").status, 503);
  EXPECT_EQ(Ask("/readyz").body, "[-]caches: nodes have not been listed yet\n[+]policy ok\nfailed\n");
  caches.clear();
  EXPECT_EQ(Ask("/readyz").status, 200);
  EXPECT_EQ(Ask("/readyz?verbose").body, "[+]caches ok\n[+]policy ok\npassed\n");
}

TEST_F(HealthFixture, ReadinessDoesNotTouchLiveness) {
  EXPECT_EQ(Ask("/readyz").status, 503);
  EXPECT_EQ(Ask("/healthz").status, 200);
}

TEST_F(HealthFixture, ACheckThatThrowsFails) {
  ready.Add("odd", []() -> std::string { throw std::runtime_error("boom"); });
  EXPECT_THAT(Ask("/readyz").body, HasSubstr("[-]odd: the check itself failed: boom"));
  EXPECT_THAT(ready.Failing(), testing::ElementsAre("caches: nodes have not been listed yet", "odd: the check itself failed: boom"));
}

TEST_F(HealthFixture, ReasonsCannotForgeLines) {
  caches = "one\n[+]two ok";
  EXPECT_THAT(Ask("/readyz").body, testing::Not(HasSubstr("\n[+]two ok")));
}

TEST_F(HealthFixture, MetricsAndTheRest) {
  EXPECT_THAT(Ask("/metrics").body, HasSubstr("dm_test_total 0\n"));
  EXPECT_THAT(Ask("/metrics").headers["content-type"], HasSubstr("version=0.0.4"));
  EXPECT_EQ(Ask("/metrics", "POST").status, 405);
  EXPECT_EQ(Ask("/").status, 404);
  EXPECT_EQ(Ask("/debug").status, 404);
}

TEST_F(HealthFixture, IsServedOnASocket) {
  HealthServer server("127.0.0.1", 0, metrics, live, ready);
  const auto port = server.Start();
  ASSERT_TRUE(port.has_value()) << port.error().ToString();
  net::MemberTransportOptions options;
  options.address = "127.0.0.1";
  options.port = *port;
  options.host_name = "localhost";
  auto client = net::NewMemberTransport(options);
  net::Request request;
  request.target = "/readyz";
  const auto response = client->Send(request, {});
  ASSERT_TRUE(response.has_value()) << response.error().ToString();
  EXPECT_EQ(response->status, 503);
  EXPECT_THAT(response->body, HasSubstr("nodes have not been listed yet"));
  server.Stop();
  EXPECT_FALSE(client->Send(request, {}).has_value());
}

}  // namespace
}  // namespace dm::app

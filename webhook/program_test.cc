// The webhook as a whole in this process: a small API server behind it, real sockets and real TLS before it.
#include "webhook/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "app/testing/fake_api.h"
#include "app/testing/objects.h"
#include "base/log.h"
#include "base/strings.h"
#include "net/member_transport.h"
#include "webhook/testing/reviews.h"

namespace dm::webhook {
namespace {

using ::testing::HasSubstr;
using app::testing::ClusterJson;
using app::testing::FakeApi;
using testing::ReviewJson;

constexpr const char* kConfiguration = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/dm-webhook";

struct ProgramTest : ::testing::Test {
  base::SystemClock clock;
  base::SystemRandom random;
  FakeApi* api = nullptr;
  std::unique_ptr<Program> program;
  Options options;

  ProgramTest() {
    base::SetLogSink([](std::string_view) {});
    options.address = options.common.health_address = "127.0.0.1";
    options.port = options.common.health_port = 0;
    options.ns = "dm";
    options.drain_delay = std::chrono::milliseconds(300);
    auto server = std::make_unique<FakeApi>();
    api = server.get();
    for (int i = 0; i < 4; ++i) {
      const std::string name = "node-" + std::to_string(i);
      api->Put("/api/v1/nodes/" + name, app::testing::NodeJson(name));
    }
    api->Put("/apis/storage.k8s.io/v1/storageclasses/fast", app::testing::StorageClassJson("fast"));
    api->Put("/api/v1/namespaces/shop", app::testing::NamespaceJson("shop"));
    api->Put(kConfiguration, {{"metadata", {{"name", "dm-webhook"}}},
                              {"webhooks", {{{"name", "a.b.c"}, {"clientConfig", {{"service", {{"name", "dm-webhook"}, {"namespace", "dm"}}}}}}}}});
    server_ = std::move(server);
  }
  ~ProgramTest() override {
    program.reset();
    base::SetLogSink({});
  }
  void Make() { program = std::make_unique<Program>(options, std::move(server_), "api.test", clock, random); }
  void StartReady() {
    Make();
    const auto started = program->Start();
    ASSERT_TRUE(started.has_value()) << started.error().ToString();
    ASSERT_TRUE(Await([&] { return program->WhyNotReady().empty(); })) << program->WhyNotReady();
  }
  template <class Predicate>
  static bool Await(Predicate predicate) {
    base::SystemClock clock;
    for (int turn = 0; turn < 1000; ++turn) {
      if (predicate()) return true;
      clock.WaitFor(std::chrono::milliseconds(10), {});
    }
    return false;
  }
  // As the API server calls: trusting what is published, by the Service's name.
  std::unique_ptr<net::Transport> Caller() const {
    net::MemberTransportOptions caller;
    caller.address = "127.0.0.1";
    caller.port = program->port();
    caller.host_name = "dm-webhook.dm.svc";
    caller.tls = true;
    caller.authority_pem =
        base::Base64Decode((*api->Get(kConfiguration))["webhooks"][0]["clientConfig"].value("caBundle", "")).value_or("");
    return net::NewMemberTransport(caller);
  }
  static net::Request Post(std::string body) {
    net::Request request;
    request.method = "POST";
    request.target = "/validate?timeout=5s";
    request.headers["Content-Type"] = "application/json";
    request.body = std::move(body);
    return request;
  }
  static net::Request Post(const base::Json& review) { return Post(base::DumpJson(review)); }
  base::Result<net::Response> Health(const std::string& path) const {
    net::MemberTransportOptions plain;
    plain.address = "127.0.0.1";
    plain.port = program->health_port();
    plain.host_name = "localhost";
    net::Request request;
    request.target = path;
    return net::NewMemberTransport(plain)->Send(request, {});
  }

  std::unique_ptr<FakeApi> server_;
};

TEST_F(ProgramTest, JudgesOverTlsAsTheApiServerCalls) {
  StartReady();
  const auto good = Caller()->Send(Post(ReviewJson("CREATE", ClusterJson())), {});
  ASSERT_TRUE(good.has_value()) << good.error().ToString();
  EXPECT_EQ(good->status, 200);
  EXPECT_THAT(good->body, HasSubstr("\"allowed\":true"));
  base::Json bad = ClusterJson();
  bad["spec"]["worker"]["requests"]["cpu"] = "8";
  const auto refused = Caller()->Send(Post(ReviewJson("CREATE", bad)), {});
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 200);
  EXPECT_THAT(refused->body, HasSubstr("spec.worker.requests.cpu"));
  EXPECT_THAT(refused->body, HasSubstr(testing::kUid));
  const auto metrics = Health("/metrics");
  ASSERT_TRUE(metrics.has_value());
  EXPECT_THAT(metrics->body, HasSubstr("dm_webhook_denials_total{rule=\"WorkerCPU\"} 1\n"));
  EXPECT_THAT(metrics->body, HasSubstr("dm_watch_synced{resource=\"nodes\"} 1\n"));
  EXPECT_THAT(metrics->body, HasSubstr("dm_policy_error 0\n"));
  EXPECT_THAT(metrics->body, ::testing::Not(HasSubstr("dm_webhook_certificate_expiry_timestamp_seconds{certificate=\"serving\"} 0\n")));
  EXPECT_EQ(Health("/healthz")->status, 200);
  EXPECT_EQ(Health("/readyz")->status, 200);
}

TEST_F(ProgramTest, NonsenseCostsAnErrorAndNothingElse) {
  StartReady();
  const auto too_large = Caller()->Send(Post(std::string(8u << 20, 'x')), {});
  // The server may close while we still send: that is an answer too.
  if (too_large.has_value()) {
    EXPECT_EQ(too_large->status, 413);
  }
  net::Request typed = Post(ReviewJson("CREATE", ClusterJson()));
  typed.headers["Content-Type"] = "text/plain";
  EXPECT_EQ(Caller()->Send(typed, {})->status, 415);
  EXPECT_EQ(Caller()->Send(Post(std::string("{")), {})->status, 400);
  EXPECT_EQ(Caller()->Send(Post(std::string()), {})->status, 400);
  const auto after = Caller()->Send(Post(ReviewJson("CREATE", ClusterJson())), {});
  ASSERT_TRUE(after.has_value()) << after.error().ToString();
  EXPECT_THAT(after->body, HasSubstr("\"allowed\":true"));
}

TEST_F(ProgramTest, IsNotReadyBeforeItCanJudge) {
  options.common.policy = "/nonexistent/policy.yaml";
  api->Remove(kConfiguration);
  Make();
  ASSERT_TRUE(program->Start().has_value());
  ASSERT_TRUE(Await([&] { return program->WhyNotReady().find("ValidatingWebhookConfiguration") != std::string::npos; }));
  const auto ready = Health("/readyz");
  ASSERT_TRUE(ready.has_value());
  EXPECT_EQ(ready->status, 503);
  EXPECT_THAT(ready->body, HasSubstr("[-]certificate: "));
  EXPECT_THAT(ready->body, HasSubstr("[-]policy: /nonexistent/policy.yaml"));
  EXPECT_EQ(Health("/healthz")->status, 200) << "nothing of this is mended by a restart";
}

TEST_F(ProgramTest, DrainsWithoutLosingAReview) {
  StartReady();
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0}, lost{0}, refused{0};
  std::jthread load([&] {
    while (!stop) {
      const auto response = Caller()->Send(Post(ReviewJson("CREATE", ClusterJson())), {});
      if (!response) {
        ++(program->WhyNotReady().find("stopping") != std::string::npos ? refused : lost);
      } else if (response->status == 200) {
        ++answered;
      }
    }
  });
  ASSERT_TRUE(Await([&] { return answered > 5; }));
  std::jthread stopper([&] { program->Stop(); });
  ASSERT_TRUE(Await([&] { return !program->WhyNotReady().empty(); }));
  const int at_signal = answered;
  EXPECT_THAT(Health("/readyz")->body, HasSubstr("[-]serving: this replica is stopping"));
  ASSERT_TRUE(Await([&] { return answered > at_signal + 3; })) << "it goes on answering during the delay";
  stopper.join();
  stop = true;
  load.join();
  EXPECT_EQ(lost, 0);
  EXPECT_FALSE(Caller()->Send(Post(ReviewJson("CREATE", ClusterJson())), {}).has_value()) << "the port is closed";
}

TEST_F(ProgramTest, ATakenPortIsAnError) {
  StartReady();
  Options second = options;
  second.port = program->port();
  Program other(second, std::make_unique<FakeApi>(), "api.test", clock, random);
  const auto started = other.Start();
  ASSERT_FALSE(started.has_value());
  EXPECT_THAT(started.error().ToString(), HasSubstr("review server"));
}

}  // namespace
}  // namespace dm::webhook

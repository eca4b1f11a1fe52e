#include "webhook/handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "app/testing/fake_api.h"
#include "base/log.h"
#include "webhook/testing/reviews.h"
#include "webhook/testing/surroundings.h"

namespace dm::webhook {
namespace {

using ::testing::HasSubstr;
using app::testing::ClusterJson;
using app::testing::FakeApi;
using testing::ReviewJson;

struct HandlerTest : ::testing::Test {
  FakeApi api;
  kube::Client client{api, kLookupDeadline};
  LiveLookup lookup{client};
  std::string cold;
  std::function<app::Surroundings()> surroundings = [around = testing::ClusterWith(5)] { return around; };
  Decider decider{{[this] { return surroundings(); }, [this] { return cold; }, [] { return base::Duration{0}; }}, lookup};
  app::Metrics metrics;
  base::VirtualClock clock;
  Handler handler{decider, metrics, clock};
  std::vector<std::string> log;

  HandlerTest() {
    base::SetLogSink([this](std::string_view line) { log.emplace_back(line); });
    base::SetLogLevel(base::Level::kDebug);
  }
  ~HandlerTest() override {
    base::SetLogSink({});
    base::SetLogLevel(base::Level::kInfo);
  }
  net::Response Send(const std::string& body, const std::string& type = "application/json") {
    net::Request request;
    request.method = "POST";
    request.target = "/validate?timeout=5s";
    if (!type.empty()) request.headers["Content-Type"] = type;
    request.body = body;
    return handler.Handle(request);
  }
  net::Response Send(const base::Json& review) { return Send(base::DumpJson(review)); }
  static base::Json Sent(const net::Response& response) { return (*base::ParseJson(response.body))["response"]; }
};

TEST_F(HandlerTest, VerdictsAreAlways200) {
  const net::Response good = Send(ReviewJson("CREATE", ClusterJson()));
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.headers.at("content-type"), "application/json");
  EXPECT_EQ(Sent(good)["allowed"], true);
  base::Json bad = ClusterJson();
  bad["spec"]["master"]["replicas"] = 1;
  const net::Response refused = Send(ReviewJson("CREATE", bad));
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(Sent(refused)["allowed"], false);
  EXPECT_EQ(Sent(refused)["uid"], testing::kUid);
}

TEST_F(HandlerTest, NonsenseIsAnsweredToWhomItConcerns) {
  const net::Response unknown = Send(std::string("hello"));
  EXPECT_EQ(unknown.status, 400) << "nobody to answer: an HTTP error";
  EXPECT_EQ(Send(std::string("{}"), "text/plain").status, 415);
  EXPECT_EQ(Send(std::string("{}"), "").status, 415);
  base::Json review = ReviewJson("CREATE", ClusterJson());
  review["apiVersion"] = "admission.k8s.io/v1beta1";
  const net::Response known = Send(review);
  EXPECT_EQ(known.status, 200);
  EXPECT_EQ(Sent(known)["uid"], testing::kUid);
  EXPECT_EQ(Sent(known)["allowed"], false);
  EXPECT_EQ(Sent(known)["status"]["code"], 400);
}

TEST_F(HandlerTest, AnExceptionIsA500WithTheUid) {
  surroundings = []() -> app::Surroundings { throw std::runtime_error("secret detail"); };
  const net::Response response = Send(ReviewJson("CREATE", ClusterJson()));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Sent(response)["uid"], testing::kUid);
  EXPECT_EQ(Sent(response)["allowed"], false);
  EXPECT_EQ(Sent(response)["status"]["code"], 500);
  EXPECT_THAT(response.body, ::testing::Not(HasSubstr("secret detail")));
  EXPECT_THAT(log.back(), HasSubstr("secret detail"));
  EXPECT_THAT(metrics.Text(), HasSubstr("controller_runtime_webhook_panics_total 1\n"));
}

TEST_F(HandlerTest, ColdAndLeavingAskToComeBack) {
  cold = "nodes have not been listed yet";
  net::Response response = Send(ReviewJson("CREATE", ClusterJson()));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("Retry-After"), "1");
  EXPECT_THAT(response.body, HasSubstr("nodes have not been listed yet"));
  cold.clear();
  handler.Leave();
  response = Send(ReviewJson("CREATE", ClusterJson()));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("Retry-After"), "1");
}

TEST_F(HandlerTest, OnlyOnePathAndMethod) {
  net::Request request;
  request.target = "/validate";
  EXPECT_EQ(handler.Handle(request).status, 405);
  request.target = "/healthz";
  EXPECT_EQ(handler.Handle(request).body, "ok");
  for (const char* target : {"/", "/validate/", "/mutate", "/metrics", "//validate"}) {
    request.target = target;
    EXPECT_EQ(handler.Handle(request).status, 404) << target;
  }
}

TEST_F(HandlerTest, CountsWithoutNames) {
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_webhook_denials_total{rule=\"MasterReplicas\"} 0\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("controller_runtime_webhook_requests_total{code=\"200\",webhook=\"/validate\"} 0\n"));
  base::Json bad = ClusterJson("very-special-name", "shop");
  bad["spec"]["master"]["replicas"] = 1;
  Send(ReviewJson("CREATE", bad));
  Send(ReviewJson("CREATE", ClusterJson()));
  Send(std::string("hello"));
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("dm_webhook_denials_total{rule=\"MasterReplicas\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("dm_webhook_verdicts_total{operation=\"create\",verdict=\"allowed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("dm_webhook_verdicts_total{operation=\"create\",verdict=\"denied\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("controller_runtime_webhook_requests_total{code=\"200\",webhook=\"/validate\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("controller_runtime_webhook_requests_total{code=\"400\",webhook=\"/validate\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("controller_runtime_webhook_latency_seconds_count{webhook=\"/validate\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("controller_runtime_webhook_requests_in_flight{webhook=\"/validate\"} 0\n"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("very-special-name")));
}

TEST_F(HandlerTest, TheLogSaysWhatWasJudgedAndNothingOfTheObject) {
  base::Json object = ClusterJson();
  object["spec"]["master"]["replicas"] = 1;
  object["metadata"]["annotations"]["note"] = "do-not-log-me";
  Send(ReviewJson("CREATE", object));
  EXPECT_THAT(log.back(), HasSubstr("MasterReplicas"));
  EXPECT_THAT(log.back(), HasSubstr(testing::kUid));
  for (const std::string& line : log) EXPECT_THAT(line, ::testing::Not(HasSubstr("do-not-log-me")));
}

}  // namespace
}  // namespace dm::webhook

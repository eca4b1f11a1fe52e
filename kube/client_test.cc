#include "kube/client.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kube/testing/auto_clock.h"
#include "kube/testing/fake_transport.h"

namespace dm::kube {
namespace {

using base::Code;
using base::Json;
using testing::AutoClock;
using testing::FakeTransport;

TEST(Resource, Paths) {
  const Resource dm{"pingcap.com", "v1alpha1", "DMCluster", "dmclusters", true};
  EXPECT_EQ(resources::kPods.Path("ns", "a"), "/api/v1/namespaces/ns/pods/a");
  EXPECT_EQ(resources::kPods.Path(""), "/api/v1/pods");
  EXPECT_EQ(resources::kNodes.Path("ignored", "n1"), "/api/v1/nodes/n1");
  EXPECT_EQ(resources::kStorageClasses.Path(""), "/apis/storage.k8s.io/v1/storageclasses");
  EXPECT_EQ(dm.Path("ns", "a", "status"), "/apis/pingcap.com/v1alpha1/namespaces/ns/dmclusters/a/status");
  EXPECT_EQ(resources::kPods.Path("ns", "a/../b"), "/api/v1/namespaces/ns/pods/a%2F..%2Fb");
  EXPECT_EQ(dm.ApiVersion(), "pingcap.com/v1alpha1");
  EXPECT_EQ(resources::kPods.ApiVersion(), "v1");
}

struct StatusRow {
  const char* name;
  int status;
  const char* body;
  const char* retry_after;  // header; null: none
  Code code;
  const char* reason;
  const char* message;
  int seconds;  // retry_after; -1: none
};

class StatusTable : public ::testing::TestWithParam<StatusRow> {};

TEST_P(StatusTable, BecomesAnError) {
  const StatusRow& row = GetParam();
  net::Response response{row.status, {}, row.body};
  if (row.retry_after != nullptr) response.headers["retry-after"] = row.retry_after;
  const base::Error error = ErrorFromResponse(response);
  EXPECT_EQ(error.code, row.code);
  EXPECT_EQ(error.reason, row.reason);
  EXPECT_EQ(error.message, row.message);
  EXPECT_EQ(error.retry_after.has_value(), row.seconds >= 0);
  if (error.retry_after) {
    EXPECT_EQ(*error.retry_after, std::chrono::seconds(row.seconds));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Client, StatusTable,
    ::testing::Values(
        StatusRow{"NotFound", 404,
                  R"({"kind":"Status","reason":"NotFound","message":"pods \"a\" not found","code":404})", nullptr,
                  Code::kNotFound, "NotFound", "pods \"a\" not found", -1},
        StatusRow{"Exists", 409, R"({"kind":"Status","reason":"AlreadyExists","message":"m"})", nullptr,
                  Code::kConflict, "AlreadyExists", "m", -1},
        StatusRow{
            "Conflict", 409,
            R"({"kind":"Status","reason":"Conflict","message":"Apply failed with 1 conflict: conflict with \"x\": .spec.a",
                      "details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"x\"","field":".spec.a"}]}})",
            nullptr, Code::kConflict, "Conflict", "Apply failed with 1 conflict: conflict with \"x\": .spec.a", -1},
        StatusRow{"CausesThatTheMessageLacks", 422,
                  R"({"kind":"Status","reason":"Invalid","message":"refused","details":{"causes":[
                      {"field":"spec.a","message":"must be 1"},{"message":"and more"}]}})",
                  nullptr, Code::kInvalid, "Invalid", "refused: spec.a: must be 1; and more", -1},
        StatusRow{"OnlyCauses", 400, R"({"kind":"Status","details":{"causes":[{"field":"f","message":"m"}]}})", nullptr,
                  Code::kInvalid, "", "f: m", -1},
        StatusRow{"Gone", 410, R"({"kind":"Status","reason":"Gone","message":"m"})", nullptr, Code::kGone, "Gone", "m",
                  -1},
        StatusRow{"ExpiredByWord", 500, R"({"kind":"Status","reason":"Expired","message":"m"})", nullptr, Code::kGone,
                  "Expired", "m", -1},
        StatusRow{
            "TooLarge", 504,
            R"({"kind":"Status","reason":"Timeout","message":"Too large resource version: 9, current: 1","details":{
                      "causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1}})",
            nullptr, Code::kTimeout, "ResourceVersionTooLarge", "Too large resource version: 9, current: 1", 1},
        StatusRow{"Terminating", 403,
                  R"({"kind":"Status","reason":"Forbidden","message":"forbidden: being terminated","details":{
                      "causes":[{"reason":"NamespaceTerminating","message":"being terminated"}]}})",
                  nullptr, Code::kDenied, "NamespaceTerminating", "forbidden: being terminated", -1},
        StatusRow{"Unauthorized", 401, R"({"kind":"Status","reason":"Unauthorized","message":"Unauthorized"})", nullptr,
                  Code::kDenied, "Unauthorized", "Unauthorized", -1},
        StatusRow{"TooMany", 429,
                  R"({"kind":"Status","reason":"TooManyRequests","message":"storage is (re)initializing"})", "7",
                  Code::kUnavailable, "TooManyRequests", "storage is (re)initializing", 7},
        StatusRow{"HeaderBeatsBody", 429, R"({"kind":"Status","message":"m","details":{"retryAfterSeconds":3}})", "9",
                  Code::kUnavailable, "", "m", 9},
        StatusRow{"ADayAtMost", 429, R"({"kind":"Status","message":"m","details":{"retryAfterSeconds":1000000000000}})", nullptr,
                  Code::kUnavailable, "", "m", 86'400},
        StatusRow{"HeaderThatIsADate", 503, "", "Wed, 21 Oct 2026 07:28:00 GMT", Code::kUnavailable, "",
                  "the API server answered 503", -1},
        StatusRow{"Internal", 500, R"({"kind":"Status","reason":"InternalError","message":"m"})", nullptr,
                  Code::kUnavailable, "InternalError", "m", -1},
        StatusRow{"ProxyPage", 502, "<html>\nBad Gateway", nullptr, Code::kUnavailable, "",
                  "the API server answered 502: <html>\\nBad Gateway", -1},
        StatusRow{"OtherJson", 404, R"({"message":"not a status"})", nullptr, Code::kNotFound, "",
                  R"(the API server answered 404: {"message":"not a status"})", -1},
        StatusRow{"Redirect", 302, "", nullptr, Code::kInternal, "", "the API server answered 302", -1},
        StatusRow{"Method", 405, "", nullptr, Code::kInvalid, "", "the API server answered 405", -1},
        StatusRow{"Wait", 408, "", nullptr, Code::kTimeout, "", "the API server answered 408", -1}),
    [](const auto& row) { return row.param.name; });

class ClientTest : public ::testing::Test {
 protected:
  void Answer(std::vector<net::Response> answers) {
    answers_ = std::move(answers);
    transport_.OnSend([this](const net::Request&) -> base::Result<net::Response> {
      const std::size_t i = std::min(next_++, answers_.size() - 1);
      return answers_[i];
    });
  }
  std::string Line(std::size_t i) const {
    const auto requests = transport_.requests();
    return i < requests.size() ? requests[i].method + " " + requests[i].target : "(none)";
  }
  Json Body(std::size_t i) const { return Json::parse(transport_.requests().at(i).body); }

  AutoClock clock_;
  FakeTransport transport_;
  Client client_{transport_, std::chrono::seconds(30), &clock_};
  std::vector<net::Response> answers_;
  std::size_t next_ = 0;
};

TEST_F(ClientTest, VerbsAsTheyGoOnTheWire) {
  Answer({{200, {}, R"({"metadata":{"name":"a","managedFields":[1]}})"}});
  const Json object = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}, {"namespace", "ns"}}}};
  const auto& maps = resources::kConfigMaps;
  auto got = client_.Get(maps, "ns", "a");
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, Json::parse(R"({"metadata":{"name":"a"}})"));
  ASSERT_TRUE(client_.Create(maps, object));
  ASSERT_TRUE(client_.Create(maps, object, true));
  ASSERT_TRUE(client_.Update(maps, object));
  ApplyOptions apply;
  apply.field_manager = "a b";
  ASSERT_TRUE(client_.Apply(maps, object, apply));
  apply.force = false;
  apply.dry_run = true;
  apply.subresource = "status";
  ASSERT_TRUE(client_.Apply(maps, object, apply));
  ASSERT_TRUE(client_.MergePatch(maps, "ns", "a", Json{{"x", nullptr}}, "status"));
  ASSERT_TRUE(client_.Delete(maps, "ns", "a", {.uid = "u", .resource_version = "5"}, "Background"));
  ASSERT_TRUE(client_.Raw("GET", "/version"));

  EXPECT_EQ(Line(0), "GET /api/v1/namespaces/ns/configmaps/a");
  EXPECT_EQ(Line(1), "POST /api/v1/namespaces/ns/configmaps");
  EXPECT_EQ(Body(1), object);
  EXPECT_EQ(Line(2), "POST /api/v1/namespaces/ns/configmaps?dryRun=All");
  EXPECT_EQ(Line(3), "PUT /api/v1/namespaces/ns/configmaps/a");
  EXPECT_EQ(Line(4), "PATCH /api/v1/namespaces/ns/configmaps/a?fieldManager=a%20b&force=true");
  EXPECT_EQ(Line(5), "PATCH /api/v1/namespaces/ns/configmaps/a/status?fieldManager=a%20b&dryRun=All");
  EXPECT_EQ(Line(6), "PATCH /api/v1/namespaces/ns/configmaps/a/status");
  EXPECT_EQ(Line(7), "DELETE /api/v1/namespaces/ns/configmaps/a");
  EXPECT_EQ(Body(7), Json::parse(R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background",
                                     "preconditions":{"uid":"u","resourceVersion":"5"}})"));
  EXPECT_EQ(Line(8), "GET /version");
  const auto requests = transport_.requests();
  EXPECT_EQ(requests[4].headers.at("Content-Type"), "application/apply-patch+yaml");
  EXPECT_EQ(requests[6].headers.at("content-type"), "application/merge-patch+json");
  EXPECT_EQ(requests[0].headers.at("Accept"), "application/json");
}

TEST_F(ClientTest, WritesThatCannotBeMeantAreRefusedHere) {
  Answer({{200, {}, "{}"}});
  const Json nameless = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"namespace", "ns"}}}};
  const Json homeless = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "a"}}}};
  const Json managed = {{"apiVersion", "v1"},
                        {"kind", "Pod"},
                        {"metadata", {{"name", "a"}, {"namespace", "ns"}, {"managedFields", Json::array()}}}};
  const Json kindless = {{"metadata", {{"name", "a"}, {"namespace", "ns"}}}};
  EXPECT_EQ(client_.Update(resources::kPods, nameless).error().code, Code::kInvalid);
  EXPECT_EQ(client_.Apply(resources::kPods, homeless).error().code, Code::kInvalid);
  EXPECT_EQ(client_.Create(resources::kPods, homeless).error().code, Code::kInvalid);
  EXPECT_NE(client_.Apply(resources::kPods, managed).error().message.find("managedFields"), std::string::npos);
  EXPECT_NE(client_.Apply(resources::kPods, kindless).error().message.find("apiVersion"), std::string::npos);
  EXPECT_TRUE(transport_.requests().empty());
}

TEST_F(ClientTest, DeleteOfWhatIsNotThereIsSuccess) {
  Answer({{404, {}, ""}, {409, {}, ""}});
  EXPECT_TRUE(client_.Delete(resources::kPods, "ns", "a"));
  EXPECT_EQ(client_.Delete(resources::kPods, "ns", "a", {.uid = "old"}).error().code, Code::kConflict);
}

TEST_F(ClientTest, AsksAgainWhenTheServerDidNothing) {
  Answer({{429, {}, R"({"kind":"Status","message":"storage is (re)initializing"})"},
          {429, {{"Retry-After", "2"}}, ""},
          {503, {{"Retry-After", "5"}}, ""},
          {201, {}, "{}"}});
  const Json object = {{"metadata", {{"name", "a"}, {"namespace", "ns"}}}};
  ASSERT_TRUE(client_.Create(resources::kPods, object));
  EXPECT_EQ(clock_.waits(),
            (std::vector<base::Duration>{std::chrono::seconds(1), std::chrono::seconds(2), std::chrono::seconds(5)}));
  EXPECT_EQ(transport_.requests().back().timeout, std::chrono::seconds(22)) << "each try has what is left";
}

struct NoRetryRow {
  int status;
  const char* retry_after;
};
TEST_F(ClientTest, DoesNotAskAgainOtherwise) {
  for (const auto& [status, header] : {NoRetryRow{500, nullptr}, NoRetryRow{503, nullptr}, NoRetryRow{504, nullptr},
                                       NoRetryRow{404, "1"}, NoRetryRow{409, "1"}, NoRetryRow{503, "60"}}) {
    net::Headers headers;
    if (header != nullptr) headers["Retry-After"] = header;
    Answer({{status, headers, ""}});
    const std::size_t before = transport_.requests().size();
    EXPECT_FALSE(client_.Get(resources::kPods, "ns", "a"));
    EXPECT_EQ(transport_.requests().size(), before + 1) << status;
  }
}

TEST_F(ClientTest, TriesAreBoundedInNumberAndTime) {
  Answer({{429, {{"Retry-After", "0"}}, ""}});
  auto result = client_.Get(resources::kPods, "ns", "a");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_EQ(transport_.requests().size(), static_cast<std::size_t>(Client::kMaxTries));
  Answer({{429, {{"Retry-After", "13"}}, ""}});
  const std::size_t before = transport_.requests().size();
  ASSERT_FALSE(client_.Get(resources::kPods, "ns", "a"));
  EXPECT_EQ(transport_.requests().size(), before + 3) << "at 0, 13 and 26 of 30 s";
}

TEST_F(ClientTest, StopEndsTheWait) {
  Answer({{429, {{"Retry-After", "1"}}, ""}});
  std::stop_source stop;
  transport_.OnSend([&](const net::Request&) -> base::Result<net::Response> {
    stop.request_stop();
    return net::Response{429, {}, ""};
  });
  auto result = client_.Get(resources::kPods, "ns", "a", stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kCancelled);
}

TEST_F(ClientTest, TransportErrorsSayWhatWasAsked) {
  transport_.OnSend([](const net::Request&) -> base::Result<net::Response> {
    return base::Fail(Code::kUnavailable, "connection refused");
  });
  auto result = client_.Get(resources::kPods, "ns", "a");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_EQ(result.error().ToString(), "GET /api/v1/namespaces/ns/pods/a: connection refused");
}

TEST_F(ClientTest, AnAnswerThatMakesNoSenseIsInternal) {
  Answer({{200, {}, "<html>"}});
  auto result = client_.Get(resources::kPods, "ns", "a");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInternal);
  EXPECT_EQ(client_.List(resources::kPods, "ns").error().code, Code::kInternal);
  auto raw = client_.Raw("GET", "/readyz");
  ASSERT_TRUE(raw);
  EXPECT_EQ(*raw, "<html>");
}

TEST_F(ClientTest, ListsPageByPageAndNamesTheKind) {
  Answer(
      {{200, {}, R"({"metadata":{"resourceVersion":"1","continue":"t/1"},"items":[{"metadata":{"name":"a"}}]})"},
       {200,
        {},
        R"({"metadata":{"resourceVersion":"1"},"items":[{"kind":"Own","apiVersion":"x/v1","metadata":{"name":"b"}}]})"}});
  auto all = client_.List(resources::kStatefulSets, "ns", "a=b,c");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0]["kind"], "StatefulSet");
  EXPECT_EQ((*all)[0]["apiVersion"], "apps/v1");
  EXPECT_EQ((*all)[1]["kind"], "Own");
  EXPECT_EQ(Line(0), "GET /apis/apps/v1/namespaces/ns/statefulsets?limit=500&labelSelector=a%3Db%2Cc");
  EXPECT_EQ(Line(1), Line(0).append("&continue=t%2F1"));
}

TEST_F(ClientTest, AnExpiredPageStartsTheListOverOnce) {
  const net::Response page{
      200, {}, R"({"metadata":{"resourceVersion":"1","continue":"t"},"items":[{"metadata":{"name":"a"}}]})"};
  const net::Response gone{410, {}, ""};
  const net::Response last{200, {}, R"({"metadata":{"resourceVersion":"2"},"items":[{"metadata":{"name":"b"}}]})"};
  Answer({page, gone, last});
  auto all = client_.List(resources::kPods, "ns");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1u) << "what came before the restart is dropped";
  EXPECT_EQ((*all)[0]["metadata"]["name"], "b");
  next_ = 0;
  Answer({page, gone, page, gone, last});
  EXPECT_EQ(client_.List(resources::kPods, "ns").error().code, Code::kGone);
}

}  // namespace
}  // namespace dm::kube

// The reflector against scripts: each cell of the error matrix is a row, played from list to the next steady watch.
#include "kube/reflector.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "base/strings.h"
#include "kube/api/object_meta.h"
#include "kube/testing/auto_clock.h"
#include "kube/testing/fake_transport.h"

namespace dm::kube {
namespace {

using base::Code;
using base::Json;
using net::StreamEndKind;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AutoClock;
using testing::FakeStream;
using testing::FakeTransport;

struct Thing {
  api::ObjectMeta meta;
};

base::Result<Thing> ParseThing(const Json& object) {
  auto meta = api::ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  if (meta->annotations.contains("broken")) return base::Fail(Code::kInvalid, "annotated as broken");
  return Thing{std::move(*meta)};
}

Json Pod(const std::string& name, const std::string& version) {
  return {{"kind", "Pod"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", name}, {"namespace", "ns"}, {"resourceVersion", version}}}};
}
std::string Event(const std::string& type, const Json& object) {
  return Json{{"type", type}, {"object", object}}.dump();
}
std::string Added(const std::string& name, const std::string& version) { return Event("ADDED", Pod(name, version)); }
std::string Bookmark(const std::string& version) {
  return Event("BOOKMARK", {{"kind", "Pod"}, {"apiVersion", "v1"}, {"metadata", {{"resourceVersion", version}}}});
}
std::string Status(int code, const std::string& reason, const std::string& cause = {}) {
  Json status = {{"kind", "Status"}, {"apiVersion", "v1"}, {"code", code}, {"reason", reason}, {"message", "because"}};
  if (!cause.empty()) status["details"]["causes"] = {{{"reason", cause}}};
  return status.dump();
}
std::string ErrorEvent(int code, const std::string& reason) {
  return Event("ERROR", Json::parse(Status(code, reason)));
}

net::Response List(const std::string& version, const std::vector<Json>& pods, const std::string& next = {}) {
  Json items = Json::array();
  for (Json pod : pods) {
    pod.erase("kind");  // as the server sends them
    pod.erase("apiVersion");
    items.push_back(std::move(pod));
  }
  Json metadata = {{"resourceVersion", version}};
  if (!next.empty()) metadata["continue"] = next;
  return {200, {}, Json{{"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", metadata}, {"items", items}}.dump()};
}

// "list", "list next=tok", "watch 10".
std::string Show(const net::Request& request) {
  std::string version, next;
  bool watch = false;
  for (const auto& [name, value] : net::QueryOf(request.target)) {
    if (name == "resourceVersion") version = value;
    if (name == "continue") next = value;
    if (name == "watch") watch = true;
  }
  if (watch) return "watch " + version;
  return next.empty() ? "list" : "list next=" + next;
}

class Stage {
 public:
  explicit Stage(ReflectorOptions options = {}) {
    options.resource = resources::kPods;
    options.backoff.jitter = 0;
    transport_.OnTime([this](base::Duration by) { clock_.Advance(by); });
    transport_.OnSend([this](const net::Request&) -> base::Result<net::Response> {
      if (lists_.size() == 1) return lists_.front();  // the last one answers for ever
      auto answer = std::move(lists_.front());
      lists_.pop_front();
      return answer;
    });
    reflector_ = Reflect<Thing>(transport_, options, store_, ParseThing, clock_, random_);
  }

  void Lists(std::deque<base::Result<net::Response>> lists) { lists_ = std::move(lists); }
  void Watch(FakeStream stream) { transport_.Push(std::move(stream)); }

  // Plays until a watch is held open, and stops.
  void Play() {
    reflector_->Start();
    EXPECT_TRUE(transport_.AwaitHeld());
    health_ = reflector_->Health();
    reflector_->Stop();
  }
  std::string Log() const {
    std::vector<std::string> lines;
    for (const auto& request : transport_.requests()) lines.push_back(Show(request));
    return base::Join(lines, ", ");
  }
  std::string Waits() const {
    std::vector<std::string> texts;
    for (const base::Duration wait : clock_.waits()) {
      texts.push_back(std::to_string(std::chrono::duration_cast<milliseconds>(wait).count()));
    }
    return base::Join(texts, " ");
  }
  std::string Held() const {
    std::vector<std::string> names;
    for (const auto& [key, thing] : store_.Read()->items) names.push_back(key + "@" + thing->meta.resource_version);
    return base::Join(names, " ");
  }

  AutoClock clock_;
  base::SeededRandom random_{1};
  FakeTransport transport_;
  Store<Thing> store_;
  std::unique_ptr<Reflector> reflector_;
  ReflectorHealth health_;

 private:
  std::deque<base::Result<net::Response>> lists_{List("10", {Pod("a", "1")})};
};

struct Row {
  const char* name;
  std::vector<base::Result<net::Response>> lists;  // before the good one (version 10)
  std::vector<FakeStream> watches;
  const char* log;
  const char* waits;  // milliseconds
};

const auto kGood = [] { return List("10", {Pod("a", "1")}); };
const auto kRefused = [] { return base::Result<net::Response>(base::Fail(Code::kUnavailable, "connection refused")); };
FakeStream Opened(std::vector<std::string> lines, base::Duration life = minutes(3),
                  StreamEndKind end = StreamEndKind::kClosed) {
  FakeStream stream;
  stream.lines = std::move(lines);
  stream.life = life;
  stream.end = end;
  return stream;
}
FakeStream Refused(int status, const std::string& reason, const char* retry_after = nullptr,
                   const std::string& cause = {}) {
  FakeStream stream;
  stream.status = status;
  stream.body = Status(status, reason, cause);
  if (retry_after != nullptr) stream.headers["Retry-After"] = retry_after;
  return stream;
}
FakeStream Failing(Code code, base::Duration life = base::Duration{0}) {
  FakeStream stream;
  stream.error = base::Error{code, "no"};
  stream.life = life;
  return stream;
}

std::vector<Row> Matrix() {
  const auto http = [](int status, const std::string& reason, const std::string& cause = {}) {
    return base::Result<net::Response>(net::Response{status, {}, Status(status, reason, cause)});
  };
  return {
      {"Steady", {}, {}, "list, watch 10", ""},
      // LIST
      {"ListExpired", {http(410, "Expired")}, {}, "list, list, watch 10", ""},
      {"ListExpiredTwice", {http(410, "Gone"), http(410, "Gone")}, {}, "list, list, list, watch 10", "800"},
      {"ListTooLarge", {http(504, "Timeout", "ResourceVersionTooLarge")}, {}, "list, list, watch 10", ""},
      {"ListTooLargeThrice",
       {http(504, "Timeout", "ResourceVersionTooLarge"), http(504, "Timeout", "ResourceVersionTooLarge"),
        http(504, "Timeout", "ResourceVersionTooLarge")},
       {},
       "list, list, list, list, watch 10",
       "800 1600"},
      {"ListTimeout", {http(504, "Timeout")}, {}, "list, list, watch 10", "800"},
      {"ListUnreachable", {kRefused(), kRefused()}, {}, "list, list, list, watch 10", "800 1600"},
      {"ListForbidden", {http(403, "Forbidden")}, {}, "list, list, watch 10", "800"},
      {"ListMissingKind", {http(404, "NotFound")}, {}, "list, list, watch 10", "800"},
      {"ListThrottled", {net::Response{429, {{"Retry-After", "5"}}, ""}}, {}, "list, list, watch 10", "5000"},
      {"ListThrottledForADay",
       {net::Response{429, {{"Retry-After", "86400"}}, ""}},
       {},
       "list, list, watch 10",
       "120000"},
      {"ListCut",
       {net::Response{200, {}, R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"x"}},{)"}},
       {},
       "list, list, watch 10",
       "800"},
      {"ListWithoutVersion",
       {net::Response{200, {}, R"({"metadata":{},"items":[]})"}},
       {},
       "list, list, watch 10",
       "800"},
      {"Pages",
       {List("9", {Pod("b", "2")}, "p2"), List("9", {Pod("c", "3")}, "p3")},
       {},
       "list, list next=p2, list next=p3, watch 10",
       ""},
      {"LaterPageExpired",
       {List("9", {Pod("b", "2")}, "p2"), http(410, "Expired")},
       {},
       "list, list next=p2, list, watch 10",
       ""},
      {"LaterPageFails",
       {List("9", {Pod("b", "2")}, "p2"), http(500, "InternalError")},
       {},
       "list, list next=p2, list, watch 10",
       "800"},
      // watch, on opening
      {"OpenUnreachable",
       {},
       {Failing(Code::kUnavailable), Failing(Code::kUnavailable)},
       "list, watch 10, watch 10, watch 10",
       "800 1600"},
      {"OpenTimesOut", {}, {Failing(Code::kTimeout)}, "list, watch 10, watch 10", "800"},
      {"OpenThrottled", {}, {Refused(429, "TooManyRequests", "3")}, "list, watch 10, watch 10", "3000"},
      {"OpenShutDown", {}, {Refused(503, "ServiceUnavailable")}, "list, watch 10, watch 10", "800"},
      {"OpenExpired", {}, {Refused(410, "Expired")}, "list, watch 10, list, watch 10", ""},
      {"OpenExpiredAgain",
       {},
       {Refused(410, "Expired"), Refused(410, "Gone")},
       "list, watch 10, list, watch 10, list, watch 10",
       "800"},
      {"OpenTooLarge",
       {},
       {Refused(504, "Timeout", nullptr, "ResourceVersionTooLarge")},
       "list, watch 10, list, watch 10",
       ""},
      {"OpenForbidden", {}, {Refused(403, "Forbidden")}, "list, watch 10, list, watch 10", "800"},
      {"OpenInternal", {}, {Refused(500, "InternalError")}, "list, watch 10, list, watch 10", "800"},
      // in the stream
      {"CleanEnd", {}, {Opened({Added("b", "11")})}, "list, watch 10, watch 11", ""},
      {"CleanEndNothingSaid", {}, {Opened({})}, "list, watch 10, watch 10", ""},
      {"CleanEndAtOnceAfterAnEvent",
       {},
       {Opened({Added("b", "11")}, milliseconds(100))},
       "list, watch 10, watch 11",
       "900"},
      {"EndAtOnce",
       {},
       {Opened({}, milliseconds(50)), Opened({}, milliseconds(50))},
       "list, watch 10, list, watch 10, list, watch 10",
       "800 1600"},
      {"Bookmark", {}, {Opened({Bookmark("25")})}, "list, watch 10, watch 25", ""},
      {"Cut", {}, {Opened({Added("b", "11")}, minutes(1), StreamEndKind::kBroken)}, "list, watch 10, watch 11", ""},
      {"Silent",
       {},
       {Opened({Added("b", "11")}, seconds(90), StreamEndKind::kInactive)},
       "list, watch 10, watch 11",
       ""},
      {"ErrorExpired",
       {},
       {Opened({Added("b", "11"), ErrorEvent(410, "Expired")})},
       "list, watch 10, list, watch 10",
       ""},
      {"ErrorGone", {}, {Opened({ErrorEvent(410, "Gone")})}, "list, watch 10, list, watch 10", ""},
      {"ErrorExpiredAgain",
       {},
       {Opened({ErrorEvent(410, "Gone")}), Opened({ErrorEvent(410, "Gone")})},
       "list, watch 10, list, watch 10, list, watch 10",
       "800"},
      {"ErrorExpiredAfterProgress",
       {},
       {Opened({ErrorEvent(410, "Gone")}), Opened({Added("b", "11"), ErrorEvent(410, "Gone")})},
       "list, watch 10, list, watch 10, list, watch 10",
       ""},
      {"ErrorThrottled",
       {},
       {Opened({Added("b", "11"), ErrorEvent(429, "TooManyRequests")})},
       "list, watch 10, watch 11",
       "800"},
      {"ErrorInternal", {}, {Opened({ErrorEvent(500, "InternalError")})}, "list, watch 10, list, watch 10", "800"},
      {"TruncatedLine",
       {},
       {Opened({Added("b", "11"), Added("c", "12").substr(0, 40)})},
       "list, watch 10, list, watch 10",
       "800"},
      {"NoEvent", {}, {Opened({R"({"hello":"world"})"})}, "list, watch 10, list, watch 10", "800"},
      {"LineTooLong",
       {},
       {[] {
         auto s = Opened({Added("b", "11")});
         s.error = base::Error{Code::kInvalid, "too long"};
         return s;
       }()},
       "list, watch 10, list, watch 10",
       "800"},
      {"BlankLines", {}, {Opened({"", "\r", Added("b", "11")})}, "list, watch 10, watch 11", ""},
      {"ForeignKind",
       {},
       {Opened({Added("b", "11"), Event("ADDED", {{"kind", "Table"},
                                                  {"apiVersion", "meta.k8s.io/v1"},
                                                  {"metadata", {{"resourceVersion", "99"}}}})})},
       "list, watch 10, watch 11",
       ""},
      {"ForeignKindOfTheSameGroup",
       {},
       {Opened({Added("b", "11"), Event("ADDED", {{"kind", "Secret"},
                                                  {"apiVersion", "v1"},
                                                  {"metadata", {{"name", "s"}, {"resourceVersion", "99"}}}})})},
       "list, watch 10, watch 11",
       ""},
      {"UnknownType",
       {},
       {Opened({Event("RENAMED", Pod("b", "99")), Added("b", "11")})},
       "list, watch 10, watch 11",
       ""},
  };
}

class ErrorMatrix : public ::testing::TestWithParam<Row> {};

TEST_P(ErrorMatrix, LeadsBackToASteadyWatch) {
  const Row& row = GetParam();
  Stage stage;
  std::deque<base::Result<net::Response>> lists(row.lists.begin(), row.lists.end());
  lists.push_back(kGood());
  stage.Lists(lists);
  for (const FakeStream& watch : row.watches) stage.Watch(watch);
  stage.Play();
  EXPECT_EQ(stage.Log(), row.log);
  EXPECT_EQ(stage.Waits(), row.waits);
  EXPECT_TRUE(stage.store_.Synced());
  EXPECT_NE(stage.store_.Read()->Find("ns/a"), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Reflector, ErrorMatrix, ::testing::ValuesIn(Matrix()),
                         [](const auto& row) { return row.param.name; });

TEST(Reflector, RequestsAsTheyGoOnTheWire) {
  ReflectorOptions options;
  options.ns = "ns";
  options.label_selector = "app=x";
  options.field_selector = "spec.nodeName=n";
  Stage stage(options);
  stage.Play();
  const auto requests = stage.transport_.requests();
  EXPECT_EQ(requests[0].target,
            "/api/v1/namespaces/ns/pods?limit=500&labelSelector=app%3Dx&fieldSelector=spec.nodeName%3Dn");
  EXPECT_TRUE(base::StartsWith(
      requests[1].target,
      "/api/v1/namespaces/ns/pods?watch=true&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds="));
  EXPECT_TRUE(base::EndsWith(requests[1].target, "&labelSelector=app%3Dx&fieldSelector=spec.nodeName%3Dn"));
}

TEST(Reflector, WatchLifetimesAreSpreadOverTheWholeRange) {
  Stage stage;
  for (int i = 0; i < 300; ++i) stage.Watch(Opened({}));
  stage.Play();
  std::int64_t least = 1000, most = 0;
  for (const auto& request : stage.transport_.requests()) {
    for (const auto& [name, value] : net::QueryOf(request.target)) {
      if (name != "timeoutSeconds") continue;
      least = std::min(least, *base::ParseInt(value));
      most = std::max(most, *base::ParseInt(value));
    }
  }
  EXPECT_GE(least, 180);
  EXPECT_LT(least, 190);
  EXPECT_LE(most, 230);
  EXPECT_GT(most, 220);
}

TEST(Reflector, EventsReachTheStore) {
  Stage stage;
  stage.Watch(Opened(
      {Added("b", "11"), Event("MODIFIED", Pod("a", "12")), Event("DELETED", Pod("b", "13")), Added("c", "14")}));
  stage.Play();
  EXPECT_EQ(stage.Held(), "ns/a@12 ns/c@14");
  EXPECT_EQ(stage.store_.Read()->resource_version, "14");
  EXPECT_EQ(stage.health_.events, 4u);
  EXPECT_EQ(stage.health_.lists, 1u);
  EXPECT_EQ(stage.health_.watches, 2u);
  EXPECT_EQ(stage.health_.errors, 0u);
  EXPECT_TRUE(stage.health_.synced);
}

TEST(Reflector, ARelistReplacesAndTombstones) {
  Stage stage;
  std::vector<std::string> gone;
  stage.store_.OnChange([&](const Change<Thing>& change) {
    if (change.kind == ChangeKind::kDeleted)
      gone.push_back(change.before->meta.Key() + "@" + change.before->meta.resource_version);
  });
  stage.Lists({List("10", {Pod("a", "1"), Pod("b", "2")}), List("20", {Pod("b", "2"), Pod("d", "15")})});
  stage.Watch(Opened({Added("c", "11"), ErrorEvent(410, "Expired")}));
  stage.Play();
  EXPECT_EQ(stage.Log(), "list, watch 10, list, watch 20");
  EXPECT_EQ(stage.Held(), "ns/b@2 ns/d@15");
  EXPECT_EQ(gone, (std::vector<std::string>{"ns/a@1", "ns/c@11"}));
}

TEST(Reflector, AListThatBreaksOffChangesNothing) {
  Stage stage;
  stage.Lists({List("10", {Pod("a", "1")}), List("20", {Pod("x", "15")}, "more"), net::Response{410, {}, ""},
               List("30", {Pod("a", "1"), Pod("y", "25")})});
  stage.Watch(Opened({ErrorEvent(410, "Expired")}));
  std::vector<std::string> seen;
  stage.store_.OnChange([&](const Change<Thing>& change) { seen.push_back(change.any().meta.name); });
  stage.Play();
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "y"})) << "x was in a list that never ended";
}

TEST(Reflector, UnreadableObjectsAreSkippedAndNeverTakenForDeleted) {
  Stage stage;
  Json broken = Pod("a", "5");
  broken["metadata"]["annotations"] = {{"broken", "yes"}};
  Json never = Pod("z", "6");
  never["metadata"]["annotations"] = {{"broken", "yes"}};
  stage.Lists({List("10", {Pod("a", "1"), never}), List("20", {broken, Pod("b", "2")})});
  Json changed = broken;
  changed["metadata"]["resourceVersion"] = "11";
  stage.Watch(Opened({Event("MODIFIED", changed), ErrorEvent(410, "Expired")}));
  stage.Play();
  EXPECT_EQ(stage.Held(), "ns/a@1 ns/b@2") << "the last good a stays, z was never good";
}

TEST(Reflector, HealthTellsOfTroubleAndOfItsEnd) {
  Stage stage;
  ReflectorHealth during;
  int calls = 0;
  stage.transport_.OnSend([&](const net::Request&) -> base::Result<net::Response> {
    if (calls++ == 0) return kRefused();
    during = stage.reflector_->Health();
    return kGood();
  });
  const base::TimePoint begun = stage.clock_.Now();
  stage.Play();
  EXPECT_EQ(during.last_error, "connection refused");
  EXPECT_FALSE(during.synced);
  EXPECT_EQ(during.errors, 1u);
  EXPECT_EQ(during.last_contact, begun) << "a failure is no contact";
  EXPECT_EQ(stage.health_.last_error, "");
  EXPECT_EQ(stage.health_.last_contact, begun + milliseconds(800));
}

TEST(Reflector, ASilentWatchCountsAsContactOnlyFromItsOpening) {
  Stage stage;
  stage.Watch(Opened({}, seconds(90), StreamEndKind::kInactive));
  const base::TimePoint begun = stage.clock_.Now();
  stage.Play();
  EXPECT_EQ(stage.clock_.Now(), begun + seconds(90));
  EXPECT_EQ(stage.health_.last_contact, begun);
  EXPECT_EQ(stage.health_.last_error, "the watch fell silent");
}

TEST(Reflector, BackoffStartsAnewAfterAQuietTime) {
  Stage stage;
  for (int i = 0; i < 3; ++i) stage.Watch(Failing(Code::kUnavailable));
  stage.Watch(Opened({}, minutes(3)));
  stage.Watch(Failing(Code::kUnavailable));
  stage.Play();
  EXPECT_EQ(stage.Waits(), "800 1600 3200 800");
}

class Thrower final : public ObjectConsumer {
 public:
  void Begin() override {}
  void Item(const Json&) override {}
  void End(const std::string&) override {
    if (ends++ == 0) throw std::runtime_error("no memory");
  }
  void Apply(const Json&, const std::string&) override { throw std::runtime_error("no memory"); }
  void Remove(const Json&, const std::string&) override {}
  int ends = 0;
};

TEST(Reflector, AConsumerThatThrowsCostsARelist) {
  Stage stage;
  ReflectorOptions options;
  options.resource = resources::kPods;
  options.backoff.jitter = 0;
  stage.reflector_ =
      std::make_unique<Reflector>(stage.transport_, options, std::make_unique<Thrower>(), stage.clock_, stage.random_);
  stage.Watch(Opened({Added("b", "11")}));
  stage.Play();
  EXPECT_EQ(stage.Log(), "list, list, watch 10, list, watch 10");
  EXPECT_EQ(stage.Waits(), "800 1600");
}

TEST(Reflector, StopsAtOnceAndTwice) {
  Stage stage;
  stage.reflector_->Start();
  stage.reflector_->Start();
  ASSERT_TRUE(stage.transport_.AwaitHeld());
  stage.reflector_->Stop();
  stage.reflector_->Stop();
  EXPECT_EQ(stage.Log(), "list, watch 10") << "one thread only";
}

}  // namespace
}  // namespace dm::kube

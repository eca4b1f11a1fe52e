// The reflector against scripts: each cell of the error matrix is a row, played from list to the next steady watch.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kube/reflector.h"
#include "kube/testing/reflector_stage.h"

namespace dm::kube {
namespace {

using namespace testing;   // the stage and its words

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
  FakeStream next = Failing(Code::kUnavailable);
  ReflectorHealth after;
  next.during = [&] { after = stage.reflector_->Health(); };
  stage.Watch(std::move(next));
  const base::TimePoint begun = stage.clock_.Now();
  stage.Play();
  EXPECT_EQ(after.last_contact, begun);
  EXPECT_EQ(after.last_error, "the watch fell silent");
  EXPECT_GE(stage.health_.last_contact, begun + seconds(90));
}

TEST(Reflector, BackoffStartsAnewAfterAQuietTime) {
  Stage stage;
  for (int i = 0; i < 3; ++i) stage.Watch(Failing(Code::kUnavailable));
  stage.Watch(Opened({}, minutes(3)));
  stage.Watch(Failing(Code::kUnavailable));
  stage.Play();
  EXPECT_EQ(stage.Waits(), "800 1600 3200 800");
}

TEST(Reflector, APageThatIsTooLargeIsAskedForInSmallerOnes) {
  const auto too_large = [] {
    base::Error error{Code::kInvalid, "larger than 67108864 bytes"};
    error.reason = net::kAnswerTooLarge;
    return base::Result<net::Response>(base::Fail(std::move(error)));
  };
  Stage stage;
  stage.Lists({List("10", {Pod("a", "1")}, "more"), too_large(), too_large(), List("10", {Pod("b", "2")}), List("20", {Pod("c", "11")})});
  stage.Watch(Opened({ErrorEvent(410, "Expired")}));
  stage.Play();
  EXPECT_EQ(stage.Log(), "list, list next=more, list next=more, list next=more, watch 10, list, watch 20");
  EXPECT_EQ(stage.Waits(), "");
  std::string sizes;
  for (const auto& request : stage.transport_.requests()) {
    for (const auto& [name, value] : net::QueryOf(request.target)) {
      if (name == "limit") sizes += " " + value;
    }
  }
  EXPECT_EQ(sizes, " 500 500 250 125 250") << "and larger again with the next list";
}

TEST(Reflector, OneObjectThatIsTooLargeFailsTheList) {
  base::Error error{Code::kInvalid, "larger than 67108864 bytes"};
  error.reason = net::kAnswerTooLarge;
  ReflectorOptions options;
  options.page_size = 2;
  Stage stage(options);
  stage.Lists({base::Result<net::Response>(base::Fail(error)), base::Result<net::Response>(base::Fail(error)), kGood()});
  stage.Play();
  EXPECT_EQ(stage.Log(), "list, list, list, watch 10");
  EXPECT_EQ(stage.Waits(), "800");
}

// An object that nobody can read is no reason to go without all others.
TEST(Reflector, AnObjectThatIsTooDeepIsSkipped) {
  const auto deep = [](const std::string& version) {
    Json pod = Pod("a", version), inner = Json::array();
    for (int i = 0; i < 200; ++i) inner = Json::array({std::move(inner)});
    pod["spec"]["deep"] = std::move(inner);
    return pod;
  };
  Stage stage;
  stage.Lists({List("10", {Pod("a", "1"), Pod("b", "2")}), List("20", {deep("15"), Pod("c", "16")})});
  stage.Watch(Opened({Event("MODIFIED", deep("11")), Added("d", "12"), ErrorEvent(410, "Expired")}));
  stage.Watch(Opened({Event("MODIFIED", deep("21"))}));
  stage.Watch(Opened({Event("DELETED", deep("22"))}));
  stage.Play();
  EXPECT_EQ(stage.Log(), "list, watch 10, list, watch 20, watch 21, watch 22");
  EXPECT_EQ(stage.Held(), "ns/c@16");
}

TEST(Reflector, AQuietWatchIsAContactAsSoonAsItIsOpen) {
  Stage stage;
  for (int i = 0; i < 4; ++i) stage.Watch(Failing(Code::kUnavailable, minutes(2)));
  stage.Play();  // until one is held open, on which nothing is ever said
  EXPECT_EQ(stage.health_.last_contact, stage.clock_.Now());
}

class Thrower final : public ObjectConsumer {
 public:
  void Begin() override {}
  void Item(const Json&) override {}
  void ItemUnreadable(const Json&, const base::Error&) override {}
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

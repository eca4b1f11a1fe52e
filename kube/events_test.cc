#include "kube/events.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kube/testing/auto_clock.h"
#include "kube/testing/fake_api.h"

namespace dm::kube {
namespace {

using base::Json;
using std::chrono::seconds;
using testing::AutoClock;
using testing::FakeApi;

const ObjectReference kAbout{"pingcap.com/v1alpha1", "DMCluster", "ns", "a", "uid-a"};

class EventsTest : public ::testing::Test {
 protected:
  void Record(const std::string& reason, const std::string& message, const ObjectReference& about = kAbout) {
    recorder_.Record(about, "Warning", reason, message);
  }
  bool Flush() { return recorder_.Flush(seconds(5)); }
  std::vector<Json> Written(const std::string& ns = "ns") {
    auto list = client_.List(resources::kEvents, ns);
    return list ? *list : std::vector<Json>{};
  }

  AutoClock clock_;
  FakeApi api_;
  Client client_{api_, seconds(30), &clock_};
  EventRecorder recorder_{client_, "dm-operator", clock_};
};

TEST_F(EventsTest, AnEventAsItIsWritten) {
  Record("Bootstrapped", "all is well");
  ASSERT_TRUE(Flush());
  const auto events = Written();
  ASSERT_EQ(events.size(), 1u);
  Json event = events[0];
  EXPECT_EQ(event["metadata"]["namespace"], "ns");
  EXPECT_EQ(event["metadata"]["name"].get<std::string>().substr(0, 2), "a.");
  EXPECT_EQ(
      event["involvedObject"],
      Json::parse(
          R"({"apiVersion":"pingcap.com/v1alpha1","kind":"DMCluster","namespace":"ns","name":"a","uid":"uid-a"})"));
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["reason"], "Bootstrapped");
  EXPECT_EQ(event["message"], "all is well");
  EXPECT_EQ(event["source"]["component"], "dm-operator");
  EXPECT_EQ(event["count"], 1);
  EXPECT_EQ(event["firstTimestamp"], event["lastTimestamp"]);
  EXPECT_EQ(event["firstTimestamp"].get<std::string>().back(), 'Z');
}

TEST_F(EventsTest, TheSameAgainRaisesTheCount) {
  for (int i = 0; i < 4; ++i) Record("Waits", "for the leader");
  Record("Waits", "for a worker");
  ASSERT_TRUE(Flush());
  const auto events = Written();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["count"], 4);
  EXPECT_EQ(events[1]["count"], 1);
  EXPECT_EQ(recorder_.Stats().posted, 2u);
  EXPECT_EQ(recorder_.Stats().patched, 3u);
}

TEST_F(EventsTest, OfAnObjectWithoutANamespaceInDefault) {
  Record("NotQualified", "too old", {"v1", "Node", "", "node-1", "u"});
  ASSERT_TRUE(Flush());
  const auto events = Written("default");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_FALSE(events[0]["involvedObject"].contains("namespace"));
}

TEST_F(EventsTest, TheRateHoldsBackAndTheCountCatchesUp) {
  for (int i = 0; i < 100; ++i) Record("Waits", "for ever");
  ObjectReference other = kAbout;
  other.name = "b";
  Record("Waits", "for ever", other);
  ASSERT_TRUE(Flush());
  EXPECT_EQ(recorder_.Stats().held_back, 75u);
  auto events = Written();
  ASSERT_EQ(events.size(), 2u) << "the other object has a bucket of its own";
  EXPECT_EQ(events[0]["count"], 25);
  clock_.Advance(std::chrono::minutes(5));
  Record("Waits", "for ever");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Written()[0]["count"], 101);
}

TEST_F(EventsTest, AnEventThatTheServerHasForgottenStartsAnew) {
  Record("Waits", "m");
  ASSERT_TRUE(Flush());
  api_.Remove("/api/v1/namespaces/ns/events/" + Written()[0]["metadata"]["name"].get<std::string>());
  Record("Waits", "m");
  ASSERT_TRUE(Flush());
  const auto events = Written();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["count"], 1);
}

TEST_F(EventsTest, AnUnavailableServerIsTriedTwelveTimes) {
  int tries = 0;
  api_.Inject([&](const net::Request& r) -> std::optional<base::Result<net::Response>> {
    if (r.method != "POST") return std::nullopt;
    ++tries;
    return base::Result<net::Response>(base::Fail(base::Code::kUnavailable, "down"));
  });
  Record("Lost", "m");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(tries, EventRecorder::kMaxTries);
  EXPECT_EQ(recorder_.Stats().dropped, 1u);
  EXPECT_EQ(clock_.waits(), std::vector<base::Duration>(11, seconds(10)));
  api_.Inject({});
  Record("Found", "m");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(recorder_.Stats().posted, 1u);
}

// The write got through, its answer did not: the next try is of the same Event, and so is the next occurrence.
TEST_F(EventsTest, AnAnswerThatWasLostMakesNoSecondEvent) {
  bool inside = false;
  api_.Inject([&](const net::Request& r) -> std::optional<base::Result<net::Response>> {
    if (r.method != "POST" || inside) return std::nullopt;
    inside = true;
    (void)api_.Send(r, {});
    inside = false;
    return base::Result<net::Response>(base::Fail(base::Code::kTimeout, "no answer"));
  });
  Record("Waits", "m");  // all tries
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Written().size(), 1u);
  api_.Inject({});
  for (int i = 0; i < 2; ++i) Record("Waits", "m");
  ASSERT_TRUE(Flush());
  const auto events = Written();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["count"], 3);
}

TEST_F(EventsTest, ARefusedEventIsNotTriedAgain) {
  for (const auto& [code, reason] :
       {std::pair(403, "Forbidden"), std::pair(422, "Invalid"), std::pair(404, "NotFound")}) {
    int tries = 0;
    const std::string word = reason;
    api_.Inject([&, status = code](const net::Request& r) -> std::optional<base::Result<net::Response>> {
      if (r.method != "POST") return std::nullopt;
      ++tries;
      return base::Result<net::Response>(FakeApi::StatusAnswer(status, word, "no"));
    });
    Record("R" + word, "m");
    ASSERT_TRUE(Flush());
    EXPECT_EQ(tries, 1) << word;
  }
  EXPECT_EQ(recorder_.Stats().dropped, 3u);
  EXPECT_TRUE(clock_.waits().empty());
}

TEST_F(EventsTest, LongMessagesAreCut) {
  Record("Long", std::string(5000, 'x'));
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Written()[0]["message"].get<std::string>().size(), 1024u);
}

TEST(Events, TheQueueIsBoundedAndRecordNeverWaits) {
  base::VirtualClock clock;
  FakeApi api;
  api.Inject([](const net::Request&) -> std::optional<base::Result<net::Response>> {
    return base::Result<net::Response>(base::Fail(base::Code::kUnavailable, "down"));
  });
  Client client(api, seconds(30), &clock);
  EventRecorder recorder(client, "c", clock);
  recorder.Record(kAbout, "Normal", "R", "first");
  clock.AwaitWaiters(1);  // the posting thread waits to try again
  for (std::size_t i = 0; i < EventRecorder::kMaxQueue + 7; ++i) recorder.Record(kAbout, "Normal", "R", "m");
  EXPECT_EQ(recorder.Stats().dropped, 7u);
  EXPECT_FALSE(recorder.Flush(std::chrono::milliseconds(1)));
}  // and ends at once, with a full queue

}  // namespace
}  // namespace dm::kube

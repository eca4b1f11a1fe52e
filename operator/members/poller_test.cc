#include "base/clock.h"
#include "operator/members/poller.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

namespace dm::op::members {
namespace {

using std::chrono::seconds;

// Every member of every cluster gives the same answers; `healthy` and `leader` can be changed between readings.
struct World {
  std::atomic<bool> healthy = true;
  std::atomic<int> calls = 0;
  std::string leader = "m0";
  std::function<void()> on_call = [] {};

  class Member final : public net::Transport {
   public:
    explicit Member(World& world) : world_(world) {}
    base::Result<net::Response> Send(const net::Request& request, std::stop_token) override {
      ++world_.calls;
      world_.on_call();
      if (request.target == "/health") return net::Response{200, {}, world_.healthy ? R"({"health":"true"})" : R"({"health":"false"})"};
      if (request.target == "/apis/v1alpha1/members") {
        return net::Response{200, {}, R"({"result":true,"members":[{"leader":{"name":")" + world_.leader +
                                          R"("}},{"master":{"masters":[{"name":"m0"}]}},{"worker":{}}]})"};
      }
      return net::Response{404, {}, "404 page not found"};
    }
    base::Result<net::StreamEnd> Stream(const net::Request&, net::LineSink&, const net::StreamOptions&, std::stop_token) override {
      return base::Fail(base::Code::kInternal, "not streamed");
    }

   private:
    World& world_;
  };

  base::VirtualClock clock;
  std::vector<std::string> told;
  Poller poller{[this](const Address&, const Credentials&) { return std::make_unique<Member>(*this); }, clock, 1,
                [this](const std::string& key) { told.push_back(key); }};
};

Target OnePod(const std::string& incarnation = "uid/0") { return {{{"m0", "127.0.0.1", 8261, "m0.peer", incarnation, true}}, {}, false}; }

TEST(Poller, ReadsAtOnceThenAtIntervalsAndTellsOnlyOfChanges) {
  World w;
  w.poller.Watch("ns/a", OnePod(), seconds(30));
  EXPECT_EQ(w.poller.Latest("ns/a"), nullptr);
  EXPECT_EQ(w.poller.RunDue(), 1);
  ASSERT_NE(w.poller.Latest("ns/a"), nullptr);
  EXPECT_TRUE(w.poller.Latest("ns/a")->current);
  EXPECT_EQ(w.told.size(), 1u);

  w.clock.Advance(seconds(29));
  EXPECT_EQ(w.poller.RunDue(), 0);
  w.clock.Advance(seconds(1));
  EXPECT_EQ(w.poller.RunDue(), 1);
  EXPECT_EQ(w.told.size(), 1u);   // nothing new

  w.leader = "";
  w.clock.Advance(seconds(30));
  w.poller.RunDue();
  EXPECT_EQ(w.told.size(), 2u);
}

TEST(Poller, WatchingTheSameAgainChangesNothing) {
  World w;
  w.poller.Watch("ns/a", OnePod(), seconds(30));
  w.poller.RunDue();
  w.poller.Watch("ns/a", OnePod(), seconds(30));
  EXPECT_EQ(w.poller.RunDue(), 0);
  EXPECT_TRUE(w.poller.Latest("ns/a")->current);
}

TEST(Poller, AnotherProcessIsAnotherTarget) {
  World w;
  w.poller.Watch("ns/a", OnePod("uid/0"), seconds(30));
  w.poller.RunDue();
  const auto first = w.poller.Latest("ns/a")->healthy_since.at("m0");
  w.clock.Advance(seconds(2));
  w.poller.Watch("ns/a", OnePod("uid/1"), seconds(30));
  EXPECT_FALSE(w.poller.Latest("ns/a")->current);   // old facts, marked as such
  EXPECT_TRUE(w.poller.Latest("ns/a")->roster.known());
  EXPECT_EQ(w.poller.RunDue(), 1);
  EXPECT_TRUE(w.poller.Latest("ns/a")->current);
  EXPECT_EQ(w.poller.Latest("ns/a")->healthy_since.at("m0") - first, seconds(2));   // healthy anew, not since before
  EXPECT_EQ(w.told.size(), 2u);   // told although the facts are the same: they are current now
}

TEST(Poller, BecomingReadyIsAReasonToAskButNotAnotherProcess) {
  World w;
  Target target = OnePod();
  target.masters[0].ready = false;
  w.poller.Watch("ns/a", target, seconds(30));
  w.poller.RunDue();
  const auto first = w.poller.Latest("ns/a")->healthy_since.at("m0");
  w.clock.Advance(seconds(2));
  w.poller.Watch("ns/a", OnePod(), seconds(30));
  EXPECT_EQ(w.poller.RunDue(), 1);
  EXPECT_EQ(w.poller.Latest("ns/a")->healthy_since.at("m0"), first);
}

TEST(Poller, HealthySinceStandsWhileTheProcessIsTheSame) {
  World w;
  w.poller.Watch("ns/a", OnePod(), seconds(5));
  w.poller.RunDue();
  const auto first = w.poller.Latest("ns/a")->healthy_since.at("m0");
  w.clock.Advance(seconds(5));
  w.poller.Refresh("ns/a");
  w.poller.RunDue();
  EXPECT_EQ(w.poller.Latest("ns/a")->healthy_since.at("m0"), first);
  w.healthy = false;
  w.clock.Advance(seconds(5));
  w.poller.RunDue();
  EXPECT_EQ(w.poller.Latest("ns/a")->healthy_since.count("m0"), 0u);
  w.healthy = true;
  w.clock.Advance(seconds(5));
  w.poller.RunDue();
  EXPECT_EQ(w.poller.Latest("ns/a")->healthy_since.at("m0") - first, seconds(15));
}

TEST(Poller, AReadingThatWasOvertakenIsThrownAway) {
  World w;
  w.poller.Watch("ns/a", OnePod(), seconds(30));
  bool once = true;
  w.on_call = [&] {
    if (once) w.poller.Refresh("ns/a");   // somebody changes something while we read
    once = false;
  };
  EXPECT_EQ(w.poller.RunDue(), 2);
  EXPECT_EQ(w.told.size(), 1u);
  EXPECT_TRUE(w.poller.Latest("ns/a")->current);
}

TEST(Poller, WhoIsForgottenIsNotReadAndLeavesNothing) {
  World w;
  w.poller.Watch("ns/a", OnePod(), seconds(30));
  w.on_call = [&] { w.poller.Forget("ns/a"); };
  w.poller.RunDue();
  EXPECT_EQ(w.poller.Latest("ns/a"), nullptr);
  EXPECT_TRUE(w.told.empty());
  EXPECT_EQ(w.poller.Stats().clusters, 0u);
}

TEST(Poller, MembersThatDoNotAnswerAreAskedLessOften) {
  World w;
  w.healthy = false;
  w.poller.Watch("ns/a", OnePod(), seconds(5));
  int readings = 0;
  for (int i = 0; i < 300; ++i) {
    readings += w.poller.RunDue();
    w.clock.Advance(seconds(1));
  }
  EXPECT_LT(readings, 15);   // 60 at the plain interval
  EXPECT_GT(readings, 5);
  EXPECT_EQ(w.told.size(), 1u);
}

// Threads that sleep until the next reading is due wake when another one comes first.
TEST(Poller, ThreadsThatSleepWakeForWhatBecomesDueSooner) {
  World w;
  std::atomic<int> read = 0;
  base::SystemClock clock;
  Poller poller([&](const Address&, const Credentials&) { ++read; return std::make_unique<World::Member>(w); }, clock, 3, [](const std::string&) {});
  const auto grows = [&](int than) {
    for (int i = 0; i < 500 && read <= than; ++i) base::SystemClock().WaitFor(std::chrono::milliseconds(10), {});
    return read > than;
  };
  poller.Start();
  poller.Watch("ns/a", OnePod(), seconds(30));
  for (int i = 0; i < 500 && !poller.Latest("ns/a"); ++i) base::SystemClock().WaitFor(std::chrono::milliseconds(10), {});
  ASSERT_TRUE(poller.Latest("ns/a"));
  base::SystemClock().WaitFor(std::chrono::milliseconds(50), {});   // all three are asleep, for 30 s
  int before = read;
  poller.Refresh("ns/a", std::chrono::milliseconds(100));
  EXPECT_TRUE(grows(before));
  base::SystemClock().WaitFor(std::chrono::milliseconds(50), {});
  before = read;
  poller.Watch("ns/a", OnePod(), std::chrono::milliseconds(100));
  EXPECT_TRUE(grows(before));
  poller.Stop();
}

TEST(Poller, ThreadsReadWhatIsWatched) {
  World w;
  std::atomic<int> told = 0;
  base::SystemClock clock;
  Poller poller([&](const Address&, const Credentials&) { return std::make_unique<World::Member>(w); }, clock, 3,
                [&](const std::string&) { ++told; });
  poller.Start();
  for (int i = 0; i < 20; ++i) poller.Watch("ns/" + std::to_string(i), OnePod(), seconds(30));
  for (int i = 0; i < 500 && told < 20; ++i) base::SystemClock().WaitFor(std::chrono::milliseconds(10), {});
  EXPECT_EQ(told, 20);
  poller.Stop();
}

}  // namespace
}  // namespace dm::op::members

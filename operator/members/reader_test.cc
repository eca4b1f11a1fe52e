#include "operator/members/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace dm::op::members {
namespace {

using Answer = base::Result<net::Response>;

// A member that answers by target; what is not scripted is refused.
class Script final : public net::Transport {
 public:
  using Answers = std::map<std::string, std::function<Answer()>>;
  Script(std::string pod, const Answers& answers, std::vector<std::string>& calls, base::Duration& asked_for)
      : pod_(std::move(pod)), answers_(answers), calls_(calls), asked_for_(asked_for) {}
  Answer Send(const net::Request& request, std::stop_token) override {
    asked_for_ = request.timeout;
    calls_.push_back(pod_ + " " + request.method + " " + request.target);
    const auto it = answers_.find(pod_ + " " + request.target);
    if (it == answers_.end()) return base::Fail(base::Code::kUnavailable, "connection refused");
    return it->second();
  }
  base::Result<net::StreamEnd> Stream(const net::Request&, net::LineSink&, const net::StreamOptions&, std::stop_token) override {
    return base::Fail(base::Code::kInternal, "members are not streamed");
  }

 private:
  std::string pod_;
  const Answers& answers_;
  std::vector<std::string>& calls_;
  base::Duration& asked_for_;
};

constexpr char kRoster[] = R"({"result":true,"members":[{"leader":{"name":"m0"}},{"master":{"masters":[{"name":"m0","memberID":"5"}]}},
    {"worker":{"workers":[]}}]})";

struct World {
  base::VirtualClock clock;
  Script::Answers answers;
  std::vector<std::string> calls;
  base::Duration asked_for{};                    // the timeout of the last call
  Dialer dialer = [this](const Address& a, const Credentials&) { return std::make_unique<Script>(a.pod, answers, calls, asked_for); };
  Target target{{{"m0", "127.0.0.1", 8261, "m0.peer.ns.svc", "a/0", true}, {"m1", "127.0.0.1", 8261, "m1.peer.ns.svc", "b/0", true}}, {}, false};
  ReadLimits limits;

  void Says(const std::string& pod_target, int status, std::string body) {
    answers[pod_target] = [=] { return Answer(net::Response{status, {}, body}); };
  }
  void Hangs(const std::string& pod_target) {
    answers[pod_target] = [this]() -> Answer {
      clock.Advance(limits.each);
      return base::Fail(base::Code::kTimeout, "no answer in time");
    };
  }
  void Healthy(const std::string& pod) {
    Says(pod + " /health", 200, R"({"health":"true"})");
    Says(pod + " /apis/v1alpha1/members", 200, kRoster);
    Says(pod + " /api/v1/cluster/info", 200, R"({"cluster_id":77})");
    Says(pod + " /api/v1/sources?with_status=true", 200,
         R"({"data":[{"source_name":"s0","status_list":[{"worker_name":"w0"}],"task_name_list":["t/1"]}],"total":1})");
  }
  Reads Read() { return ReadMembers(target, dialer, clock, limits, {}); }
};

TEST(ReadMembers, TakesTheListFromAHealthyMaster) {
  World world;
  world.Healthy("m1");
  const Reads reads = world.Read();
  ASSERT_TRUE(reads.roster);
  EXPECT_EQ(reads.roster->answered_by, "m1");
  EXPECT_EQ(*reads.cluster_id, "77");
  EXPECT_EQ(reads.sources->size(), 1u);
  EXPECT_FALSE(reads.Healthy("m0"));
  EXPECT_FALSE(reads.health.at("m0").known());   // refused: unknown, not "unhealthy"
  EXPECT_TRUE(reads.Healthy("m1"));
  EXPECT_FALSE(reads.subtasks);
}

TEST(ReadMembers, AMasterWithoutQuorumIsNotAskedForTheList) {
  World world;
  world.Healthy("m0");
  world.Says("m0 /health", 503, R"({"health":"false","reason":"RAFT NO LEADER"})");
  const Reads reads = world.Read();
  EXPECT_FALSE(reads.roster);
  EXPECT_EQ(reads.roster.why(), "no dm-master says that it is healthy");
  EXPECT_FALSE(reads.cluster_id);
  EXPECT_FALSE(reads.sources);
  for (const auto& call : world.calls) EXPECT_EQ(call.find("members"), std::string::npos) << call;
}

TEST(ReadMembers, GoesOnWithTheNextMasterWhenOneFails) {
  World world;
  world.Healthy("m0");
  world.Healthy("m1");
  world.Says("m0 /apis/v1alpha1/members", 500, R"({"code":2,"message":"[code=38043:class=dm-master] not leader"})");
  EXPECT_EQ(world.Read().roster->answered_by, "m1");
}

TEST(ReadMembers, PartsThatFailAreUnknownByThemselves) {
  World world;
  world.Healthy("m0");
  world.Says("m0 /api/v1/cluster/info", 404, "404 page not found\n");
  const Reads reads = world.Read();
  EXPECT_TRUE(reads.roster);
  EXPECT_FALSE(reads.cluster_id);
  EXPECT_NE(reads.cluster_id.why().find("404"), std::string::npos) << reads.cluster_id.why();
}

TEST(ReadMembers, HangingMembersCostNoMoreThanTheLimit) {
  World world;
  world.limits.all = std::chrono::seconds(3);
  world.target.masters.resize(9, world.target.masters[0]);
  world.Hangs("m0 /health");
  world.Hangs("m1 /health");
  const auto start = world.clock.Now();
  EXPECT_FALSE(world.Read().roster);
  EXPECT_LE(world.clock.Now() - start, world.limits.all + world.limits.each);
}

TEST(ReadMembers, NobodyToAskIsUnknownNotEmpty) {
  World world;
  world.target.masters.clear();
  EXPECT_EQ(world.Read().roster.why(), "no dm-master pod has an address");
}

TEST(ReadMembers, SubtasksAreReadWhenAskedFor) {
  World world;
  world.Healthy("m0");
  world.target.subtasks = true;
  world.Says("m0 /api/v1/tasks/t%2F1/status", 200, R"({"data":[{"source_name":"s0","worker_name":"w0","stage":"Running","unit":"Load"}]})");
  const Reads reads = world.Read();
  ASSERT_TRUE(reads.subtasks) << reads.subtasks.why();
  EXPECT_EQ(reads.subtasks->front(), (Subtask{"t/1", "s0", "w0", "Running", "Load"}));

  world.Hangs("m0 /api/v1/tasks/t%2F1/status");
  EXPECT_FALSE(world.Read().subtasks);   // one task unknown: all unknown
}

// Nothing is taken away by a list that is older than five seconds: where there are many tasks none would ever be new enough.
TEST(ReadMembers, WhatTakesLongIsFollowedByAnotherLookAtTheMembers) {
  World world;
  world.Healthy("m0");
  world.target.subtasks = true;
  world.answers["m0 /api/v1/tasks/t%2F1/status"] = [&world]() -> Answer {
    world.clock.Advance(std::chrono::seconds(7));
    return net::Response{200, {}, R"({"data":[]})"};
  };
  const Reads reads = world.Read();
  ASSERT_TRUE(reads.roster && reads.subtasks);
  EXPECT_LE(world.clock.Now() - reads.at, std::chrono::seconds(1));
  EXPECT_EQ(std::count(world.calls.begin(), world.calls.end(), "m0 GET /apis/v1alpha1/members"), 2);
}

// DM asks every other master in turn, a second each for one whose node is dark.
TEST(ReadMembers, MastersThatAreGoneNeitherHideTheListNorMakeItOld) {
  World world;
  world.target.masters = {{"m0", "127.0.0.1", 8261, "", "a/0", true}, {"m1", "127.0.0.1", 8261, "", "b/0", false}, {"m2", "127.0.0.1", 8261, "", "c/0", false}};
  world.Healthy("m0");
  for (const char* dark : {"m1 /health", "m2 /health"}) world.Hangs(dark);
  world.answers["m0 /apis/v1alpha1/members"] = [&world]() -> Answer {
    world.clock.Advance(std::chrono::milliseconds(2100));
    return world.asked_for < std::chrono::milliseconds(2100) ? Answer(base::Fail(base::Code::kTimeout, "no answer in time"))
                                                            : Answer(net::Response{200, {}, kRoster});
  };
  const Reads reads = world.Read();
  ASSERT_TRUE(reads.roster) << reads.roster.why();
  EXPECT_LT(world.clock.Now() - reads.at, std::chrono::seconds(3));
}

TEST(ReadMembers, TheListOfTasksThatShowsPasswordsIsNeverCalled) {
  World world;
  world.Healthy("m0");
  world.target.subtasks = true;
  world.Read();
  for (const auto& call : world.calls) {
    EXPECT_EQ(call.find("/api/v1/tasks?"), std::string::npos);
    EXPECT_FALSE(call.ends_with("/api/v1/tasks")) << call;
  }
}

TEST(Reads, CompareByFactNotByTime) {
  Reads a, b;
  a.at = base::TimePoint(std::chrono::seconds(5));
  EXPECT_TRUE(a.SameAs(b));
  b.health["m0"] = Known<bool>::Of(false);
  EXPECT_FALSE(a.SameAs(b));
}

}  // namespace
}  // namespace dm::op::members

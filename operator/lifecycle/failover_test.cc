// Masters that cannot come back, and those that only seem so.
#include "operator/lifecycle/testing/expect.h"

namespace dm::op::lifecycle {
namespace {

using namespace testing;

World Settled(int masters) {
  World w(masters, 1);
  w.want.update.failover_period = std::chrono::seconds(60);
  w.Run(30);
  EXPECT_TRUE(w.Plan().Settled());
  return w;
}

const FailureMember* Failure(const Plan& plan, const std::string& pod) {
  for (const auto& failure : plan.failures) {
    if (failure.pod == pod) return &failure;
  }
  return nullptr;
}

int Count(const World& w, const std::string& what) {
  int count = 0;
  for (const auto& line : w.log) count += line.find(what) != std::string::npos;
  return count;
}

TEST(RecordMembers, ANewClaimIsNotTakenForTheOneOfAPodThatEnds) {
  World w = Settled(3);
  Observed seen = w.See();
  seen.master.pods.at(1).meta.deletion_timestamp = "2026-01-01T00:00:00Z";
  Claim& claim = seen.master.claims.at(1);
  claim.meta.uid = "another";
  claim.meta.annotations.clear();
  Now at;
  at.monotonic = base::TimePoint(std::chrono::seconds(w.now));
  const Plan plan = MakePlan(w.want, w.Render(), seen, at);
  for (const auto& action : Does(plan)) EXPECT_EQ(action.find("Annotate"), std::string::npos) << action;
}

TEST(Failover, AMasterWhoseNodeIsGoneIsReplacedAfterThePeriodAndNothingIsLeftBehind) {
  for (const auto how : {NodeState::kGone, NodeState::kOutOfService}) {
    World w = Settled(3);
    const std::string uid = w.claims().at("dm-master-a-dm-master-1").meta.uid;
    w.LoseNode("node-1", how);
    w.Run(50);
    const Plan pending = w.Plan();
    EXPECT_EQ(WaitOf(pending, Component::kMaster), "FailoverPending");
    ASSERT_TRUE(Failure(pending, "a-dm-master-1"));
    EXPECT_EQ(Failure(pending, "a-dm-master-1")->node, "node-1");
    EXPECT_EQ(Failure(pending, "a-dm-master-1")->claim_uid, uid);
    EXPECT_EQ(Count(w, "DeleteMember"), 0);
    w.Run(60);
    ExpectClean(w);
    EXPECT_EQ(Count(w, "DeleteMember master/a-dm-master-1"), 1);
    EXPECT_TRUE(w.dm.Healthy("a-dm-master-1"));
    EXPECT_EQ(w.NodeOf("a-dm-master-1"), "node-11");
    EXPECT_NE(w.claims().at("dm-master-a-dm-master-1").meta.uid, uid);
    EXPECT_EQ(w.dm.members(), 3u);
    EXPECT_TRUE(w.Plan().failures.empty());
    EXPECT_TRUE(w.Plan().Settled());
    EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
  }
}

TEST(Failover, ANodeThatReturnsInTimeChangesNothing) {
  World w = Settled(3);
  w.LoseNode("node-1");
  w.Run(40);
  ASSERT_TRUE(Failure(w.Plan(), "a-dm-master-1"));
  w.ReturnNode("node-1");
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(Count(w, "DeleteMember"), 0);
  EXPECT_EQ(Count(w, "Delete PersistentVolumeClaim"), 0);
  EXPECT_TRUE(w.Plan().failures.empty());
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Failover, ANodeThatReturnsAfterTheRemovalLeavesNoSecondMember) {
  World w = Settled(3);
  w.LoseNode("node-1");
  for (int i = 0; i < 120 && w.dm.Lists("a-dm-master-1"); ++i) w.Run(1);
  ASSERT_FALSE(w.dm.Lists("a-dm-master-1"));
  w.ReturnNode("node-1");   // its data with it
  w.Run(60);
  ExpectClean(w);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-1"));
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_TRUE(w.Plan().failures.empty());
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Failover, AVolumeThatFollowsItsPodIsKept) {
  World w = Settled(3);
  w.local_volumes = false;
  const std::string uid = w.claims().at("dm-master-a-dm-master-1").meta.uid;
  w.LoseNode("node-1");
  w.Run(120);
  ExpectClean(w);
  EXPECT_EQ(Count(w, "DeleteMember"), 0);
  EXPECT_EQ(w.claims().at("dm-master-a-dm-master-1").meta.uid, uid);
  EXPECT_EQ(w.NodeOf("a-dm-master-1"), "node-11");
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Failover, ALostClaimIsReplacedWhenTheUserDoesNot) {
  World w = Settled(3);
  w.LoseClaim("dm-master-a-dm-master-2");
  w.Run(50);
  EXPECT_EQ(ConditionOf(w.Plan(), "DataAtRisk"), "True/VolumeLost");
  EXPECT_EQ(w.disk(2).founding, 0);
  w.Run(60);
  ExpectClean(w);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-2"));
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_EQ(Count(w, "Delete PersistentVolumeClaim"), 0);   // the new one is used
  EXPECT_TRUE(w.Plan().failures.empty());
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Failover, SilenceAloneIsNoLoss) {
  World w = Settled(3);
  w.Hold("a-dm-master-1", true);
  w.KillPod("a-dm-master-1");
  w.Run(200);
  EXPECT_EQ(Count(w, "DeleteMember"), 0);
  EXPECT_TRUE(w.Plan().failures.empty());
  World other = Settled(3);
  other.LoseNode("node-1");
  other.members_unknown = true;
  other.Run(200);
  EXPECT_EQ(Count(other, "DeleteMember"), 0);
}

TEST(Failover, ANodeOfWhichNothingIsKnownIsNotGone) {
  World w = Settled(3);
  w.LoseNode("node-1");
  w.Run(100);
  Observed seen = w.See();
  World calm = Settled(3);
  calm.LoseNode("node-1");
  calm.Tick();
  seen = calm.See();
  seen.nodes.clear();
  const Plan plan = MakePlan(calm.want, calm.Render(), seen, {base::TimePoint(std::chrono::seconds(calm.now)), {}});
  EXPECT_TRUE(plan.failures.empty());
}

TEST(Failover, WithoutAMajorityNobodyIsRemoved) {
  World w = Settled(3);
  w.LoseNode("node-1");
  w.LoseNode("node-2");
  w.Run(200);
  ExpectClean(w);
  EXPECT_EQ(Count(w, "DeleteMember"), 0);
  EXPECT_EQ(w.dm.members(), 3u);
}

TEST(Failover, OfTwoLostOfFiveBothAreReplacedOneAfterTheOther) {
  World w = Settled(5);
  w.LoseNode("node-1");
  w.LoseNode("node-3");
  w.Run(180);
  ExpectClean(w);
  EXPECT_EQ(Count(w, "DeleteMember master"), 2);
  EXPECT_EQ(w.dm.members(), 5u);
  EXPECT_TRUE(w.Plan().failures.empty());
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Failover, TheLimitIsKept) {
  for (const int limit : {0, 1}) {
    World w = Settled(5);
    w.want.update.max_failover = limit;
    w.LoseNode("node-1");
    w.LoseNode("node-3");
    w.Run(180);
    ExpectClean(w);
    EXPECT_EQ(Count(w, "DeleteMember master"), limit);
    EXPECT_EQ(WaitOf(w.Plan(), Component::kMaster), "FailoverLimit");
  }
}

TEST(Failover, ALostMasterMayAlsoBeScaledIn) {
  World w = Settled(3);
  w.want.update.max_failover = 0;
  w.LoseNode("node-2");
  w.Run(20);
  w.want.master.replicas = 2;
  w.Run(40);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 2u);
  EXPECT_TRUE(w.Plan().failures.empty());
  EXPECT_TRUE(w.Plan().Settled());
}

// Killed between any two actions from the loss on: the end is the same.
TEST(Failover, SurvivesItsOperator) {
  for (std::size_t every = 0; every < 4; ++every) {
    World w = Settled(3);
    w.LoseNode("node-1");
    for (int second = 0; second < 300; ++second) {
      const Plan plan = w.Plan();
      w.Execute(plan, second % 2 == 0 ? std::min(every, plan.actions.size()) : SIZE_MAX);
      w.Tick();
    }
    ExpectClean(w);
    EXPECT_TRUE(w.dm.Healthy("a-dm-master-1")) << every;
    EXPECT_TRUE(w.Plan().failures.empty());
    EXPECT_TRUE(w.Plan().Settled());
  }
}

}  // namespace
}  // namespace dm::op::lifecycle

// Masters that lose their claim in the seconds in which they become members.
#include "operator/lifecycle/testing/expect.h"

namespace dm::op::lifecycle {
namespace {

using namespace testing;

std::string ClaimName(int ordinal) { return "dm-master-a-dm-master-" + std::to_string(ordinal); }

std::string LineOf(World& w, const std::string& pod) { return base::GetStringOr(*DataOf(w), pod); }

TEST(Lines, NameTheClaimThatTheyWereFirstUsedWith) {
  World w(3, 0);
  w.Hold("a-dm-master-2", true);   // its claim is there, its process is not
  w.Run(3);
  const std::string line = LineOf(w, "a-dm-master-2");
  const std::string uid = w.claims().at(ClaimName(2)).meta.uid;
  EXPECT_EQ(line.find("bootstrap a-dm-master-0="), 0u);
  EXPECT_NE(line.find("\nclaim " + uid), std::string::npos) << line;
  const int writes = w.writes;
  w.Run(5);
  EXPECT_EQ(w.writes, writes) << "written once";
}

std::string WaitMessage(const Plan& plan, Component component) {
  for (const auto& wait : plan.waits) {
    if (wait.component == component) return wait.message;
  }
  return {};
}

// A first master loses its claim after each of the operator's first actions.
TEST(Lines, AFirstMasterThatLosesItsClaimAtAnyMomentIsReplaced) {
  for (std::size_t after = 0;; ++after) {
    World w(3, 0);
    w.want.update.failover_period = std::chrono::seconds(20);
    std::size_t done = 0;
    bool lost = false;
    for (int second = 0; second < 200; ++second) {
      const Plan plan = w.Plan();
      if (plan.Settled()) break;
      const bool here = !lost && after >= done && after < done + plan.actions.size();
      w.Execute(plan, here ? after - done : SIZE_MAX);
      done += here ? after - done : plan.actions.size();
      // Seen by the operator, and a member whose loss costs no majority.
      if (here && w.dm.Lists("a-dm-master-1") && w.dm.Quorum() && (LineOf(w, "a-dm-master-1").empty() || LineOf(w, "a-dm-master-1").find("claim") != std::string::npos)) {
        w.LoseClaim(ClaimName(1));
      }
      lost |= here;
      w.Tick();
    }
    SCOPED_TRACE("lost after action " + std::to_string(after));
    ExpectClean(w);
    EXPECT_EQ(w.dm.bootstraps(), 1);
    EXPECT_EQ(w.dm.members(), 3u);
    EXPECT_TRUE(w.dm.Healthy("a-dm-master-1"));
    EXPECT_TRUE(w.Plan().Settled());
    EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
    if (!lost) {
      EXPECT_GT(after, 8u);
      break;
    }
    if (HasFailure()) return;
  }
}

// They formed the cluster unheard, and are suspended; one has lost its volume when they come back, and is the first to start.
TEST(Lines, AFirstMasterThatLosesItsClaimUnheardFoundsNoSecondCluster) {
  World w(3, 0);
  w.want.update.failover_period = std::chrono::seconds(20);
  w.members_unknown = true;
  w.Run(10);
  ASSERT_EQ(w.dm.bootstraps(), 1);
  w.want.master.suspended = true;
  w.Run(5);
  ASSERT_TRUE(w.pods().empty());
  w.LoseClaim(ClaimName(1));
  w.Run(2);
  EXPECT_EQ(LineOf(w, "a-dm-master-1").find("held bootstrap a-dm-master-0="), 0u) << LineOf(w, "a-dm-master-1");
  EXPECT_EQ(LineOf(w, "a-dm-master-0").find("bootstrap "), 0u);
  w.want.master.suspended = false;
  for (const int other : {0, 2}) w.Hold("a-dm-master-" + std::to_string(other), true);
  w.Run(5);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  const Plan plan = w.Plan();
  EXPECT_NE(WaitMessage(plan, Component::kMaster).find("a-dm-master-1, whose volume was lost or replaced, is not started before"), std::string::npos)
      << WaitMessage(plan, Component::kMaster);
  for (const int other : {0, 2}) w.Hold("a-dm-master-" + std::to_string(other), false);
  w.members_unknown = false;
  w.Run(120);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-1"));
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
}

// Nothing is left that could be founded twice: a majority has lost what it may have had.
TEST(Lines, OfAClusterThatNeverFormedAreGivenBackWhenAMajorityHasLostItsClaims) {
  World w(3, 0);
  for (int i = 0; i < 3; ++i) w.Hold("a-dm-master-" + std::to_string(i), true);
  w.Run(3);
  w.LoseClaim(ClaimName(1));
  w.Run(2);
  EXPECT_EQ(LineOf(w, "a-dm-master-1").find("held "), 0u);
  w.LoseClaim(ClaimName(2));
  w.Run(2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(LineOf(w, "a-dm-master-" + std::to_string(i)).find("bootstrap "), 0u);
    w.Hold("a-dm-master-" + std::to_string(i), false);
  }
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
}

// Known by one claim, and its only master's volume lost before its line was taken away.
TEST(Lines, OfAKnownClusterFoundNoSecondOne) {
  World w(1, 0);
  w.Execute(w.Plan());
  w.Tick();
  std::string line;
  for (int action = 0; action < 40 && !w.claims().at(ClaimName(0)).IsMember(); ++action) {
    line = LineOf(w, "a-dm-master-0");
    const Plan plan = w.Plan();
    w.Execute(plan, 1);
    w.want.status["bootstrap"] = {{"clusterID", plan.bootstrap.cluster_id}, {"initialMembers", plan.bootstrap.initial_members}};
    w.Tick();
  }
  ASSERT_TRUE(w.claims().at(ClaimName(0)).IsMember());
  ASSERT_NE(line.find("\nclaim "), std::string::npos) << line;
  (*w.Object("ConfigMap", "a-dm-bootstrap"))["data"]["a-dm-master-0"] = line;
  w.LoseClaim(ClaimName(0));
  w.Execute(w.Plan());
  EXPECT_EQ(LineOf(w, "a-dm-master-0"), "");
  w.Run(30);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_EQ(ConditionOf(w.Plan(), "DataAtRisk"), "True/AllDataLost");
}

TEST(Lines, NameNoClaimThatIsNotBound) {
  World w(3, 0);
  w.Execute(w.Plan());
  w.Hold("a-dm-master-2", true);
  w.Tick();
  w.claims().at(ClaimName(2)).volume.clear();
  w.Execute(w.Plan());
  EXPECT_EQ(LineOf(w, "a-dm-master-2").find("\nclaim"), std::string::npos) << LineOf(w, "a-dm-master-2");
  EXPECT_NE(LineOf(w, "a-dm-master-0").find("\nclaim"), std::string::npos) << LineOf(w, "a-dm-master-0");
}

TEST(Lines, OneThatLosesItsClaimBeforeItHasJoinedBeginsAnew) {
  World w(1, 0);
  w.Run(30);
  w.want.update.failover_period = std::chrono::seconds(20);
  w.Hold("a-dm-master-1", true);
  w.want.master.replicas = 2;
  w.Run(5);
  const std::string old = w.claims().at(ClaimName(1)).meta.uid;
  ASSERT_NE(LineOf(w, "a-dm-master-1").find(old), std::string::npos);
  w.LoseClaim(ClaimName(1));
  w.Run(3);
  EXPECT_EQ(LineOf(w, "a-dm-master-1").find(old), std::string::npos);
  EXPECT_NE(LineOf(w, "a-dm-master-1").find(w.claims().at(ClaimName(1)).meta.uid), std::string::npos);
  w.Hold("a-dm-master-1", false);
  w.Run(20);
  ExpectClean(w);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-1"));
  EXPECT_TRUE(w.Plan().Settled());
}

// The only master with data has lost it, and one that waits to join is no reason to say nothing.
TEST(Lines, OfAJoinerSayNothingWhenThereIsNobodyToJoin) {
  World w(1, 0);
  w.Run(30);
  w.Hold("a-dm-master-1", true);
  w.want.master.replicas = 2;
  w.Run(5);
  ASSERT_EQ(LineOf(w, "a-dm-master-1").find("join "), 0u);
  w.LoseClaim(ClaimName(0));
  w.Hold("a-dm-master-1", false);
  w.Run(30);
  EXPECT_EQ(ConditionOf(w.Plan(), "DataAtRisk"), "True/AllDataLost");
  EXPECT_EQ(w.dm.bootstraps(), 1);
  w.Annotate("dm.pingcap.com/force", "bootstrap");
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 2);
  EXPECT_EQ(w.dm.members(), 2u);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Lines, AJoinerThatLosesItsClaimBeforeItIsRecordedIsReplaced) {
  World w(3, 0);
  w.want.update.failover_period = std::chrono::seconds(20);
  w.Run(30);
  w.want.master.replicas = 4;
  for (int second = 0; second < 40 && !w.dm.Lists("a-dm-master-3"); ++second) {
    w.Execute(w.Plan());
    w.Tick();
  }
  ASSERT_TRUE(w.dm.Lists("a-dm-master-3"));
  w.Execute(w.Plan(), 1);   // its claim stands beside its line, and not yet the other way round
  ASSERT_NE(LineOf(w, "a-dm-master-3").find("claim"), std::string::npos);
  ASSERT_FALSE(w.claims().at(ClaimName(3)).IsMember());
  w.LoseClaim(ClaimName(3));
  w.Run(120);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 4u);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-3"));
  EXPECT_TRUE(w.Plan().Settled());
}

}  // namespace
}  // namespace dm::op::lifecycle

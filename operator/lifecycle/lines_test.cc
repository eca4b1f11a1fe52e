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

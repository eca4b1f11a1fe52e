// Scaling, suspending, registrations and claims.
#include "operator/lifecycle/testing/expect.h"

namespace dm::op::lifecycle {
namespace {

using namespace testing;

World Settled(int masters, int workers) {
  World w(masters, workers);
  w.Run(30);
  EXPECT_TRUE(w.Plan().Settled());
  return w;
}

// Three masters; the one that a scale-in would take leads.
World LastLeads() {
  World w = Settled(3, 1);
  w.dm.Evict("a-dm-master-0");
  w.dm.Evict("a-dm-master-1");
  w.dm.Elect();
  w.dm.CancelEvict("a-dm-master-0");
  w.dm.CancelEvict("a-dm-master-1");
  return w;
}

TEST(ScaleOut, MastersJoinOneByOneEachAfterItsLine) {
  World w = Settled(1, 1);
  w.want.master.replicas = 3;
  const Plan plan = w.Plan();
  EXPECT_EQ(Does(plan), (std::vector<std::string>{"Apply ConfigMap/a-dm-bootstrap", "Apply StatefulSet/a-dm-master"}));
  w.Execute(plan);
  EXPECT_EQ(base::GetStringOr(*DataOf(w), "a-dm-master-1"), "join a-dm-master-0.a-dm-master-peer:8261");
  EXPECT_FALSE(DataOf(w)->contains("a-dm-master-2"));
  int most = 0;
  for (int i = 0; i < 60; ++i) {
    w.Run(1);
    int waiting = 0;
    for (const auto& [name, process] : w.dm.masters()) waiting += !process.running;
    most = std::max(most, waiting);
  }
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_LE(most, 1);
  EXPECT_TRUE(DataOf(w)->empty());
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(ScaleOut, WaitsWhileAMasterIsNotHealthy) {
  World w = Settled(3, 1);
  w.Hold("a-dm-master-2", true);
  w.KillPod("a-dm-master-2");
  w.Tick();
  w.want.master.replicas = 5;
  w.Run(20);
  EXPECT_EQ(WaitOf(w.Plan(), Component::kMaster), "ScaleOutBlocked");
  EXPECT_EQ(w.dm.members(), 3u);
}

TEST(ScaleOut, IsNotBegunOnTheWordOfAnOldMemberList) {
  World w = Settled(3, 1);
  w.want.master.replicas = 5;
  Observed seen = w.See();
  seen.members.at = base::TimePoint(std::chrono::seconds(w.now - 6));
  Now at;
  at.monotonic = base::TimePoint(std::chrono::seconds(w.now));
  const Plan plan = MakePlan(w.want, w.Render(), seen, at);
  EXPECT_TRUE(plan.wants_fresh);
  EXPECT_TRUE(plan.actions.empty());
}

TEST(ScaleOut, AJoinThatIsUnderWayIsNotForgottenWhenMembersAreSilent) {
  World w = Settled(1, 1);
  w.want.master.replicas = 2;
  w.Execute(w.Plan());
  w.members_unknown = true;
  for (int i = 0; i < 3; ++i) {
    const Plan plan = w.Plan();
    EXPECT_FALSE(Has(plan, "Apply StatefulSet/a-dm-master"));
    EXPECT_FALSE(Has(plan, "Apply ConfigMap/a-dm-bootstrap"));
    w.Execute(plan);
  }
  EXPECT_TRUE(DataOf(w)->contains("a-dm-master-1"));
}

TEST(ScaleOut, TakenBackBeforeItJoinedLeavesNothing) {
  World w = Settled(1, 1);
  w.Hold("a-dm-master-1", true);
  w.want.master.replicas = 2;
  w.Run(3);
  w.want.master.replicas = 1;
  w.Run(10);
  ExpectClean(w);
  EXPECT_TRUE(DataOf(w)->empty());
  EXPECT_FALSE(w.pods().contains("a-dm-master-1"));
  EXPECT_TRUE(w.Plan().Settled());
}

// Added to etcd, and its own etcd not up: listed without a name. DM removes by name only, so its pod and its line stay.
TEST(ScaleOut, TakenBackAfterItWasAddedWaitsUntilItIsUp) {
  World w = Settled(3, 1);
  w.Hold("a-dm-master-3", true);
  w.want.master.replicas = 4;
  w.Run(3);
  w.want.master.replicas = 3;
  const auto plan_of = [&](Observed seen) { return MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}}); };
  auto seen = w.See();
  auto roster = *seen.members.roster;
  roster.masters.insert(roster.masters.begin(), members::Master{"", "99", false, "", ""});
  seen.members.roster = members::Known<members::Roster>::Of(roster);
  EXPECT_TRUE(plan_of(seen).actions.empty());
  EXPECT_EQ(WaitOf(plan_of(seen), Component::kMaster), "ScalingIn");
  // Neither is it taken for not added on the word of a list that may be older than that.
  auto old = w.See();
  old.members.at = base::TimePoint(std::chrono::seconds(w.now - 6));
  EXPECT_TRUE(plan_of(old).actions.empty());
  EXPECT_TRUE(plan_of(old).wants_fresh);
  EXPECT_FALSE(plan_of(w.See()).actions.empty());
}

TEST(ScaleIn, OfMastersRemovesTheMemberMarksTheClaimThenShrinks) {
  World w = Settled(3, 1);
  w.want.master.replicas = 2;
  Plan plan = w.Plan();
  EXPECT_EQ(Does(plan), std::vector<std::string>{"DeleteMember master/a-dm-master-2"});
  w.Execute(plan);
  w.Tick();
  plan = w.Plan();
  EXPECT_EQ(Does(plan), std::vector<std::string>{"Annotate PersistentVolumeClaim/dm-master-a-dm-master-2"});
  w.Execute(plan);
  plan = w.Plan();
  EXPECT_EQ(Does(plan), (std::vector<std::string>{"Apply ConfigMap/a-dm-bootstrap", "Apply StatefulSet/a-dm-master"}));
  w.Execute(plan);
  EXPECT_TRUE(DataOf(w)->contains("removed-a-dm-master-2"));
  w.Run(20);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 2u);
  EXPECT_TRUE(w.Plan().Settled());
}

// The member has come up and is not recorded yet when it has to go again.
TEST(ScaleIn, AClaimSaysWhoseDataItHasBeforeItsMemberGoes) {
  for (std::size_t actions = 0; actions < 12; ++actions) {
    SCOPED_TRACE(actions);
    World w(3, 0);
    std::size_t done = 0;
    for (int second = 0; second < 40 && done < actions; ++second) {
      const Plan plan = w.Plan();
      const std::size_t some = std::min(actions - done, plan.actions.size());
      w.Execute(plan, some);
      done += some;
      w.Tick();
    }
    w.want.master.replicas = 2;
    w.Run(60);
    w.want.master.replicas = 3;
    w.Run(60);
    ExpectClean(w);
    EXPECT_EQ(w.dm.members(), 3u);
    EXPECT_TRUE(w.Ready("a-dm-master-2"));
    EXPECT_TRUE(w.Plan().Settled());
  }
}

TEST(ScaleIn, TheClaimOfARemovedMasterIsUsedAgainWithItsOldDataSetAside) {
  World w = Settled(3, 1);
  w.want.master.replicas = 2;
  w.Run(30);
  w.want.master.replicas = 3;
  w.Run(40);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_EQ(w.disk(2).aside.size(), 1u);
  EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
  EXPECT_FALSE(w.claims().at("dm-master-a-dm-master-2").Retired());
}

TEST(ScaleIn, TheLeaderIsEvictedFirstAndAnnouncedBefore) {
  World w = LastLeads();
  ASSERT_EQ(w.dm.leader(), "a-dm-master-2");
  w.want.master.replicas = 2;
  const Plan plan = w.Plan();
  EXPECT_EQ(Does(plan), std::vector<std::string>{"EvictLeader a-dm-master-2"});
  ASSERT_EQ(plan.intents.size(), 1u);
  EXPECT_EQ(plan.intents[0].pod, "a-dm-master-2");
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 2u);
  EXPECT_TRUE(w.Plan().intents.empty());
}

TEST(ScaleIn, AnEvictionThatIsNoLongerNeededIsTakenBack) {
  World w = LastLeads();
  w.want.master.replicas = 2;
  w.Execute(w.Plan());
  w.want.master.replicas = 3;
  const Plan plan = w.Plan();
  EXPECT_EQ(Does(plan), std::vector<std::string>{"CancelEvict a-dm-master-2"});
  w.Execute(plan);
  EXPECT_FALSE(w.dm.masters().at("a-dm-master-2").evicted);
  EXPECT_TRUE(w.Plan().intents.empty());
}

TEST(ScaleIn, AMomentWithoutALeaderTakesNoEvictionBack) {
  World w = LastLeads();
  w.want.master.replicas = 2;
  w.Execute(w.Plan());
  // The old leader has resigned, the new one is not elected yet.
  const auto after = [&](int seconds) {
    Observed seen = w.See();
    seen.members.current = true;
    seen.members.roster = members::Known<members::Roster>::Unknown("master is not leader, and can't forward request to leader");
    const base::TimePoint now(std::chrono::seconds(w.now));
    seen.members.leaderless_since = now - std::chrono::seconds(seconds);
    return MakePlan(w.want, w.Render(), seen, {now, {}});
  };
  const Plan soon = after(1);
  EXPECT_TRUE(Does(soon).empty());
  ASSERT_EQ(soon.intents.size(), 1u);
  EXPECT_EQ(soon.intents[0].action, "EvictLeader");
  EXPECT_EQ(Does(after(20)), (std::vector<std::string>{"Emit NoOtherLeader", "CancelEvict a-dm-master-2"}));
}

TEST(ScaleIn, WhenNobodyElseMayLeadTheEvictionIsTakenBackAndNotTriedForEver) {
  World w = Settled(2, 1);
  w.dm.Evict("a-dm-master-0");   // by a hand
  w.dm.Elect();
  ASSERT_EQ(w.dm.leader(), "a-dm-master-1");
  w.want.master.replicas = 1;
  w.Run(40);
  EXPECT_EQ(w.dm.leader(), "a-dm-master-1");
  EXPECT_EQ(WaitOf(w.Plan(), Component::kMaster), "NoOtherLeader");
  int evictions = 0;
  for (const auto& line : w.log) evictions += line.find("EvictLeader") != std::string::npos;
  EXPECT_EQ(evictions, 1);
  w.want.master.replicas = 2;
  w.Run(3);
  EXPECT_TRUE(w.Plan().intents.empty());
}

TEST(ScaleIn, IsRefusedWhileItWouldPutTheMajorityAtRisk) {
  struct Case {
    const char* what;
    std::function<void(World&)> harm;
    std::string reason;
  };
  const Case cases[] = {
      {"another master is down", [](World& w) { w.Hold("a-dm-master-0", true); w.KillPod("a-dm-master-0"); w.Tick(); }, "ScaleInBlocked"},
      {"members are silent", [](World& w) { w.members_unknown = true; }, "ScaleInBlocked"},
      {"another has only just come up", [](World& w) { w.KillPod("a-dm-master-0"); w.Tick(); w.Tick(); }, "ScalingIn"},
  };
  for (const Case& c : cases) {
    World w = Settled(3, 1);
    c.harm(w);
    w.want.master.replicas = 2;
    const Plan plan = w.Plan();
    EXPECT_EQ(WaitOf(plan, Component::kMaster), c.reason) << c.what;
    EXPECT_FALSE(Has(plan, "DeleteMember master/a-dm-master-2")) << c.what;
  }
}

TEST(ScaleIn, ADeadMasterCanBeTheOneThatGoes) {
  World w = Settled(3, 1);
  w.Hold("a-dm-master-2", true);
  w.KillPod("a-dm-master-2");
  w.Run(10);
  w.want.master.replicas = 2;
  w.Run(20);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 2u);
}

TEST(ScaleIn, ToNoMastersIsRefused) {
  World w = Settled(1, 1);
  w.want.master.replicas = 0;
  EXPECT_EQ(WaitOf(w.Plan(), Component::kMaster), "NoMasters");
  w.Run(10);
  EXPECT_EQ(w.dm.members(), 1u);
}

TEST(ScaleIn, TakenBackAfterTheMemberWasRemovedItJoinsAgain) {
  World w = Settled(3, 1);
  w.want.master.replicas = 2;
  w.Execute(w.Plan());          // DM has removed it; its claim does not say so yet
  ASSERT_FALSE(w.dm.Lists("a-dm-master-2"));
  w.want.master.replicas = 3;
  w.Run(40);
  ExpectClean(w);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-2"));
  EXPECT_EQ(w.disk(2).aside.size(), 1u);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(ScaleOut, AMemberThatAHandRemovedJoinsAgain) {
  for (const char* pod : {"a-dm-master-0", "a-dm-master-1", "a-dm-master-2"}) {
    World w = Settled(3, 1);
    w.dm.DeleteMaster(pod, w.now);
    w.dm.Elect();
    w.Run(40);
    ExpectClean(w);
    EXPECT_TRUE(w.dm.Healthy(pod)) << pod;
    EXPECT_EQ(w.dm.members(), 3u);
    EXPECT_TRUE(w.Plan().Settled());
  }
}

TEST(ScaleIn, WhoStaysJoinsFirst) {
  World w = Settled(2, 1);
  w.dm.DeleteMaster("a-dm-master-0", w.now);   // by a hand
  w.dm.Elect();
  w.want.master.replicas = 1;
  w.Run(60);
  ExpectClean(w);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-0"));
  EXPECT_EQ(w.dm.members(), 1u);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(ScaleIn, AnOldMemberListIsNotEnough) {
  World w = Settled(3, 1);
  w.want.master.replicas = 2;
  Observed seen = w.See();
  seen.members.at = base::TimePoint(std::chrono::seconds(w.now - 6));
  Now at;
  at.monotonic = base::TimePoint(std::chrono::seconds(w.now));
  const Plan plan = MakePlan(w.want, w.Render(), seen, at);
  EXPECT_TRUE(plan.wants_fresh);
  EXPECT_TRUE(plan.actions.empty());
}

TEST(Workers, GrowAtOnceShrinkOneByOneAndAreDeregistered) {
  World w = Settled(1, 1);
  w.want.worker.replicas = 3;
  EXPECT_EQ(Does(w.Plan()), std::vector<std::string>{"Apply StatefulSet/a-dm-worker"});
  w.Run(5);
  EXPECT_EQ(w.dm.Read({"a-dm-master-0"}, w.now).roster->workers.size(), 3u);
  w.want.worker.replicas = 1;
  w.Execute(w.Plan());
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-worker"))["spec"]["replicas"], 2);
  w.Run(20);
  ExpectClean(w);
  EXPECT_EQ(w.dm.Read({"a-dm-master-0"}, w.now).roster->workers.size(), 1u);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Workers, OneThatLoadsIsLeftUntilItHasFinishedOrForced) {
  World w = Settled(1, 2);
  w.dm.Load("a-dm-worker-1", true);
  w.want.worker.replicas = 1;
  Plan plan = w.Plan();
  EXPECT_EQ(WaitOf(plan, Component::kWorker), "ScaleInBlocked");
  EXPECT_TRUE(plan.wants_subtasks);
  EXPECT_TRUE(plan.actions.empty());
  w.Annotate("dm.pingcap.com/force", "scale-in");
  plan = w.Plan();
  EXPECT_EQ(Does(plan), std::vector<std::string>{"Apply StatefulSet/a-dm-worker"});
  w.Run(5);
  ExpectClean(w);
  EXPECT_FALSE(w.pods().contains("a-dm-worker-1"));
  EXPECT_FALSE(w.want.meta.annotations.contains("dm.pingcap.com/force"));   // used up when nothing has to go any more
}

TEST(Workers, ARestartingWorkerIsNotDeregistered) {
  World w = Settled(1, 2);
  w.Hold("a-dm-worker-1", true);
  w.KillPod("a-dm-worker-1");
  w.Run(5);
  EXPECT_EQ(w.dm.Read({"a-dm-master-0"}, w.now).roster->workers.size(), 2u);
}

TEST(Workers, TakingTheSectionOutOfTheSpecRemovesNothing) {
  World w = Settled(1, 2);
  w.want.has_worker = false;
  EXPECT_EQ(WaitOf(w.Plan(), Component::kWorker), "WorkerRemoved");
  EXPECT_TRUE(w.Plan().actions.empty());
}

TEST(Suspend, TakesWorkersThenMastersAwayAndBringsTheSameClusterBack) {
  World w = Settled(3, 2);
  w.want.master.suspended = w.want.worker.suspended = true;
  w.Execute(w.Plan());
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-worker"))["spec"]["replicas"], 0);
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-master"))["spec"]["replicas"], 3);
  w.Run(10);
  EXPECT_TRUE(w.pods().empty());
  EXPECT_TRUE(w.Plan().suspended);
  EXPECT_TRUE(w.Plan().actions.empty());
  w.want.master.replicas = 5;   // changed while it sleeps
  w.want.master.suspended = w.want.worker.suspended = false;
  w.Execute(w.Plan());
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-master"))["spec"]["replicas"], 3);
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_EQ(w.dm.members(), 5u);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Suspend, InTheMiddleOfABootstrapKeepsItsLines) {
  World w(3, 1);
  w.Execute(w.Plan());
  w.want.master.suspended = w.want.worker.suspended = true;
  w.Run(5);
  EXPECT_EQ(DataOf(w)->size(), 3u);
  w.want.master.replicas = 1;
  w.want.master.suspended = w.want.worker.suspended = false;
  w.Run(60);
  ExpectClean(w);
  EXPECT_LE(w.dm.bootstraps(), 1);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Claims, OfScaledInPodsStayUnlessThePolicySaysDelete) {
  for (const Retain retain : {Retain::kRetain, Retain::kDelete}) {
    World w = Settled(3, 2);
    w.want.when_scaled = retain;
    w.want.master.replicas = 1;
    w.want.worker.replicas = 1;
    w.Run(60);
    ExpectClean(w);
    EXPECT_EQ(w.claims().size(), retain == Retain::kRetain ? 5u : 2u);
    EXPECT_TRUE(w.Plan().Settled());
  }
}

}  // namespace
}  // namespace dm::op::lifecycle

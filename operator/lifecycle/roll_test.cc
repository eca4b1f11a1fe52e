// Rolls, and the clusters that are left alone.
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

// The order in which pods were replaced.
std::vector<std::string> Replaced(const World& w) {
  std::vector<std::string> out;
  for (const auto& line : w.log) {
    const auto at = line.find("Delete Pod/");
    if (at != std::string::npos) out.push_back(line.substr(at + 11));
  }
  return out;
}

TEST(Roll, OneAtATimeMastersFirstTheLeaderLastAndTheLeadershipMovesOnce) {
  World w = Settled(3, 2);
  ASSERT_EQ(w.dm.leader(), "a-dm-master-0");
  w.SetImage("dm:2");
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(Replaced(w), (std::vector<std::string>{"a-dm-master-2", "a-dm-master-1", "a-dm-master-0", "a-dm-worker-1", "a-dm-worker-0"}));
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_TRUE(w.Plan().intents.empty());
}

TEST(Roll, WorkersKeepTheOldTemplateUntilTheMastersHaveChanged) {
  World w = Settled(3, 1);
  w.SetImage("dm:2");
  const Plan plan = w.Plan();
  EXPECT_EQ(Does(plan), std::vector<std::string>{"Apply StatefulSet/a-dm-master"});
  EXPECT_EQ(WaitOf(plan, Component::kWorker), "WaitsForMasters");
}

TEST(Roll, WorkersWaitUntilTheLastMasterIsBack) {
  World w = Settled(3, 2);
  w.SetImage("dm:2");
  w.Hold("a-dm-master-0", true);      // made anew it does not start
  w.Run(30);
  const std::vector<std::string> masters{"a-dm-master-2", "a-dm-master-1", "a-dm-master-0"};
  EXPECT_EQ(Replaced(w), masters);
  EXPECT_EQ(WaitOf(w.Plan(), Component::kWorker), "Rolling");
  w.Hold("a-dm-master-0", false);
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(Replaced(w).size(), 5u);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Roll, StopsWhenTheFirstNewMasterIsNotWell) {
  World w = Settled(3, 1);
  w.SetImage("dm:2");
  w.Run(1);
  w.Hold("a-dm-master-2", true);
  w.Run(30);
  EXPECT_EQ(Replaced(w), std::vector<std::string>{"a-dm-master-2"});
  EXPECT_EQ(WaitOf(w.Plan(), Component::kMaster), "Rolling");
  EXPECT_TRUE(w.dm.Quorum());
}

TEST(Roll, ABrokenPodOfAnOlderTemplateIsReplacedAtOnce) {
  World w(3, 1);
  for (int i = 0; i < 3; ++i) w.Hold("a-dm-master-" + std::to_string(i), true);   // an image that does not exist
  w.Run(5);
  w.SetImage("dm:2");
  for (int i = 0; i < 3; ++i) w.Hold("a-dm-master-" + std::to_string(i), false);
  w.Run(1);
  w.Hold("a-dm-master-0", false);
  w.Run(40);
  ExpectClean(w);
  EXPECT_TRUE(w.Plan().Settled());
}

// After an outage of the API server the pods of every node that could not report count as not ready.
TEST(Roll, PodsThatWorkAreNotBrokenBecauseTheyAreCalledNotReady) {
  World w = Settled(3, 2);
  w.SetImage("dm:2");
  w.Execute(w.Plan());
  w.Tick();
  const auto plan_of = [&](const Observed& seen) {
    return MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}});
  };
  auto seen = w.See();
  for (auto& [ordinal, pod] : seen.master.pods) pod.ready = false;
  for (const auto& action : Does(plan_of(seen))) EXPECT_EQ(action.find("Delete"), std::string::npos) << action;
  EXPECT_EQ(WaitOf(plan_of(seen), Component::kMaster), "Rolling");

  auto unknown = seen;
  unknown.members.health["a-dm-master-1"] = members::Known<bool>::Unknown("no answer");
  for (const auto& action : Does(plan_of(unknown))) EXPECT_EQ(action.find("Delete"), std::string::npos) << action;

  // DM's own word, or the kubelet's, is another matter: those that run one after the other, those that do not at once.
  for (const char* pod : {"a-dm-master-1", "a-dm-master-2"}) seen.members.health[pod] = members::Known<bool>::Of(false);
  EXPECT_EQ(Does(plan_of(seen)), std::vector<std::string>{"Delete Pod/a-dm-master-1"});
  for (const int ordinal : {1, 2}) seen.master.pods.at(ordinal).waiting = {"dm-master"};
  EXPECT_EQ(Does(plan_of(seen)), (std::vector<std::string>{"Delete Pod/a-dm-master-1", "Delete Pod/a-dm-master-2"}));
}

// The user repairs a sidecar that crashes beside members that are well.
TEST(Roll, AContainerBesideDmSaysNothingOfDm) {
  World w = Settled(3, 2);
  auto seen = w.See();
  for (auto* pods : {&seen.master.pods, &seen.worker.pods}) {
    for (auto& [ordinal, pod] : *pods) {
      pod.controller_revision = "older";
      pod.ready = false;
      pod.waiting_reason = "CrashLoopBackOff";
      pod.waiting = {"exporter"};
    }
  }
  const auto plan = MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}});
  for (const auto& action : Does(plan)) EXPECT_EQ(action.find("Delete"), std::string::npos) << action;
}

TEST(Roll, WorkersWaitWhileMastersAreScaled) {
  World w = Settled(5, 2);
  w.want.master.replicas = 3;
  bool scaled = false;
  for (int i = 0; i < 60; ++i) {
    auto seen = w.See();
    if (w.dm.members() > 3) {                     // only the workers are outdated
      for (auto& [ordinal, pod] : seen.worker.pods) pod.controller_revision = "older";
      const auto plan = MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}});
      const auto does = Does(plan);
      for (const auto& action : does) EXPECT_EQ(action.find("Delete Pod/a-dm-worker"), std::string::npos) << action;
      EXPECT_EQ(WaitOf(plan, Component::kWorker), "Rolling");
      scaled = true;
    }
    w.Execute(w.Plan());
    w.Tick();
  }
  EXPECT_TRUE(scaled);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 3u);
}

TEST(Roll, MastersRollWhileWorkersAreSuspended) {
  World w = Settled(3, 2);
  w.want.worker.suspended = true;
  w.Run(20);
  w.SetImage("dm:2");
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(Replaced(w), (std::vector<std::string>{"a-dm-master-2", "a-dm-master-1", "a-dm-master-0"}));
}

// Its worker does not answer DM: it may be in the middle of a load.
TEST(Roll, AWorkerThatDoesNotTellWhatItDoesIsNotDisturbed) {
  World w = Settled(1, 1);
  w.dm.AddSource("s", "a-dm-worker-0");
  w.Tick();
  auto seen = w.See();
  seen.worker.pods.at(0).controller_revision = "older";
  seen.members.subtasks = members::Known<std::vector<members::Subtask>>::Of({{"t-s", "s", "", "", ""}});
  const auto plan = MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}});
  EXPECT_TRUE(Does(plan).empty());
  EXPECT_EQ(WaitOf(plan, Component::kWorker), "Rolling");
}

TEST(Roll, WorkersThatWorkAreNotBrokenBecauseTheyAreCalledNotReady) {
  World w = Settled(1, 2);
  const auto deletions = [&](const Observed& seen) {
    auto does = Does(MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}}));
    std::erase_if(does, [](const auto& action) { return action.find("Delete Pod") == std::string::npos; });
    return does;
  };
  auto seen = w.See();
  for (auto& [ordinal, pod] : seen.worker.pods) pod.controller_revision = "older";
  EXPECT_EQ(deletions(seen), std::vector<std::string>{"Delete Pod/a-dm-worker-1"});
  for (auto& [ordinal, pod] : seen.worker.pods) pod.ready = false;
  EXPECT_TRUE(deletions(seen).empty());
  auto roster = *seen.members.roster;
  for (auto& worker : roster.workers) worker.stage = "offline";
  seen.members.roster = members::Known<members::Roster>::Of(roster);
  EXPECT_EQ(deletions(seen), std::vector<std::string>{"Delete Pod/a-dm-worker-0"}) << "DM's own word";
}

TEST(Roll, APodThatIsEndingIsNotDeletedAgain) {
  World w = Settled(3, 1);
  w.SetImage("dm:2");
  w.Execute(w.Plan());
  w.Tick();
  auto seen = w.See();
  seen.master.pods.at(2).meta.deletion_timestamp = "2026-11-24T20:00:00Z";
  const Plan plan = MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}});
  EXPECT_EQ(WaitOf(plan, Component::kMaster), "Rolling");
  for (const auto& action : Does(plan)) EXPECT_EQ(action.find("Delete"), std::string::npos) << action;
}

TEST(Roll, AWorkerThatLoadsHoldsUpNobodyElse) {
  World w = Settled(1, 3);
  w.dm.Load("a-dm-worker-2", true);
  w.SetImage("dm:2");
  w.Run(30);
  EXPECT_EQ(Replaced(w), (std::vector<std::string>{"a-dm-master-0", "a-dm-worker-1", "a-dm-worker-0"}));
  EXPECT_EQ(WaitOf(w.Plan(), Component::kWorker), "RollBlocked");
  w.Annotate("dm.pingcap.com/force", "roll");
  w.Run(10);
  ExpectClean(w);
  EXPECT_EQ(Replaced(w).back(), "a-dm-worker-2");
  EXPECT_FALSE(w.want.meta.annotations.contains("dm.pingcap.com/force"));
}

TEST(Roll, AWorkerThatLoadsIsReplacedWhereItsUserWantsThat) {
  World w = Settled(1, 2);
  w.dm.Load("a-dm-worker-1", true);
  w.want.update.wait_for_sync = false;   // the task waits for its worker instead
  w.SetImage("dm:2");
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(Replaced(w), (std::vector<std::string>{"a-dm-master-0", "a-dm-worker-1", "a-dm-worker-0"}));
}

TEST(Roll, ForceGivenTogetherWithTheChangeIsNotUsedUpBeforeTheRoll) {
  World w = Settled(1, 1);
  w.dm.Load("a-dm-worker-0", true);
  w.SetImage("dm:2");
  w.Annotate("dm.pingcap.com/force", "roll");
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(Replaced(w), (std::vector<std::string>{"a-dm-master-0", "a-dm-worker-0"}));
  EXPECT_FALSE(w.want.meta.annotations.contains("dm.pingcap.com/force"));
}

TEST(Roll, ASingleMasterIsSimplyReplaced) {
  World w = Settled(1, 0);
  w.SetImage("dm:2");
  w.Run(10);
  ExpectClean(w);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-0"));
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Roll, WithOnDeleteThePodsAreTheUsers) {
  World w = Settled(1, 1);
  w.want.raw["statefulSetUpdateStrategy"] = "OnDelete";
  w.SetImage("dm:2");
  w.Run(10);
  EXPECT_TRUE(Replaced(w).empty());
  EXPECT_EQ(ConditionOf(w.Plan(), "UpdateAvailable"), "True/OnDelete");
}

TEST(HeldTemplate, AnotherVersionOfTheOperatorRollsNothingByItself) {
  World w = Settled(3, 1);
  w.rendering = "2";
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_EQ(ConditionOf(w.Plan(), "UpdateAvailable"), "True/TemplateHeld");
  w.want.worker.replicas = 2;   // a wish that is none of the pods'
  w.want.worker.raw["replicas"] = 2;
  w.Run(20);
  EXPECT_TRUE(Replaced(w).empty());
  // Drift is measured against what was applied.
  (*w.Object("StatefulSet", "a-dm-master"))["spec"]["template"]["rendering"] = "by hand";
  EXPECT_EQ(Does(w.Plan()), std::vector<std::string>{"Apply StatefulSet/a-dm-master"});
  w.Run(10);
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-master"))["spec"]["template"]["rendering"], "1");
  EXPECT_TRUE(Replaced(w).empty());

  w.Annotate("dm.pingcap.com/restartedAt", "2026-11-24T20:00:00Z");
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(Replaced(w).size(), 5u);
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-worker"))["spec"]["template"]["rendering"], "2");
  EXPECT_EQ(ConditionOf(w.Plan(), "UpdateAvailable"), "");
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(HeldTemplate, ComesAlongWithTheNextChangeOfTheSpec) {
  World w = Settled(1, 1);
  w.rendering = "2";
  w.SetImage("dm:2");
  w.Run(40);
  ExpectClean(w);
  EXPECT_EQ(Replaced(w), (std::vector<std::string>{"a-dm-master-0", "a-dm-worker-0"}));
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-worker"))["spec"]["template"]["rendering"], "2");
}

TEST(Pause, StopsEveryChange) {
  World w = Settled(3, 1);
  w.want.paused = true;
  w.want.master.replicas = 1;
  w.SetImage("dm:2");
  EXPECT_TRUE(w.Plan().actions.empty());
  EXPECT_EQ(ConditionOf(w.Plan(), "Paused"), "True/Paused");
}

TEST(Adopt, AClusterOfVersion1IsLeftAlone) {
  for (const bool asked : {false, true}) {
    World w(3, 1);
    w.Execute(w.Plan());
    (*w.Object("Service", "a-dm-master-peer"))["metadata"]["annotations"]["pingcap.com/last-applied-configuration"] = "{}";
    if (asked) w.Annotate("dm.pingcap.com/adopt", "true");
    const Plan plan = w.Plan();
    EXPECT_TRUE(plan.hands_off);
    EXPECT_TRUE(plan.actions.empty());
    EXPECT_TRUE(plan.waits.empty());
    EXPECT_EQ(ConditionOf(plan, "Adopted"), asked ? "False/NotYetSupported" : "False/ManagedByTiDBOperator1");
  }
}

TEST(Adopt, AStatusOfVersion1IsEnough) {
  World w(1, 1);
  w.want.status["master"]["statefulSet"] = base::Json::object();
  EXPECT_TRUE(w.Plan().hands_off);
}

TEST(Ownership, NamesThatAreTakenAreNotTouched) {
  for (const char* map : {"a-dm-master-config", "a-dm-bootstrap"}) {
    World w(1, 1);
    w.Execute(w.Plan());
    auto& owner = (*w.Object("ConfigMap", map))["metadata"]["ownerReferences"][0];
    owner["uid"] = "another";
    EXPECT_EQ(WaitOf(w.Plan(), Component::kCluster), "OldObjectsRemain") << map;
    EXPECT_TRUE(w.Plan().actions.empty()) << map;
    owner["kind"] = "Deployment";
    EXPECT_EQ(WaitOf(w.Plan(), Component::kCluster), "NameTaken") << map;
  }
}

}  // namespace
}  // namespace dm::op::lifecycle

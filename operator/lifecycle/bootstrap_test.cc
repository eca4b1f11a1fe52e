// The first masters, restarts, drift, and data that is there or gone: a state in, a plan out.
#include "operator/lifecycle/testing/expect.h"

namespace dm::op::lifecycle {
namespace {

using namespace testing;

TEST(Bootstrap, TheFirstPlanMakesEverythingButWorkersAndTheLinesComeBeforeThePods) {
  World w(3, 2);
  const Plan plan = w.Plan();
  EXPECT_EQ(Does(plan), (std::vector<std::string>{"Apply Service/a-dm-master-peer", "Apply ConfigMap/a-dm-master-config",
                                                  "Apply ConfigMap/a-dm-bootstrap", "Apply StatefulSet/a-dm-master"}));
  EXPECT_EQ(WaitOf(plan, Component::kMaster), "Bootstrapping");
  EXPECT_EQ(WaitOf(plan, Component::kWorker), "WaitsForMasters");
  EXPECT_EQ(plan.bootstrap.initial_members, (std::vector<std::string>{"a-dm-master-0", "a-dm-master-1", "a-dm-master-2"}));
  w.Execute(plan);
  EXPECT_EQ(base::GetStringOr(*DataOf(w), "a-dm-master-1"),
            "bootstrap a-dm-master-0=http://a-dm-master-0.a-dm-master-peer:8291,a-dm-master-1=http://a-dm-master-1.a-dm-master-peer:8291,"
            "a-dm-master-2=http://a-dm-master-2.a-dm-master-peer:8291");
}

TEST(Bootstrap, EndsWithEveryClaimAnnotatedNoLinesAndNothingToDo) {
  World w(3, 2);
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_TRUE(w.Ready("a-dm-worker-1"));
  EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
  for (int i = 0; i < 3; ++i) {
    const Claim& claim = w.claims().at("dm-master-a-dm-master-" + std::to_string(i));
    EXPECT_EQ(claim.ClusterId(), std::to_string(w.dm.cluster()));
    EXPECT_EQ(claim.meta.Annotation(std::string(annotations::kMemberName)), "a-dm-master-" + std::to_string(i));
    EXPECT_FALSE(claim.MemberId().empty());
  }
  const Plan plan = w.Plan();
  EXPECT_EQ(Does(plan), std::vector<std::string>{});
  EXPECT_TRUE(plan.waits.empty());
  EXPECT_EQ(plan.bootstrap.cluster_id, std::to_string(w.dm.cluster()));
}

TEST(Bootstrap, OneOfThreeThatComesLateStillUsesItsLine) {
  World w(3, 0);
  w.Hold("a-dm-master-2", true);
  w.Run(20);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_TRUE(DataOf(w)->contains("a-dm-master-2"));
  EXPECT_FALSE(DataOf(w)->contains("a-dm-master-0"));
  w.Hold("a-dm-master-2", false);
  w.Run(10);
  ExpectClean(w);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-2"));
  EXPECT_TRUE(DataOf(w)->empty());
  EXPECT_EQ(w.dm.bootstraps(), 1);
}

TEST(Bootstrap, IsDecidedOnceWhateverTheSpecSaysMeanwhile) {
  World w(3, 0);
  w.Execute(w.Plan());
  w.want.master.replicas = 5;
  const Plan plan = w.Plan();
  EXPECT_EQ(plan.bootstrap.initial_members.size(), 3u);
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_EQ(w.dm.members(), 5u);
}

TEST(Bootstrap, NoMastersIsNoCluster) {
  World w(0, 1);
  EXPECT_EQ(WaitOf(w.Plan(), Component::kMaster), "NoMasters");
  EXPECT_FALSE(Has(w.Plan(), "Apply StatefulSet/a-dm-master"));
}

TEST(Restart, OfAllMastersNeedsNothing) {
  World w(3, 1);
  w.Run(30);
  const int writes = w.writes;
  for (int i = 0; i < 3; ++i) w.KillPod("a-dm-master-" + std::to_string(i));
  w.Run(10);
  EXPECT_EQ(w.writes, writes);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Restart, ADeletedStatefulSetComesBackWithAllItsMembers) {
  World w(3, 1);
  w.Run(30);
  Plan plan = w.Plan();
  w.Execute([&] { Plan p; p.actions.emplace_back(DeleteObject{"StatefulSet", "a-dm-master", "", ""}); return p; }());
  EXPECT_TRUE(Has(w.Plan(), "Apply StatefulSet/a-dm-master"));
  w.Run(10);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-2"));
  EXPECT_EQ(w.dm.bootstraps(), 1);
}

TEST(Drift, WhatWasChangedByHandIsPutBack) {
  World w(3, 1);
  w.Run(30);
  (*w.Object("StatefulSet", "a-dm-master"))["spec"]["replicas"] = 1;
  EXPECT_EQ(Does(w.Plan()), std::vector<std::string>{"Apply StatefulSet/a-dm-master"});
  w.Run(10);
  (*w.Object("ConfigMap", "a-dm-master-config"))["data"]["config"] = "y";
  EXPECT_EQ(Does(w.Plan()), std::vector<std::string>{"Apply ConfigMap/a-dm-master-config"});
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 3u);
}

TEST(ExistingData, StopsTheMastersUntilTheUserDecides) {
  World w(3, 1);
  w.Run(30);
  w.Recreate();
  const Plan plan = w.Plan();
  EXPECT_EQ(ConditionOf(plan, "DataAtRisk"), "True/ExistingData");
  EXPECT_EQ(kube::api::FindCondition(plan.conditions, "DataAtRisk")->message.find("dm-master-a-dm-master-0, dm-master-a-dm-master-1, dm-master-a-dm-master-2"), 0u);
  EXPECT_FALSE(Has(plan, "Apply StatefulSet/a-dm-master"));
  EXPECT_FALSE(Has(plan, "Apply ConfigMap/a-dm-bootstrap"));   // its being there would mean that the decision has been made
  w.Run(20);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_TRUE(w.pods().empty());
}

TEST(ExistingData, ReuseStartsTheOldClusterAgain) {
  World w(3, 1);
  w.Run(30);
  const auto cluster = w.dm.cluster();
  w.Recreate();
  w.Annotate("dm.pingcap.com/data", "reuse");
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_EQ(w.Plan().bootstrap.cluster_id, std::to_string(cluster));
  EXPECT_TRUE(w.Plan().Settled());
  w.want.meta.annotations.clear();
  EXPECT_EQ(ConditionOf(w.Plan(), "DataAtRisk"), "");
}

TEST(ExistingData, ReuseOfDataThatNobodyKnowsStartsNothingEmpty) {
  World w(3, 1);
  w.Run(30);
  w.Recreate();
  for (auto& [name, claim] : w.claims()) claim.meta.annotations.clear();
  w.LoseClaim("dm-master-a-dm-master-2");
  w.Annotate("dm.pingcap.com/data", "reuse");
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_EQ(w.Plan().bootstrap.cluster_id, std::to_string(w.dm.cluster()));
}

// The third is slow (an image, a disk that is attached late): with a majority formed, it must not be taken for one without data.
TEST(ExistingData, ReuseWaitsForAMemberThatIsSlowToStart) {
  World w(3, 1);
  w.Run(30);
  w.Recreate();
  for (auto& [name, claim] : w.claims()) claim.meta.annotations.clear();
  w.Annotate("dm.pingcap.com/data", "reuse");
  w.Hold("a-dm-master-2", true);
  w.Run(400);
  EXPECT_TRUE(w.dm.Lists("a-dm-master-2"));
  EXPECT_TRUE(w.Plan().failures.empty());
  w.Hold("a-dm-master-2", false);
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_TRUE(w.disk(2).aside.empty());
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(ExistingData, DiscardSetsTheOldDataAsideAndBootstrapsAnew) {
  World w(3, 1);
  w.Run(30);
  for (int founding = 2; founding < 4; ++founding) {   // twice: ids come again, and the data must go aside again
    w.Recreate();
    w.Annotate("dm.pingcap.com/data", "discard");
    w.Run(40);
    ExpectClean(w);
    EXPECT_EQ(w.dm.bootstraps(), founding);
    EXPECT_EQ(w.disk(1).aside.size(), static_cast<std::size_t>(founding - 1));
  }
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);   // a line left behind would set the new data aside one day
}

TEST(LostData, OneVolumeIsReportedAndNotStartedEmpty) {
  World w(3, 1);
  w.Run(30);
  w.LoseClaim("dm-master-a-dm-master-1");
  w.Run(10);
  EXPECT_EQ(ConditionOf(w.Plan(), "DataAtRisk"), "True/VolumeLost");
  EXPECT_EQ(w.disk(1).founding, 0);
  EXPECT_FALSE(DataOf(w)->contains("a-dm-master-1"));
}

TEST(LostData, AllVolumesGoneIsNeverASecondBootstrap) {
  for (const int masters : {1, 3}) {
    World w(masters, 1);
    w.Run(30);
    for (int i = 0; i < masters; ++i) w.LoseClaim("dm-master-a-dm-master-" + std::to_string(i));
    w.Run(30);
    EXPECT_EQ(w.dm.bootstraps(), 1);
    EXPECT_EQ(ConditionOf(w.Plan(), "DataAtRisk"), "True/AllDataLost") << masters;
    (*w.Object("ConfigMap", "a-dm-bootstrap"))["data"] = base::Json::object();
    w.Run(10);
    EXPECT_EQ(w.dm.bootstraps(), 1);
  }
}

TEST(Memory, DataOfAnotherClusterUnderOurNameStopsTheMasters) {
  World w(3, 1);
  w.Run(30);
  w.claims().at("dm-master-a-dm-master-1").meta.annotations[std::string(annotations::kClusterId)] = "99";
  const Plan plan = w.Plan();
  EXPECT_EQ(ConditionOf(plan, "DataAtRisk"), "True/ConflictingData");
  EXPECT_FALSE(Has(plan, "Apply StatefulSet/a-dm-master"));
}

}  // namespace
}  // namespace dm::op::lifecycle

// All data lost, and what it takes to start anew.
#include <functional>

#include "operator/lifecycle/testing/expect.h"

namespace dm::op::lifecycle {
namespace {

using namespace testing;

constexpr char kForce[] = "dm.pingcap.com/force";

World Lost(int masters) {
  World w(masters, 2);
  w.Run(30);
  EXPECT_TRUE(w.Plan().Settled());
  w.dm.AddSource("s");
  for (int i = 0; i < masters; ++i) w.LoseClaim(w.want.names().Claim(Role::kMaster, i));
  w.Run(10);
  return w;
}

std::string EventOf(const Plan& plan, const std::string& reason) {
  for (const auto& action : plan.actions) {
    const auto* emit = std::get_if<Emit>(&action);
    if (emit && emit->reason == reason) return emit->message;
  }
  return {};
}

TEST(AcceptLoss, TheConditionSaysWhatIsLostAndHowToAcceptIt) {
  for (const bool status : {true, false}) {   // the ConfigMap alone remembers as well
    World w = Lost(3);
    if (!status) w.want.status.erase("bootstrap");
    const Plan plan = w.Plan();
    ASSERT_EQ(ConditionOf(plan, "DataAtRisk"), "True/AllDataLost");
    const auto message = kube::api::FindCondition(plan.conditions, "DataAtRisk")->message;
    for (const char* word : {"sources", "tasks", "dm.pingcap.com/force: bootstrap", "Restore"}) EXPECT_NE(message.find(word), std::string::npos) << word;
    EXPECT_LT(message.size(), 1000u);
    EXPECT_TRUE(Does(plan).empty());
  }
}

TEST(AcceptLoss, ANewClusterStartsInItsPlaceOnce) {
  for (const int masters : {1, 3}) {
    World w = Lost(masters);
    const auto worker = w.pods().at("a-dm-worker-0").meta.uid;
    w.Annotate(kForce, "bootstrap");
    const Plan plan = w.Plan();
    const auto does = Does(plan);
    ASSERT_GE(does.size(), 4u);
    EXPECT_EQ(does[0], "Emit LossAccepted");
    EXPECT_EQ(does[1], "Apply ConfigMap/a-dm-bootstrap") << "the decision";
    EXPECT_TRUE(Has(plan, "Delete StatefulSet/a-dm-worker"));
    EXPECT_EQ(ConditionOf(plan, "DataAtRisk"), "");
    EXPECT_EQ(plan.bootstrap.cluster_id, "");
    EXPECT_EQ(plan.bootstrap.initial_members.size(), static_cast<std::size_t>(masters));
    w.Run(40);
    ExpectClean(w);
    EXPECT_EQ(w.dm.bootstraps(), 2);
    EXPECT_TRUE(w.dm.sources().empty());
    EXPECT_FALSE(w.want.meta.annotations.contains(kForce));
    EXPECT_NE(w.pods().at("a-dm-worker-0").meta.uid, worker) << "it knew the old cluster only";
    EXPECT_EQ(w.dm.Read({"a-dm-master-0"}, w.now).roster->workers.size(), 2u);
    EXPECT_EQ(w.Plan().bootstrap.cluster_id, std::to_string(w.dm.cluster()));
    EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
    EXPECT_TRUE(w.Plan().Settled());
    for (int i = 0; i < masters; ++i) w.LoseClaim(w.want.names().Claim(Role::kMaster, i));   // once, not for ever
    w.Run(10);
    EXPECT_EQ(ConditionOf(w.Plan(), "DataAtRisk"), "True/AllDataLost");
    EXPECT_EQ(w.dm.bootstraps(), 2);
  }
}

TEST(AcceptLoss, AMasterThatWasJustJoiningDiesWithTheRest) {
  World w(2, 0);
  w.Run(30);
  w.want.master.replicas = 3;
  w.Hold("a-dm-master-2", true);   // it has its line and its claim, and does not come to use them
  w.Run(15);
  ASSERT_NE(base::GetStringOr(*DataOf(w), "a-dm-master-2").find("\nclaim "), std::string::npos) << *DataOf(w);
  for (int i = 0; i < 3; ++i) w.LoseClaim(w.want.names().Claim(Role::kMaster, i));
  w.Hold("a-dm-master-2", false);
  w.Run(15);
  EXPECT_EQ(ConditionOf(w.Plan(), "DataAtRisk"), "True/AllDataLost");
  w.Annotate(kForce, "bootstrap");
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
}

TEST(AcceptLoss, WhatIsLeftIsNamedAndTheWordTakenAway) {
  struct Case {
    const char* what;
    std::function<void(World&)> state;
    const char* left;
  };
  const Case cases[] = {
      {"a cluster that is well", [](World&) {}, "claim dm-master-a-dm-master-0, dm-master-a-dm-master-1, dm-master-a-dm-master-2"},
      {"one that is suspended", [](World& w) {
         w.want.master.suspended = w.want.worker.suspended = true;
         w.Run(5);
       }, "claim dm-master-a-dm-master-0, dm-master-a-dm-master-1, dm-master-a-dm-master-2"},
      {"one claim", [](World& w) {
         for (const char* claim : {"dm-master-a-dm-master-0", "dm-master-a-dm-master-2"}) w.LoseClaim(claim);
         w.Run(10);
       }, "is still on claim dm-master-a-dm-master-1 (delete what is lost for good, then say it again)"},
      {"a claim without its volume", [](World& w) {
         for (const char* claim : {"dm-master-a-dm-master-0", "dm-master-a-dm-master-2"}) w.LoseClaim(claim);
         w.claims().at("dm-master-a-dm-master-1").phase = "Lost";
         w.Run(10);
       }, "is still on claim dm-master-a-dm-master-1"},
      {"members whose claims somebody has stripped", [](World& w) {
         for (auto& [name, claim] : w.claims()) claim.meta.annotations.clear();
       }, "a-dm-master-0, a-dm-master-1, a-dm-master-2 of DM cluster"},
      {"one that is not healthy", [](World& w) {
         for (const char* claim : {"dm-master-a-dm-master-0", "dm-master-a-dm-master-2"}) w.LoseClaim(claim);
         w.claims().at("dm-master-a-dm-master-1").meta.annotations.clear();
         w.Run(3);
       }, "a-dm-master-1 of DM cluster"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    World w(3, 1);
    w.Run(30);
    c.state(w);
    w.Annotate(kForce, "bootstrap,roll");
    const Plan plan = w.Plan();
    EXPECT_NE(EventOf(plan, "BootstrapRefused").find(c.left), std::string::npos) << EventOf(plan, "BootstrapRefused");
    EXPECT_EQ(EventOf(plan, "LossAccepted"), "");
    EXPECT_TRUE(Has(plan, "Annotate DMCluster/a"));
    w.Execute(plan);
    EXPECT_EQ(w.want.meta.Annotation(kForce).find("bootstrap"), std::string::npos);
    w.Run(20);
    EXPECT_EQ(w.dm.bootstraps(), 1);
  }
}

TEST(AcceptLoss, NothingIsGivenUpOnSilenceThatNobodyAsked) {
  struct Case {
    const char* what;
    std::function<void(World&, Observed&)> change;
  };
  const Case cases[] = {
      {"asked again", [](World&, Observed& seen) { seen.members.current = false; }},
      {"not for a while", [](World& w, Observed& seen) { seen.members.at = base::TimePoint(std::chrono::seconds(w.now - 6)); }},
      {"we have no certificate to ask with", [](World&, Observed& seen) { seen.members.health.clear(); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    World w = Lost(3);
    w.Annotate(kForce, "bootstrap");
    Observed seen = w.See();
    c.change(w, seen);
    const Plan plan = MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}});
    EXPECT_EQ(WaitOf(plan, Component::kMaster), "DataLost");
    EXPECT_TRUE(plan.actions.empty()) << Does(plan).front();
    EXPECT_NE(plan.bootstrap.cluster_id, "");
  }
  World w = Lost(3);
  w.want.master.suspended = w.want.worker.suspended = true;
  w.Annotate(kForce, "bootstrap");
  w.Run(10);
  EXPECT_TRUE(w.want.meta.annotations.contains(kForce));
  EXPECT_NE(w.Plan().bootstrap.cluster_id, "");
}

TEST(AcceptLoss, AnOperatorKilledBetweenAnyTwoActionsEndsTheSame) {
  for (std::size_t kill = 0;; ++kill) {
    World w = Lost(3);
    w.Annotate(kForce, "bootstrap");
    std::size_t done = 0;
    bool killed = false;
    for (int second = 0; second < 60; ++second) {
      const Plan plan = w.Plan();
      if (plan.Settled()) break;
      const bool here = !killed && kill >= done && kill < done + plan.actions.size();
      w.Execute(plan, here ? kill - done : SIZE_MAX);
      done += here ? kill - done : plan.actions.size();
      killed |= here;
      w.Tick();
    }
    SCOPED_TRACE("killed after action " + std::to_string(kill));
    ExpectClean(w);
    EXPECT_EQ(w.dm.bootstraps(), 2);
    EXPECT_FALSE(w.want.meta.annotations.contains(kForce));
    EXPECT_EQ(w.dm.Read({"a-dm-master-0"}, w.now).roster->workers.size(), 2u);
    EXPECT_TRUE(w.Plan().Settled());
    if (!killed) {
      EXPECT_GT(kill, 6u);
      break;
    }
    if (HasFailure()) return;
  }
}

TEST(AcceptLoss, OnAClusterThatHasNotFormedItIsNoWordAtAll) {
  World w(3, 1);
  w.Annotate(kForce, "bootstrap");
  w.Run(40);
  ExpectClean(w);
  EXPECT_EQ(w.dm.bootstraps(), 1);
  EXPECT_FALSE(w.want.meta.annotations.contains(kForce));
  EXPECT_TRUE(w.Plan().Settled());
}

}  // namespace
}  // namespace dm::op::lifecycle

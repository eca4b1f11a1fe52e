// Workers that go hand their source on first.
#include <functional>

#include "operator/lifecycle/testing/expect.h"

namespace dm::op::lifecycle {
namespace {

using namespace testing;

// One master, `workers`, and source s on the last of them.
World Bound(int workers) {
  World w(1, workers);
  w.Run(30);
  w.dm.AddSource("s", "a-dm-worker-" + std::to_string(workers - 1));
  w.Tick();
  EXPECT_TRUE(w.Plan().Settled());
  return w;
}

Plan PlanOf(const World& w, const Observed& seen) {
  return MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), base::WallTime(std::chrono::seconds(1'700'000'000 + w.now))});
}

std::string MessageOf(const Plan& plan) {
  for (const auto& wait : plan.waits) {
    if (wait.component == Component::kWorker) return wait.message;
  }
  return {};
}

int Count(const World& w, const std::string& what) {
  int count = 0;
  for (const auto& line : w.log) count += line.find(what) != std::string::npos;
  return count;
}

TEST(Transfer, ASourceIsHandedToAWorkerThatStaysBeforeItsWorkerGoes) {
  World w = Bound(4);
  w.want.worker.replicas = 2;
  const Plan plan = w.Plan();
  EXPECT_EQ(Does(plan), std::vector<std::string>{"TransferSource s from a-dm-worker-3 to a-dm-worker-0"});
  ASSERT_EQ(plan.transfers.size(), 1u);
  EXPECT_EQ(plan.transfers[0].tasks, std::vector<std::string>{"t-s"});
  w.Execute(plan);
  EXPECT_EQ(w.dm.HolderOf("s"), "a-dm-worker-0");
  EXPECT_EQ((*w.Object("StatefulSet", "a-dm-worker"))["spec"]["replicas"], 4);
  w.Run(20);
  ExpectClean(w);
  EXPECT_EQ(Count(w, "TransferSource"), 1);
  EXPECT_EQ(Count(w, "Emit SourceMoved"), 1);
  EXPECT_EQ(Count(w, "ResumeTask"), 0);
  EXPECT_EQ(w.pods().size(), 3u);
  EXPECT_EQ(w.dm.Read({"a-dm-master-0"}, w.now).roster->workers.size(), 2u);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Transfer, WhatTheWorkerDoesDecides) {
  struct Case {
    const char* what;
    std::function<void(World&, Observed&)> change;
    const char *does, *reason, *says;
  };
  const auto none = [](World&, Observed&) {};
  const char* moves = "TransferSource s from a-dm-worker-3 to a-dm-worker-0";
  const Case cases[] = {
      {"Sync", none, moves, "ScalingIn", "moving its source s to a-dm-worker-0"},
      {"no task", [](World&, Observed& seen) { seen.members.subtasks = members::Known<std::vector<members::Subtask>>::Of({}); }, moves, "ScalingIn", "moving"},
      {"Load", [](World& w, Observed& seen) { w.dm.SetUnit("s", "Load"); seen = w.See(); }, "", "ScaleInBlocked",
       "removing a-dm-worker-3 (4 dm-workers, 2 wanted): it loads for task t-s of source s"},
      {"Dump", [](World& w, Observed& seen) { w.dm.SetUnit("s", "Dump"); seen = w.See(); }, "", "ScaleInBlocked", "it dumps for task t-s of source s"},
      {"a paused load", [](World& w, Observed& seen) { w.dm.SetUnit("s", "Load", "Paused"); seen = w.See(); }, "", "ScaleInBlocked",
       "it has the paused load of task t-s of source s"},
      {"a finished load", [](World& w, Observed& seen) { w.dm.SetUnit("s", "Load", "Finished"); seen = w.See(); }, moves, "ScalingIn", "moving"},
      {"a paused dump", [](World& w, Observed& seen) { w.dm.SetUnit("s", "Dump", "Paused"); seen = w.See(); }, moves, "ScalingIn", "moving"},
      {"stopped", [](World& w, Observed& seen) { w.dm.SetUnit("s", "Dump", "Stopped"); seen = w.See(); }, moves, "ScalingIn", "moving"},
      {"members are silent", [](World& w, Observed& seen) { w.members_unknown = true; seen = w.See(); }, "", "ScaleInBlocked", "the members are not known"},
      {"members are asked again", [](World&, Observed& seen) { seen.members.current = false; }, "", "ScalingIn", "the members are not known"},
      {"tasks are unknown", [](World&, Observed& seen) { seen.members.subtasks = members::Known<std::vector<members::Subtask>>::Unknown("it hangs"); },
       "", "ScalingIn", "finding out what it does: it hangs"},
      {"its worker does not answer DM", [](World&, Observed& seen) {
         seen.members.subtasks = members::Known<std::vector<members::Subtask>>::Of({{"t-s", "s", "", "", ""}});
       }, "", "ScalingIn", "finding out what it does: it does not tell DM about task t-s of source s"},
      {"sources are unknown", [](World&, Observed& seen) { seen.members.sources = members::Known<std::vector<members::Source>>::Unknown("it hangs"); },
       "", "ScalingIn", "finding out which sources there are: it hangs"},
      {"an old list", [](World& w, Observed& seen) { seen.members.at = base::TimePoint(std::chrono::seconds(w.now - 6)); }, "", "ScalingIn", "asking the members once more"},
      {"DM has no leader", [](World&, Observed& seen) {
         auto roster = *seen.members.roster;
         roster.leader = {};
         seen.members.roster = members::Known<members::Roster>::Of(roster);
       }, "", "ScalingIn", "DM has no leader now"},
      {"nobody who stays is there", [](World& w, Observed& seen) {
         for (const char* pod : {"a-dm-worker-0", "a-dm-worker-1"}) w.dm.StopWorker(pod);
         seen = w.See();
       }, "", "ScaleInBlocked", "no dm-worker that stays is free to take its source s"},
      {"the first is taken", [](World& w, Observed& seen) { w.dm.AddSource("s0", "a-dm-worker-0"); seen = w.See(); },
       "TransferSource s from a-dm-worker-3 to a-dm-worker-1", "ScalingIn", "moving"},
      {"another relays it", [](World&, Observed& seen) {
         auto roster = *seen.members.roster;
         roster.workers[1].stage = "relay";
         seen.members.roster = members::Known<members::Roster>::Of(roster);
         auto sources = *seen.members.sources;
         sources[0].relayers = {"a-dm-worker-1", "a-dm-worker-3"};
         seen.members.sources = members::Known<std::vector<members::Source>>::Of(sources);
       }, "TransferSource s from a-dm-worker-3 to a-dm-worker-1", "ScalingIn", "moving"},
      {"it relays another one", [](World&, Observed& seen) {
         auto roster = *seen.members.roster;
         roster.workers[0].stage = "relay";
         seen.members.roster = members::Known<members::Roster>::Of(roster);
       }, "TransferSource s from a-dm-worker-3 to a-dm-worker-1", "ScalingIn", "moving"},
      {"three sources", [](World& w, Observed& seen) {
         w.dm.AddSource("s0", "a-dm-worker-0");
         w.dm.AddSource("s1", "a-dm-worker-1");
         seen = w.See();
       }, "TransferSource s from a-dm-worker-3 to a-dm-worker-2", "ScalingIn", "moving"},
      {"four sources", [](World& w, Observed& seen) {
         for (const char* name : {"s0", "s1", "s2"}) w.dm.AddSource(name);
         seen = w.See();
       }, "", "ScaleInBlocked", "each source needs a dm-worker of its own, and DM has 4 (s, s0, s1, s2)"},
      // DM refuses a transfer beside it for good; what it does by itself when the pod has gone harms nobody.
      {"a finished load beside a running task", [](World&, Observed& seen) {
         auto subtasks = *seen.members.subtasks;
         subtasks.push_back({"full", "s", "a-dm-worker-3", "Finished", "Load"});
         seen.members.subtasks = members::Known<std::vector<members::Subtask>>::Of(subtasks);
       }, "Apply StatefulSet/a-dm-worker", "ScalingIn", "removing a-dm-worker-3"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    World w = Bound(4);
    w.want.worker.replicas = 2;
    Observed seen = w.See();
    c.change(w, seen);
    const Plan plan = PlanOf(w, seen);
    EXPECT_EQ(Does(plan), c.does[0] ? std::vector<std::string>{c.does} : std::vector<std::string>{});
    EXPECT_EQ(plan.wants_subtasks, std::string(c.what).find("members are") != 0) << "readings must not alternate between two kinds";
    EXPECT_EQ(WaitOf(plan, Component::kWorker), c.reason);
    EXPECT_NE(MessageOf(plan).find(c.says), std::string::npos) << MessageOf(plan);
    EXPECT_EQ(plan.transfers.size(), std::string(c.does).find("Transfer") == 0 ? 1u : 0u);
  }
}

TEST(Transfer, ForcePassesOverDumpLoadAndNeedButNotOverSilence) {
  struct Case {
    const char* what;
    std::function<void(World&)> change;
    bool goes;
  };
  const Case cases[] = {
      {"Load", [](World& w) { w.dm.SetUnit("s", "Load"); }, true},
      {"below the need", [](World& w) { w.dm.AddSource("s0"); }, true},
      {"members are silent", [](World& w) { w.members_unknown = true; }, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    World w = Bound(2);
    c.change(w);
    w.want.worker.replicas = 1;
    EXPECT_EQ(WaitOf(w.Plan(), Component::kWorker), "ScaleInBlocked");
    w.Annotate("dm.pingcap.com/force", "scale-in");
    EXPECT_EQ(Has(w.Plan(), "Apply StatefulSet/a-dm-worker"), c.goes);
    w.Run(10);
    ExpectClean(w);
    EXPECT_EQ(w.want.meta.annotations.contains("dm.pingcap.com/force"), !c.goes);
    EXPECT_EQ(Count(w, "Emit ForceUsed"), c.goes ? 1 : 0);
  }
  World w = Bound(2);   // what can be handed on is, forced or not
  w.want.worker.replicas = 1;
  w.Annotate("dm.pingcap.com/force", "scale-in");
  EXPECT_EQ(Does(w.Plan()), std::vector<std::string>{"TransferSource s from a-dm-worker-1 to a-dm-worker-0"});
}

TEST(Transfer, WaitsForMastersThatAreReplaced) {
  World w = Bound(2);
  w.SetImage("dm:2");
  w.Execute(w.Plan());
  w.Tick();
  w.want.worker.replicas = 1;
  const Plan plan = w.Plan();
  EXPECT_NE(MessageOf(plan).find("its source s moves to a-dm-worker-0: the dm-masters change first"), std::string::npos) << MessageOf(plan);
  for (const auto& action : Does(plan)) EXPECT_EQ(action.find("TransferSource"), std::string::npos) << action;
  w.Run(60);
  ExpectClean(w);
  EXPECT_EQ(Count(w, "TransferSource"), 1);
  EXPECT_EQ(w.dm.HolderOf("s"), "a-dm-worker-0");
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Transfer, OneThatMayStillBeUnderWayIsWaitedFor) {
  World w = Bound(2);
  w.want.worker.replicas = 1;
  w.dm.cut_transfer = true;
  w.Execute(w.Plan());
  w.Tick();
  ASSERT_EQ(w.dm.sources().at("s").stage, "Paused");
  Plan plan = w.Plan();
  EXPECT_EQ(WaitOf(plan, Component::kWorker), "MovingSource");
  EXPECT_TRUE(plan.actions.empty());
  EXPECT_LE(*plan.look_again, kTransferDeadline);
  EXPECT_EQ(plan.transfers.size(), 1u);
  w.members_unknown = true;
  w.Run(40);
  EXPECT_EQ(w.Plan().transfers.size(), 1u) << "not forgotten in silence";
  w.members_unknown = false;
  w.Run(20);
  ExpectClean(w);
  EXPECT_EQ(Count(w, "ResumeTask t-s of s"), 1);
  EXPECT_EQ(w.dm.sources().at("s").stage, "Running");
  EXPECT_EQ(w.dm.HolderOf("s"), "a-dm-worker-0");
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Transfer, ATaskThatItsUserPausedStaysSoAndOneThatFailedIsLeftAlone) {
  World w = Bound(2);
  w.dm.PauseTask("s", true);
  w.want.worker.replicas = 1;
  w.Run(20);
  ExpectClean(w);
  EXPECT_EQ(w.dm.HolderOf("s"), "a-dm-worker-0");
  EXPECT_EQ(w.dm.sources().at("s").stage, "Paused");

  World failed = Bound(2);
  failed.want.worker.replicas = 1;
  failed.Execute(failed.Plan());
  failed.Tick();
  Observed seen = failed.See();
  auto subtasks = *seen.members.subtasks;
  subtasks[0].stage = "Paused";
  subtasks[0].failed = true;
  seen.members.subtasks = members::Known<std::vector<members::Subtask>>::Of(subtasks);
  const Plan plan = PlanOf(failed, seen);
  EXPECT_FALSE(Has(plan, "ResumeTask t-s of s"));
  EXPECT_TRUE(plan.transfers.empty());
}

TEST(Transfer, AScaleInThatIsTakenBackLetsTheTasksGoOnWhereTheyAre) {
  World w = Bound(2);
  w.want.worker.replicas = 1;
  w.dm.cut_transfer = true;
  w.Execute(w.Plan());
  w.want.worker.replicas = 2;
  w.Run(40);
  ExpectClean(w);
  EXPECT_EQ(w.dm.HolderOf("s"), "a-dm-worker-1");
  EXPECT_EQ(w.dm.sources().at("s").stage, "Running");
  EXPECT_TRUE(w.Plan().Settled());
}

// Four to two, with a source on each that goes; killed once after the n-th action, for every n, with the transfer before it
// whole or cut off.
TEST(Transfer, AnOperatorKilledBetweenAnyTwoActionsEndsTheSame) {
  for (const bool cut : {false, true}) {
    for (std::size_t kill = 0;; ++kill) {
      World w = Bound(4);
      w.dm.AddSource("s2", "a-dm-worker-2");
      w.want.worker.replicas = 2;
      w.want.when_scaled = Retain::kDelete;
      w.dm.cut_transfer = cut;
      std::size_t done = 0;
      bool killed = false;
      for (int second = 0; second < 120; ++second) {
        const Plan plan = w.Plan();
        if (plan.Settled()) break;
        const bool here = !killed && kill >= done && kill < done + plan.actions.size();
        w.Execute(plan, here ? kill - done : SIZE_MAX);
        done += here ? kill - done : plan.actions.size();
        killed |= here;
        w.Tick();
      }
      SCOPED_TRACE("killed after action " + std::to_string(kill) + (cut ? ", cut" : ""));
      ExpectClean(w);
      EXPECT_TRUE(w.Plan().Settled());
      EXPECT_TRUE(w.Plan().transfers.empty());
      EXPECT_EQ(w.dm.HolderOf("s"), "a-dm-worker-0");
      EXPECT_EQ(w.dm.HolderOf("s2"), "a-dm-worker-1");
      for (const auto& [name, source] : w.dm.sources()) EXPECT_EQ(source.stage, "Running") << name;
      EXPECT_EQ(w.dm.Read({"a-dm-master-0"}, w.now).roster->workers.size(), 2u);
      EXPECT_EQ(w.claims().size(), 3u);
      if (!killed) {
        EXPECT_GT(kill, 6u);
        break;
      }
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace dm::op::lifecycle

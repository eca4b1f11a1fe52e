#include "tests/dmserver/tasks.h"

#include <gtest/gtest.h>

#include "tests/dmserver/journal.h"

namespace dm::standin {
namespace {

std::string Reachable(const std::string&) { return {}; }

class Tasks : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"w0", "w1"}) {
      ASSERT_FALSE(RegisterWorker(state_, name, std::string(name) + ":8262"));
      WorkerAlive(state_, name);
    }
    ASSERT_FALSE(AddSource(state_, {{"source_name", "s0"}}, ""));
    ASSERT_FALSE(CreateTask(state_, Config("t1", "all")));
  }
  static base::Json Config(const std::string& name, const std::string& mode, const std::string& source = "s0") {
    return {{"name", name}, {"task_mode", mode}, {"source_config", {{"source_conf", {{{"source_name", source}}}}}}};
  }
  base::Json Row() { return TaskStatus(state_, "t1", Reachable)[0]; }
  std::string WorkerOf(const std::string& source) { return base::GetStringOr(state_["sources"][source], "worker"); }
  base::Json state_ = InitialState({{"m0", "http://m0:8291"}});
};

TEST_F(Tasks, AreMadeStoppedAndStartInDumpOrInSync) {
  EXPECT_EQ(Row()["stage"], "Stopped");
  EXPECT_FALSE(StartTask(state_, "t1"));
  EXPECT_EQ(Row()["stage"], "Running");
  EXPECT_EQ(Row()["unit"], "Dump");
  EXPECT_EQ(Row()["worker_name"], "w0");
  EXPECT_FALSE(CreateTask(state_, Config("t2", "incremental")));
  EXPECT_EQ(TaskStatus(state_, "t2", Reachable)[0]["unit"], "Sync");
  EXPECT_EQ(CreateTask(state_, Config("t1", "all"))->code, 46014);
  EXPECT_EQ(CreateTask(state_, Config("t3", "all", "nope"))->code, 46008);
  EXPECT_EQ(TasksOf(state_, "s0"), (std::vector<std::string>{"t1", "t2"}));
}

TEST_F(Tasks, StopPausesAndOnlyThenIsDeletionTaken) {
  StartTask(state_, "t1");
  EXPECT_EQ(DeleteTask(state_, "t1", false)->code, 49001);
  EXPECT_EQ(DeleteSource(state_, "s0")->code, 46010);
  EXPECT_FALSE(StopTask(state_, "t1"));
  EXPECT_EQ(Row()["stage"], "Paused");
  EXPECT_EQ(DeleteSource(state_, "s0")->code, 46010) << "a stopped task holds the source too";
  EXPECT_FALSE(DeleteTask(state_, "t1", false));
  EXPECT_EQ(DeleteTask(state_, "t1", false)->code, 46018);
  EXPECT_FALSE(StartTask(state_, "t1")) << "no error, as recorded";
}

TEST_F(Tasks, GoWithASourceThatIsDeletedByForce) {
  StartTask(state_, "t1");
  EXPECT_FALSE(DeleteSource(state_, "s0", true));
  EXPECT_EQ(DeleteTask(state_, "t1", false)->code, 46018);
}

TEST_F(Tasks, RunningOutsideSyncForbidsATransfer) {
  EXPECT_FALSE(TransferSource(state_, "s0", "w1")) << "stopped: it does not matter";
  StartTask(state_, "t1");
  EXPECT_EQ(TransferSource(state_, "s0", "w0")->code, 46019);
  SetSubtask(state_, "t1", "s0", "Load", "Running");
  EXPECT_EQ(TransferSource(state_, "s0", "w0")->code, 46019);
  SetSubtask(state_, "t1", "s0", "Sync", "Running");
  EXPECT_FALSE(TransferSource(state_, "s0", "w0"));
  EXPECT_EQ(WorkerOf("s0"), "w0");
}

TEST_F(Tasks, AFinishedLoadBesideARunningTaskForbidsATransferToo) {
  SetSubtask(state_, "t1", "s0", "Load", "Finished");
  EXPECT_FALSE(TransferSource(state_, "s0", "w1")) << "nothing runs";
  CreateTask(state_, Config("t2", "incremental"));
  StartTask(state_, "t2");
  const auto refusal = TransferSource(state_, "s0", "w0");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, 46019);
  EXPECT_NE(refusal->message.find("[t2]"), std::string::npos) << refusal->message;
}

TEST_F(Tasks, StartTakesTheSourcesThatAreNamed) {
  ASSERT_FALSE(AddSource(state_, {{"source_name", "s1"}}, ""));
  base::Json config = Config("t2", "incremental");
  config["source_config"]["source_conf"].push_back({{"source_name", "s1"}});
  CreateTask(state_, config);
  EXPECT_FALSE(StartTask(state_, "t2", {"s1"}));
  const auto rows = TaskStatus(state_, "t2", Reachable);
  EXPECT_EQ(rows[0]["stage"], "Stopped");
  EXPECT_EQ(rows[1]["stage"], "Running");
}

TEST_F(Tasks, ALoadWaitsForTheWorkerThatHasTheDump) {
  SetSubtask(state_, "t1", "s0", "Load", "Running");
  WorkerGone(state_, "w0");
  EXPECT_EQ(WorkerOf("s0"), "w1") << "bound to a free one at once";
  EXPECT_EQ(Row()["stage"], "Paused");
  EXPECT_NE(base::GetStringOr(Row(), "error_msg").find("34017"), std::string::npos);
  WorkerAlive(state_, "w0");
  EXPECT_EQ(WorkerOf("s0"), "w0") << "and back by itself";
  EXPECT_EQ(Row()["stage"], "Running");
}

TEST_F(Tasks, InSyncGoOnAtTheNextWorkerAndDoNotComeBack) {
  SetSubtask(state_, "t1", "s0", "Sync", "Running");
  WorkerGone(state_, "w0");
  EXPECT_EQ(Row()["worker_name"], "w1");
  EXPECT_EQ(Row()["stage"], "Running");
  WorkerAlive(state_, "w0");
  EXPECT_EQ(WorkerOf("s0"), "w1");
}

TEST_F(Tasks, TheStatusSaysWhyAWorkerDoesNotAnswer) {
  const auto row = TaskStatus(state_, "t1", [](const auto&) { return std::string("38008"); })[0];
  EXPECT_EQ(row["stage"], "");
  EXPECT_EQ(row["error_msg"], "38008");
  WorkerGone(state_, "w1");
  WorkerGone(state_, "w0");
  EXPECT_NE(base::GetStringOr(Row(), "error_msg").find("38029"), std::string::npos);
  EXPECT_NE(base::GetStringOr(SourceStatusRows(state_, "s0", Reachable)[0], "error_msg").find("38029"), std::string::npos);
}

TEST_F(Tasks, RelayingWorkersShowInTheSourcesStatus) {
  SetRelay(state_, "s0", true, {"w0", "w1"});
  const auto rows = SourceStatusRows(state_, "s0", Reachable);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["worker_name"], "w0");
  EXPECT_EQ(rows[1]["worker_name"], "w1");
  EXPECT_TRUE(rows[1].contains("relay_status"));
}

TEST_F(Tasks, TheJournalTellsWhatChanged) {
  const auto before = state_;
  WorkerGone(state_, "w0");
  state_["leader"] = {{"name", "m0"}};
  state_["members"][0]["name"] = "";
  WriteJournal(before, state_, base::WallTime(std::chrono::milliseconds(1500)));
  const auto entry = [](const char* what, const char* name, const std::string& value, const std::string& was) {
    return base::Json{{"at", 1500}, {"what", what}, {"name", name}, {"value", value}, {"was", was}};
  };
  EXPECT_EQ(state_["journal"],
            base::Json::array({entry("leader", "", "m0", ""), entry("member", "m0", "", base::GetStringOr(before["members"][0], "id")),
                               entry("source", "s0", "w1", "w0"), entry("worker", "w0", "offline", "bound"),
                               entry("worker", "w1", "bound", "free")}));
  const auto same = state_;
  WriteJournal(same, state_, base::WallTime(std::chrono::milliseconds(2000)));
  EXPECT_EQ(state_, same) << "nothing happened";
}

TEST_F(Tasks, TheJournalIsBounded) {
  for (std::size_t i = 0; i < kJournalEntries + 5; ++i) {
    const auto before = state_;
    state_["leader"] = {{"name", "m" + std::to_string(i)}};
    WriteJournal(before, state_, {});
  }
  EXPECT_EQ(state_["journal"].size(), kJournalEntries);
  EXPECT_EQ(state_["journal"].back()["value"], "m" + std::to_string(kJournalEntries + 4));
}

}  // namespace
}  // namespace dm::standin

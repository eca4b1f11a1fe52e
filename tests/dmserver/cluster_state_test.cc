#include "tests/dmserver/cluster_state.h"

#include <gtest/gtest.h>

namespace dm::standin {
namespace {

base::Json Cluster() {
  return InitialState({{"m0", "http://m0:8291"}, {"m1", "http://m1:8291"}, {"m2", "http://m2:8291"}});
}

std::string StageOf(const base::Json& state, const std::string& worker) {
  return base::GetStringOr(state["workers"][worker], "stage");
}

TEST(MemberIds, RepeatForTheSameUrlsAndDifferForALateJoin) {
  EXPECT_EQ(MemberIdFor({"http://m0:8291"}, std::nullopt), MemberIdFor({"http://m0:8291"}, std::nullopt));
  EXPECT_NE(MemberIdFor({"http://m0:8291"}, std::nullopt), MemberIdFor({"http://m1:8291"}, std::nullopt));
  EXPECT_NE(MemberIdFor({"http://m0:8291"}, std::nullopt), MemberIdFor({"http://m0:8291"}, 1700000000));
  EXPECT_EQ(Cluster()["clusterID"], Cluster()["clusterID"]);
}

TEST(Workers, ComeAndGo) {
  auto state = Cluster();
  EXPECT_FALSE(RegisterWorker(state, "w0", "w0:8262"));
  EXPECT_EQ(StageOf(state, "w0"), "offline");
  EXPECT_TRUE(WorkerAlive(state, "w0"));
  EXPECT_EQ(StageOf(state, "w0"), "free");
  EXPECT_EQ(DeleteWorker(state, "w0")->code, 46005) << "online";
  EXPECT_TRUE(WorkerGone(state, "w0"));
  EXPECT_FALSE(WorkerGone(state, "w0")) << "nothing changed";
  EXPECT_FALSE(DeleteWorker(state, "w0"));
  EXPECT_EQ(DeleteWorker(state, "w0")->code, 46004);
}

TEST(Workers, ANameBelongsToAnAddress) {
  auto state = Cluster();
  EXPECT_FALSE(RegisterWorker(state, "w0", "w0:8262"));
  EXPECT_FALSE(RegisterWorker(state, "w0", "w0:8262"));
  EXPECT_EQ(RegisterWorker(state, "w0", "elsewhere:8262")->code, 46003);
}

class Sources : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"w0", "w1", "w2"}) {
      ASSERT_FALSE(RegisterWorker(state_, name, std::string(name) + ":8262"));
      WorkerAlive(state_, name);
    }
    ASSERT_FALSE(AddSource(state_, {{"source_name", "s0"}}, ""));
  }
  std::string WorkerOf(const std::string& source) { return base::GetStringOr(state_["sources"][source], "worker"); }
  base::Json state_ = Cluster();
};

TEST_F(Sources, AreBoundToAFreeWorkerAtOnce) {
  EXPECT_EQ(WorkerOf("s0"), "w0");
  EXPECT_EQ(StageOf(state_, "w0"), "bound");
  EXPECT_EQ(AddSource(state_, {{"source_name", "s0"}}, "")->code, 46007);
  EXPECT_EQ(AddSource(state_, {{"source_name", "s1"}}, "w0")->code, 46033);
  EXPECT_EQ(AddSource(state_, {{"source_name", "s1"}}, "nope")->code, 46004);
}

TEST_F(Sources, MoveWhenTheirWorkerGoesAndDoNotMoveBack) {
  WorkerGone(state_, "w0");
  EXPECT_EQ(WorkerOf("s0"), "w1");
  WorkerAlive(state_, "w0");
  EXPECT_EQ(WorkerOf("s0"), "w1");
}

TEST_F(Sources, WaitWhenNoWorkerIsFree) {
  WorkerGone(state_, "w0");
  WorkerGone(state_, "w2");
  WorkerGone(state_, "w1");
  EXPECT_EQ(WorkerOf("s0"), "");
  WorkerAlive(state_, "w2");
  EXPECT_EQ(WorkerOf("s0"), "w2");
}

TEST_F(Sources, Transfer) {
  EXPECT_EQ(TransferSource(state_, "s0", "nope")->code, 46004);
  EXPECT_EQ(TransferSource(state_, "nope", "w1")->code, 46008);
  EXPECT_FALSE(TransferSource(state_, "s0", "w0")) << "where it is already";
  EXPECT_FALSE(TransferSource(state_, "s0", "w2"));
  EXPECT_EQ(WorkerOf("s0"), "w2");
  EXPECT_EQ(StageOf(state_, "w0"), "free");
  ASSERT_FALSE(AddSource(state_, {{"source_name", "s1"}}, "w1"));
  EXPECT_EQ(TransferSource(state_, "s0", "w1")->code, 46006) << "busy";
}

TEST_F(Sources, RelayReservesAWorker) {
  EXPECT_FALSE(SetRelay(state_, "s0", true, {"w2"}));
  EXPECT_EQ(StageOf(state_, "w2"), "relay");
  ASSERT_FALSE(AddSource(state_, {{"source_name", "s1"}}, ""));
  EXPECT_EQ(WorkerOf("s1"), "w1") << "not the one that relays another source";
  WorkerGone(state_, "w0");
  EXPECT_EQ(WorkerOf("s0"), "w2") << "the one that relays it";
  EXPECT_FALSE(SetRelay(state_, "s0", false, {"w2"}));
}

TEST_F(Sources, Deletion) {
  EXPECT_FALSE(DeleteSource(state_, "s0"));
  EXPECT_EQ(StageOf(state_, "w0"), "free");
  EXPECT_EQ(DeleteSource(state_, "s0")->code, 46008);
}

}  // namespace
}  // namespace dm::standin

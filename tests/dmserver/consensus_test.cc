#include "tests/dmserver/consensus.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/dmserver/cluster_state.h"

namespace dm::standin {
namespace {

using std::chrono::milliseconds;

base::Json StateOf(const std::set<MemberId>& ids, int value) {
  base::Json members = base::Json::array();
  for (const auto id : ids) members.push_back({{"id", std::to_string(id)}, {"name", "m" + std::to_string(id)}});
  return {{"members", members}, {"value", value}};
}

// A world of members with a lossy wire, crashes (what was persisted stays) and virtual time.
class World {
 public:
  World(std::set<MemberId> ids, std::uint64_t seed) : random_(seed), ids_(ids) {
    for (const auto id : ids) {
      Persistent p;
      p.term = 1;
      p.committed = 1;
      p.entry = Entry{1, 1, StateOf(ids, 0)};
      disk_[id] = p;
      Start(id);
    }
  }

  void Start(MemberId id) { alive_[id] = std::make_unique<Consensus>(id, disk_[id], random_, now_); }
  void Join(MemberId id, const base::Json& state) {
    disk_[id] = Persistent{};
    disk_[id].entry.state = state;
    Start(id);
  }
  void Kill(MemberId id) { alive_.erase(id); }
  bool Alive(MemberId id) const { return alive_.count(id) != 0; }
  Consensus& At(MemberId id) { return *alive_.at(id); }
  double loss = 0;

  void Run(base::Duration time) {
    const auto end = now_ + time;
    while (now_ < end) {
      now_ += milliseconds(10);
      for (auto& [id, member] : alive_) {
        member->Tick(now_);
        Collect(id);
      }
      std::deque<Message> wire;
      wire.swap(wire_);
      for (const auto& message : wire) {
        if (random_.Uniform() < loss || alive_.count(message.to) == 0) continue;
        alive_[message.to]->Step(message, now_);
        Collect(message.to);
      }
      Check();
    }
  }

  std::optional<MemberId> Leader() const {
    for (const auto& [id, member] : alive_) {
      if (member->IsLeader()) return id;
    }
    return std::nullopt;
  }

  bool Propose(int value) {
    const auto leader = Leader();
    if (!leader) return false;
    auto state = At(*leader).committed_state();
    state["value"] = value;
    if (!At(*leader).Propose(state, now_)) return false;
    Collect(*leader);
    return true;
  }

  int HighestCommitted() const { return static_cast<int>(highest_value_); }
  base::TimePoint now() const { return now_; }
  base::SeededRandom& random() { return random_; }

 private:
  void Collect(MemberId id) {
    disk_[id] = alive_[id]->persistent();        // persisted before anything leaves
    for (auto& message : alive_[id]->TakeOutbox()) {
      // What goes over the wire is text.
      wire_.push_back(*MessageFromJson(ToJson(message)));
    }
  }

  void Check() {
    for (const auto& [id, member] : alive_) {
      if (member->IsLeader()) {
        const auto [it, fresh] = leader_of_term_.emplace(member->persistent().term, id);
        ASSERT_EQ(it->second, id) << "two leaders in term " << member->persistent().term;
      }
      const auto& p = member->persistent();
      if (p.committed == p.entry.index) {
        const auto [it, fresh] = committed_.emplace(p.committed, p.committed_state);
        ASSERT_EQ(it->second, p.committed_state) << "two states were committed at index " << p.committed;
        highest_value_ = std::max<std::int64_t>(highest_value_, base::GetIntOr(p.entry.state, "value", 0));
      }
    }
  }

  base::SeededRandom random_;
  std::set<MemberId> ids_;
  base::TimePoint now_{std::chrono::hours(1)};
  std::map<MemberId, Persistent> disk_;
  std::map<MemberId, std::unique_ptr<Consensus>> alive_;
  std::deque<Message> wire_;
  std::map<std::uint64_t, MemberId> leader_of_term_;
  std::map<std::uint64_t, base::Json> committed_;
  std::int64_t highest_value_ = 0;
};

TEST(Consensus, ALoneMemberLeadsAtOnce) {
  World world({1}, 1);
  world.Run(milliseconds(20));
  EXPECT_EQ(world.Leader(), MemberId{1});
  EXPECT_TRUE(world.Propose(5));
  EXPECT_EQ(world.At(1).committed_state()["value"], 5);
}

TEST(Consensus, ThreeElectOneAndCommit) {
  World world({1, 2, 3}, 2);
  world.Run(milliseconds(4000));
  ASSERT_TRUE(world.Leader());
  ASSERT_TRUE(world.Propose(7));
  world.Run(milliseconds(500));
  for (const MemberId id : {1u, 2u, 3u}) {
    EXPECT_EQ(world.At(id).committed_state()["value"], 7);
    EXPECT_EQ(world.At(id).leader(), *world.Leader());
  }
}

TEST(Consensus, WithoutAMajorityNobodyLeadsAndNothingIsCommitted) {
  World world({1, 2, 3}, 3);
  world.Run(milliseconds(4000));
  const auto leader = *world.Leader();
  for (const MemberId id : {1u, 2u, 3u}) {
    if (id != leader) world.Kill(id);
  }
  ASSERT_TRUE(world.Propose(9));
  world.Run(milliseconds(6000));
  EXPECT_FALSE(world.Leader());
  EXPECT_EQ(world.At(leader).leader(), 0u);
  EXPECT_EQ(world.HighestCommitted(), 0);
}

TEST(Consensus, TransferMakesAnotherLeaderWithoutWaiting) {
  World world({1, 2, 3}, 4);
  world.Run(milliseconds(4000));
  const auto old = *world.Leader();
  world.At(old).TransferLeadership();
  world.Run(milliseconds(100));
  ASSERT_TRUE(world.Leader());
  EXPECT_NE(*world.Leader(), old);
}

TEST(Consensus, ARemovedMemberNeitherLeadsNorDisturbs) {
  World world({1, 2, 3}, 5);
  world.Run(milliseconds(4000));
  const auto leader = *world.Leader();
  std::set<MemberId> rest = {1, 2, 3};
  const MemberId gone = leader == 1 ? 2 : 1;
  rest.erase(gone);
  ASSERT_TRUE(world.At(leader).Propose(StateOf(rest, 1), world.now()));
  world.Run(milliseconds(10000));
  EXPECT_EQ(world.Leader(), leader) << "the removed member deposed the leader";
  EXPECT_EQ(MembersOf(world.At(gone).committed_state()).count(gone), 0u) << "it was never told";
}

TEST(Consensus, ALoneMemberTakesInASecondThatIsNotUpYet) {
  World world({1}, 6);
  world.Run(milliseconds(20));
  ASSERT_TRUE(world.At(1).Propose(StateOf({1, 2}, 1), world.now()));
  EXPECT_FALSE(world.At(1).InFlight()) << "the members that were decide";
  EXPECT_EQ(MembersOf(world.At(1).committed_state()).size(), 2u);
  world.Run(milliseconds(1000));
  EXPECT_TRUE(world.Leader()) << "the new one has a moment to come up";
  world.Join(2, world.At(1).committed_state());
  world.Run(milliseconds(3000));
  ASSERT_TRUE(world.Leader());
  EXPECT_EQ(world.At(2).leader(), *world.Leader());
}

TEST(Consensus, SafeUnderLossAndCrashes) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world({1, 2, 3, 4, 5}, seed);
    world.loss = 0.2;
    int value = 0;
    for (int round = 0; round < 30; ++round) {
      world.Propose(++value);
      const MemberId victim = 1 + static_cast<MemberId>(world.random().Below(5));
      if (world.Alive(victim)) {
        world.Kill(victim);
      } else {
        world.Start(victim);
      }
      world.Run(milliseconds(700));
      if (testing::Test::HasFatalFailure()) return;
    }
    world.loss = 0;
    for (MemberId id = 1; id <= 5; ++id) {
      if (!world.Alive(id)) world.Start(id);
    }
    world.Run(milliseconds(8000));
    ASSERT_TRUE(world.Leader());
    EXPECT_GE(base::GetIntOr(world.At(*world.Leader()).committed_state(), "value", -1), 0);
    const auto settled = world.At(*world.Leader()).committed_state();
    for (MemberId id = 1; id <= 5; ++id) EXPECT_EQ(world.At(id).committed_state(), settled);
  }
}

}  // namespace
}  // namespace dm::standin

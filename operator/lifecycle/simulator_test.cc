// The simulator: plans drive a World from random starts, through random wishes and faults, and the operator is killed between
// any two actions. In every state: nobody is removed unasked, no quorum is taken away, no cluster is founded twice. In the end,
// when the faults stop, every wish that can be fulfilled is.
#include <cstdlib>
#include <random>

#include "operator/lifecycle/testing/expect.h"

namespace dm::op::lifecycle {
namespace {

using namespace testing;

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed), w_(Pick({1, 1, 3, 3, 5}), Pick({0, 1, 2, 4})) {
    w_.want.update.failover_period = std::chrono::seconds(20);
  }

  void Run() {
    for (int second = 0; second < 200; ++second) {
      Disturb();
      const auto plan = w_.Plan();
      // Killed after some of the actions, one time in three; else all of them and the status.
      w_.Execute(plan, Below(3) == 0 ? Below(plan.actions.size() + 1) : SIZE_MAX);
      if (Below(4) != 0) w_.Tick();
      ASSERT_TRUE(w_.violations.empty());
      ASSERT_LE(w_.dm.bootstraps(), foundings_);
    }
    Calm();
    for (int second = 0; second < 240; ++second) {
      w_.Run(1);
      Accept();
    }
    ASSERT_TRUE(w_.violations.empty());
    ASSERT_LE(w_.dm.bootstraps(), foundings_);
    const Plan end = w_.Plan();
    EXPECT_TRUE(end.Settled()) << (end.waits.empty() ? Does(end).at(0) : end.waits[0].reason + ": " + end.waits[0].message);
    EXPECT_EQ(w_.dm.members(), static_cast<std::size_t>(w_.want.master.replicas));
    for (int i = 0; i < w_.want.master.replicas; ++i) EXPECT_TRUE(w_.Ready("a-dm-master-" + std::to_string(i)));
    for (int i = 0; i < w_.want.worker.replicas; ++i) EXPECT_TRUE(w_.Ready("a-dm-worker-" + std::to_string(i)));
    for (const auto& [key, line] : DataOf(w_)->items()) {   // only what tells of removed members whose claims are kept
      EXPECT_GE(OrdinalOf(w_.want.names(), Role::kMaster, key.substr(key.find("a-dm"))), w_.want.master.replicas) << key << ": " << line;
      EXPECT_EQ(key.find("removed-"), 0u) << key;
    }
    EXPECT_TRUE(end.intents.empty());
    EXPECT_TRUE(end.failures.empty());
    EXPECT_TRUE(end.transfers.empty());
    for (const auto& [name, source] : w_.dm.sources()) {
      EXPECT_NE(source.worker, "") << name;
      EXPECT_EQ(source.stage, source.paused ? "Paused" : "Running") << name;
    }
    EXPECT_EQ(ConditionOf(end, "StorageAsWanted"), "");
    for (const auto& [name, process] : w_.dm.masters()) EXPECT_FALSE(process.evicted) << name;
  }

  void Print() const {
    for (const auto& violation : w_.violations) std::cerr << "VIOLATION " << violation << "\n";
    for (const auto& line : w_.log) std::cerr << line << "\n";
    for (const auto& [pod, process] : w_.dm.masters()) std::cerr << pod << (process.running ? " runs" : ": " + process.crash) << "\n";
  }

 private:
  std::size_t Below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  int Pick(std::vector<int> of) { return of[Below(of.size())]; }
  std::string Pod(Role role) { return w_.want.names().Pod(role, static_cast<int>(Below(5))); }

  void Disturb() {
    const std::size_t fault = Below(50);
    w_.log.push_back("t=" + std::to_string(w_.now) + "        fault " + std::to_string(fault));
    switch (fault) {
      case 0: w_.want.master.replicas = Pick({1, 2, 3, 4, 5}); break;
      case 1: w_.want.worker.replicas = Pick({0, 1, 2, 3, 5}); break;
      case 2: w_.SetImage("dm:" + std::to_string(Below(3))); break;
      case 3: w_.KillPod(Pod(Role::kMaster)); break;
      case 4: w_.KillPod(Pod(Role::kWorker)); break;
      case 5: w_.Hold(held_ = Pod(Role::kMaster), true); break;
      case 6: w_.Hold(held_, false); break;
      case 7: w_.members_unknown = true; break;
      case 8: case 9: w_.members_unknown = false; break;
      case 10: w_.want.master.suspended = w_.want.worker.suspended = Below(2) == 0; break;
      case 11: w_.want.paused = Below(3) == 0; break;
      case 12: w_.dm.Load(Pod(Role::kWorker), Below(2) == 0); break;
      case 29: case 30: if (w_.dm.sources().size() < 3) w_.dm.AddSource("s" + std::to_string(Below(3)), Pod(Role::kWorker)); break;
      case 31: w_.dm.RemoveSource("s" + std::to_string(Below(3))); break;
      case 32:   // its user's wish; not in the seconds of a transfer, in which nobody could tell
        if (!w_.want.status.contains("intents") || w_.want.status["intents"].dump().find("TransferSource") == std::string::npos) {
          w_.dm.PauseTask("s" + std::to_string(Below(3)), Below(2) == 0);
        }
        break;
      case 33: case 34: w_.dm.cut_transfer = true; break;
      case 35:   // every volume, of a cluster that has formed
        if (Below(3) == 0 && !Lines() && w_.dm.Quorum()) {
          for (int i = 0; i < 9; ++i) w_.LoseClaim(w_.want.names().Claim(Role::kMaster, i));
        }
        break;
      case 36: case 37: case 38: Accept(); break;
      case 39:   // out of place: it must not lie in wait for a loss
        for (const auto& [name, claim] : w_.claims()) {
          if (claim.IsMember() && !w_.want.paused) w_.Annotate("dm.pingcap.com/force", "bootstrap");
        }
        break;
      case 13:   // a hand that knows better
        if (auto* set = w_.Object("StatefulSet", "a-dm-master")) (*set)["spec"]["replicas"] = Below(6);
        break;
      case 14: w_.Annotate("dm.pingcap.com/force", Below(2) == 0 ? "roll" : "scale-in"); break;
      case 15: w_.rendering = std::to_string(Below(3)); break;
      case 16: case 17: w_.LoseNode(Node(), Below(2) == 0 ? NodeState::kGone : NodeState::kOutOfService); break;
      case 18: case 19: case 20: w_.ReturnNode(Node()); break;
      case 21: w_.local_volumes = Below(2) == 0; break;
      case 22:   // growth; what was asked for once is never taken back
        size_ += 1 + static_cast<int>(Below(10));
        (Below(2) == 0 ? w_.want.master : w_.want.worker).storage_size = kube::api::Quantity::FromUnits(size_);
        break;
      case 23: w_.expandable = Below(2) == 0 ? std::set<std::string>{} : std::set<std::string>{"fast"}; break;
      case 24: w_.want.when_deleted = Below(2) == 0 ? Retain::kDelete : Retain::kRetain; break;
      case 25: w_.want.update.max_failover = static_cast<int>(Below(4)); break;
      case 26:   // a volume is lost, where a majority keeps theirs, also one that has become a member this very moment
        {
          const auto pod = Pod(Role::kMaster);
          const auto claim = w_.claims().find(w_.want.names().ClaimTemplate(Role::kMaster) + "-" + pod);
          const base::Json* data = DataOf(w_);
          const std::string line = data ? base::GetStringOr(*data, pod) : "";
          // But not one that the operator has not seen yet (docs/testing.md).
          const bool seen = claim != w_.claims().end() && (claim->second.IsMember() || line.find(claim->second.meta.uid) != std::string::npos);
          if (seen && w_.dm.Lists(pod) && w_.dm.members() >= 3 && AllHealthyBut(pod)) w_.LoseClaim(std::string(claim->first));
        }
        break;
      case 27:   // an image of which no pod starts, until somebody takes it back
        w_.SetImage("dm:broken");
        w_.Hold(held_ = Pod(Role::kMaster), true);
        break;
      case 28: w_.Annotate("dm.pingcap.com/restartedAt", std::to_string(w_.now)); break;
      default: break;
    }
  }

  bool Lines() {
    const base::Json* data = DataOf(w_);
    return !data || data->dump().find("bootstrap ") != std::string::npos;
  }
  // Its user has read what is lost.
  void Accept() {
    if (ConditionOf(w_.Plan(), "DataAtRisk") != "True/AllDataLost") return;
    w_.Annotate("dm.pingcap.com/force", "bootstrap");
    foundings_ = w_.dm.bootstraps() + 1;
  }

  std::string Node() { return "node-" + std::to_string(Below(5)); }
  bool AllHealthyBut(const std::string& pod) const {
    for (int i = 0; i < 9; ++i) {
      const std::string other = w_.want.names().Pod(Role::kMaster, i);
      if (other != pod && w_.dm.Lists(other) && !w_.dm.Healthy(other)) return false;
    }
    return true;
  }

  void Calm() {
    for (int i = 0; i < 6; ++i) {
      w_.Hold(w_.want.names().Pod(Role::kMaster, i), false);
    }
    w_.dm.cut_transfer = false;
    w_.dm.FinishLoads();
    while (static_cast<int>(w_.dm.sources().size()) > w_.want.worker.replicas) w_.dm.RemoveSource(std::string(w_.dm.sources().begin()->first));
    for (int i = 0; i < 40; ++i) w_.ReturnNode("node-" + std::to_string(i));
    w_.expandable = {"fast"};
    w_.want.update.max_failover.reset();
    w_.members_unknown = false;
    w_.want.paused = w_.want.master.suspended = w_.want.worker.suspended = false;
  }

  std::mt19937_64 random_;
  World w_;
  std::string held_;
  int size_ = 10;
  int foundings_ = 1;   // that are allowed
};

// More of them: DM_SIMULATIONS=1000. From a certain one: DM_SIMULATION_SEED=7.
std::uint64_t Number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(Simulator, EndsWellFromEveryStartAndBreaksNothingOnTheWay) {
  const std::uint64_t first = Number("DM_SIMULATION_SEED", std::random_device{}());
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  for (std::uint64_t i = 0; i < Number("DM_SIMULATIONS", 12); ++i) seeds.push_back(first + i);
  for (const std::uint64_t seed : seeds) {
    Simulation simulation(seed);
    simulation.Run();
    if (HasFailure()) {
      simulation.Print();
      FAIL() << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace dm::op::lifecycle

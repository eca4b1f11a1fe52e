// capacity.measure: free. What others reserve on the nodes is taken away; the cluster itself is not in its own way.
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::Development;
using fixtures::FindRule;
using fixtures::Judged;
using fixtures::MakeNode;
using fixtures::NodeSpec;
using fixtures::Patched;
using fixtures::Production;
using kube::api::Quantity;
using Words = std::vector<std::string>;

const kube::api::Labels kFast = {{"dm.pingcap.com/network-gbps", "25"}};

Reserved Of(const char* cpu, const char* memory, int pods) { return {*Quantity::Parse(cpu), *Quantity::Parse(memory), pods}; }

// Production asks for three masters of 6 CPU, a host each, and two workers of 20 CPU; a node has 48 CPU and 192Gi.
struct Free : ::testing::Test {
  Policy policy = *ParsePolicy("capacity: {measure: free}");
  ClusterView view = fixtures::GoodView();

  // The same on every node; `owner`: the DMCluster whose pods they are.
  void Run(const Reserved& reserved, const std::string& owner = {}) {
    NodeUsage usage{reserved, {}};
    if (!owner.empty()) usage.clusters.emplace_back(owner, reserved);
    Usage by_node;
    for (const auto& node : view.nodes) by_node[node->node->meta.name] = std::make_shared<const NodeUsage>(usage);
    view.PutUsage(by_node);
  }
  Words Said(const base::Json& object = Production()) { return fixtures::Names(Judged(object, view, policy), Severity::kWarn); }
};

TEST_F(Free, Table) {
  struct Row {
    const char* what;
    const char *cpu, *memory;
    int pods;
    Words free;
  };
  const Row rows[] = {
      {"nothing runs", "0", "0", 0, {}},
      {"what is left holds a master and a worker", "22", "132Gi", 1, {}},
      {"a CPU's thousandth less does not", "22001m", "132Gi", 1, {"NodeCapacity!warn"}},
      {"nor a byte less", "22", "141733920769", 1, {"NodeCapacity!warn"}},        // 132Gi and one
      {"no master finds a place", "45", "1Gi", 1, {"NodeCapacity!warn"}},
      {"more is reserved than there is", "60", "300Gi", 1, {"NodeCapacity!warn"}},
      {"as many pods as the node may hold", "0", "0", 110, {"NodeCapacity!warn"}},
      {"one of the two places that it takes", "0", "0", 109, {"NodeCapacity!warn"}},
      {"both", "0", "0", 108, {}},
  };
  for (const Row& row : rows) {
    const ClusterView good = fixtures::GoodView();
    view.nodes.clear();
    for (const auto& node : good.nodes) {
      kube::api::Node copy = *node->node;
      copy.pods = Quantity::FromUnits(110);
      fixtures::AddNode(view, copy);
    }
    Run(Of(row.cpu, row.memory, row.pods));
    EXPECT_EQ(Said(), row.free) << row.what;
    EXPECT_FALSE(fixtures::WasNotChecked(Judged(Production(), view, policy), "NodeCapacity")) << row.what;
    EXPECT_EQ(fixtures::Names(Judged(Production(), view), Severity::kWarn), Words()) << row.what << ", by allocatable";
  }
}

TEST_F(Free, SaysWhatIsMissing) {
  Run(Of("45", "1Gi", 3));
  const Report report = Judged(Production(), view, policy);
  const Finding* finding = FindRule(report, "NodeCapacity");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(LongText(*finding),
            "only 0 of 3 DM-masters fit beside what runs: each takes 6 CPU and 12Gi of memory on a host of its own, and 0 of 3 "
            "qualifying nodes hold one (nearest: n1 with 3 CPU and 191Gi free) (NodeCapacity): free some room, or add nodes of that "
            "size, unless an autoscaler will");
  policy.capacity_deny = true;
  EXPECT_EQ(Said(), Words({"NodeCapacity"}));
}

TEST_F(Free, TheNearestMissIsTheOneWithTheMostLeft) {
  Usage by_node;
  const std::map<std::string, const char*> cpus = {{"n1", "47"}, {"n2", "43"}, {"n3", "44"}};
  for (const auto& [name, cpu] : cpus) {
    by_node[name] = std::make_shared<const NodeUsage>(NodeUsage{Of(cpu, "1Gi", 1), {}});
  }
  view.PutUsage(by_node);
  EXPECT_EQ(FindRule(Judged(Production(), view, policy), "NodeCapacity")->subjects, Words({"n2"}));
}

// A condition is written when its meaning changes, and other pods come and go all day.
TEST_F(Free, TheSteadyTextHasNoFigureOfTheMoment) {
  Run(Of("45", "1Gi", 3));
  const Finding before = *FindRule(Judged(Production(), view, policy), "NodeCapacity");
  Run(Of("44500m", "7Gi", 9));
  const Finding after = *FindRule(Judged(Production(), view, policy), "NodeCapacity");
  EXPECT_NE(LongText(before), LongText(after));
  EXPECT_EQ(SteadyText(before), SteadyText(after));
  EXPECT_EQ(SteadyText(before).find("n1"), std::string::npos) << SteadyText(before);
}

TEST_F(Free, AClusterIsNotInItsOwnWay) {
  Run(Of("45", "180Gi", 3), "dm/orders");
  EXPECT_EQ(Said(), Words());
  Run(Of("45", "180Gi", 3), "elsewhere/orders");
  EXPECT_EQ(Said(), Words({"NodeCapacity!warn"}));
  Run(Of("45", "180Gi", 3), "dm/parts");
  EXPECT_EQ(Said(), Words({"NodeCapacity!warn"}));
}

// Kind is judged by what nodes are, not by what stands on them now: a full node that qualifies is no reason to refuse for kind.
TEST_F(Free, OccupancyIsNeverTakenForKind) {
  policy.capacity_deny = true;
  view.nodes.clear();
  for (const NodeSpec& spec : {NodeSpec{.name = "a", .labels = kFast}, NodeSpec{.name = "arm", .arch = "arm64", .labels = kFast}}) {
    fixtures::AddNode(view, MakeNode(spec));
  }
  view.PutUsage({{"a", std::make_shared<const NodeUsage>(NodeUsage{Of("48", "192Gi", 9), {}})}});
  EXPECT_EQ(Said(Development()), Words({"NodeCapacity"}));
}

TEST_F(Free, WithoutDataOnPodsItIsNotChecked) {
  const auto why = [&](const Report& report) {
    for (const auto& entry : report.not_checked) {
      if (entry.rule == Rule::kNodeCapacity) return entry.why;
    }
    return std::string("checked");
  };
  EXPECT_EQ(why(Judged(Production(), view, policy)), "the policy measures what is free, and no data on pods was given: judged by allocatable");
  view.MissUsage("pods have not been listed yet");
  EXPECT_EQ(why(Judged(Production(), view, policy)), "the policy measures what is free, and pods have not been listed yet: judged by allocatable");
  EXPECT_EQ(why(Judged(Production(), view)), "checked") << "nobody asks what runs";
  // What does not fit by allocatable does not fit beside pods either.
  EXPECT_EQ(Said(Patched(Production(), "spec: {worker: {requests: {cpu: \"60\"}}}")), Words({"NodeCapacity!warn"}));
}

TEST_F(Free, UsageIsFoundByTheNameOfTheNode) {
  const auto one = std::make_shared<const NodeUsage>(NodeUsage{Of("1", "1", 1), {}});
  view.PutUsage({{"a-node-that-is-gone", one}, {"n2", one}, {"n2-too", one}, {"z", one}});
  ASSERT_EQ(view.usage.size(), 3u);
  EXPECT_EQ(view.usage[0], nullptr);
  EXPECT_EQ(view.usage[1], one);
  EXPECT_EQ(view.usage[2], nullptr);
}

}  // namespace
}  // namespace dm::requirements

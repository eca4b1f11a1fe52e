// Nodes are asked in groups, domains and quotients by short cuts: the answers must be those of asking each node plainly.
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "dm/requirements/candidates.h"
#include "dm/requirements/seating.h"
#include "dm/requirements/testing/chance.h"

namespace dm::requirements {
namespace {

using fixtures::Random;
using fixtures::SomePods;
using kube::api::PodSpec;
using kube::api::Quantity;

std::optional<Exclusion> PlainExclusion(const kube::api::Node& node, const PodSpec& pod) {
  bool tolerates = false;
  for (const auto& toleration : pod.tolerations) tolerates |= toleration.Tolerates({"node.kubernetes.io/unschedulable", "", "NoSchedule"});
  if (!node.ready) return Exclusion::kNotReady;
  if (node.unschedulable && !tolerates) return Exclusion::kUnschedulable;
  if ((!pod.node_name.empty() && pod.node_name != node.meta.name) || !pod.SelectsNode(node)) return Exclusion::kSelector;
  if (pod.UntoleratedTaint(node) != nullptr) return Exclusion::kTaint;
  return std::nullopt;
}

std::int64_t PlainTimes(Quantity room, Quantity pod) {
  if (pod.IsZero()) return std::numeric_limits<int>::max();
  return room < pod ? 0 : static_cast<std::int64_t>(std::min<kube::api::Int128>(room.nano() / pod.nano(), std::numeric_limits<int>::max()));
}

// What placeable.cc counts, the long way; what it tries is tested by seating_test.cc and against the scheduler itself.
std::int64_t PlainPlaceable(const RoleNodes& nodes, Count which, Measure measure) {
  const auto room = [&](const Candidate& c) -> std::int64_t {
    if (which == Count::kQualified && !c.kind) return 0;
    return measure == Measure::kHosts || !c.size_known ? nodes.replicas : c.fits;
  };
  std::int64_t all = 0;
  for (const Candidate& c : nodes.candidates) all += std::min<std::int64_t>(room(c), nodes.replicas);
  for (const auto& key : nodes.spreading.exclusive) {
    std::set<std::string> seen;
    std::int64_t outside = 0;
    for (const Candidate& c : nodes.candidates) {
      const auto label = c.node->node->meta.labels.find(key);
      if (label == c.node->node->meta.labels.end()) outside += room(c);
      if (label != c.node->node->meta.labels.end() && room(c) > 0) seen.insert(label->second);
    }
    all = std::min(all, outside + static_cast<std::int64_t>(seen.size()));
  }
  return std::min<std::int64_t>(all, nodes.replicas);
}

TEST(Survey, AsAskingEachNodePlainly) {
  int taken = 0, excluded = 0, short_of = 0;
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    Random random{std::mt19937(seed)};
    SCOPED_TRACE("seed " + std::to_string(seed));
    const ClusterView view = fixtures::ViewOf(random, fixtures::SomeNodes(random, random.Below(15)));
    const desired::RolePods pods = SomePods(random);
    const Effective effective;
    const KindWeights weights = WeighKind({}, effective);
    const RoleNodes survey = SurveyNodes(&pods, "dm", view, std::make_shared<const NodeGroups>(GroupNodes(view)), {}, effective, weights);
    std::array<int, 4> why{};
    std::size_t at = 0;
    for (std::size_t index = 0; index < view.nodes.size(); ++index) {
      const kube::api::Node& node = *view.nodes[index]->node;
      if (const auto exclusion = PlainExclusion(node, pods.pod)) {
        ++why[static_cast<unsigned>(*exclusion)];
        ++excluded;
        continue;
      }
      ++taken;
      ASSERT_LT(at, survey.candidates.size()) << node.meta.name << " is missing";
      const Candidate& candidate = survey.candidates[at++];
      ASSERT_EQ(candidate.node->node->meta.name, node.meta.name);
      EXPECT_EQ(candidate.index, index);
      EXPECT_EQ(candidate.fits, std::min({PlainTimes(node.cpu.value_or(Quantity()), pods.pod.TotalCpu()),
                                          PlainTimes(node.memory.value_or(Quantity()), pods.pod.TotalMemory()),
                                          PlainTimes(node.pods.value_or(Quantity::Max()), Quantity::FromUnits(1))}));
      EXPECT_EQ(candidate.faults, FaultsOf(*view.nodes[index], pods.role, effective.environment));
      EXPECT_EQ(candidate.size_known, node.cpu && node.memory);
      EXPECT_EQ(candidate.kind, weights.Qualifies(candidate.faults));
    }
    EXPECT_EQ(at, survey.candidates.size());
    EXPECT_EQ(why, survey.excluded);
    EXPECT_EQ(survey.excluding_taint.empty(), why[static_cast<unsigned>(Exclusion::kTaint)] == 0);
    for (const Count which : {Count::kAll, Count::kQualified}) {
      for (const Measure measure : {Measure::kHosts, Measure::kSize}) {
        const auto placeable = Placeable(survey, which, measure);
        if (NeedsSeating(survey)) continue;
        EXPECT_EQ(placeable, PlainPlaceable(survey, which, measure));
        short_of += placeable < pods.replicas && placeable > 0 ? 1 : 0;
      }
    }
    for (unsigned i = 0; i < kKindFaults; ++i) {
      for (const bool kind : {false, true}) {
        const auto fault = static_cast<KindFault>(i);
        EXPECT_EQ(survey.WithFault(fault, kind), std::count_if(survey.candidates.begin(), survey.candidates.end(), [&](const Candidate& c) {
                    return c.kind == kind && Has(c.faults, fault);
                  }));
      }
    }
  }
  EXPECT_GT(taken, 3000);
  EXPECT_GT(excluded, 3000);
  EXPECT_GT(short_of, 500);
}

TEST(Survey, HowOftenAPodFitsIsExactAtTheBorder) {
  const auto fits = [](Quantity room, Quantity pod) {
    kube::api::Node node = fixtures::MakeNode({.name = "n1"});
    node.cpu = room;
    node.memory = Quantity::Max();
    ClusterView view;
    fixtures::AddNode(view, node);
    desired::RolePods pods;
    pods.replicas = 1;
    pods.pod.containers.emplace_back().cpu_request = pod;
    return SurveyNodes(&pods, "dm", view, std::make_shared<const NodeGroups>(GroupNodes(view)), {}, {}, WeighKind({}, {})).candidates.at(0).fits;
  };
  for (const std::int64_t times : {1LL, 2LL, 3LL, 7LL, 1000LL, 999'999LL, 1'000'000LL, 70'000'000LL}) {
    for (const Quantity pod : {Quantity::FromNano(3), Quantity::FromMilli(1), Quantity::FromMilli(7910), *Quantity::Parse("31482304Ki")}) {
      const Quantity exact = pod * times;
      EXPECT_EQ(fits(exact, pod), times);
      EXPECT_EQ(fits(exact - Quantity::FromNano(1), pod), times - 1);
      EXPECT_EQ(fits(exact + Quantity::FromNano(1), pod), times);
    }
  }
  EXPECT_EQ(fits(Quantity::Max(), Quantity::FromNano(1)), std::numeric_limits<int>::max());
  EXPECT_EQ(fits(-Quantity::FromUnits(1), Quantity::FromNano(1)), 0) << "more runs there than it can allocate";
}

TEST(NodeTraits, WhatIsANodesOwnIsOnlyAKey) {
  kube::api::Node node = fixtures::MakeNode({.name = "n1", .labels = {{"zone", "z1"}, {"instance", "n1"}}});
  node.meta.labels[kHostnameLabel] = "host-1";
  node.meta.labels["topology.csi/node"] = "host-1";
  const NodeTraits traits = TraitsOf(node);
  EXPECT_EQ(traits.labels, (kube::api::Labels{{"kubernetes.io/arch", "amd64"}, {"zone", "z1"}}));
  EXPECT_EQ(traits.own, (std::vector<std::string>{"instance", kHostnameLabel, "topology.csi/node"}));
  EXPECT_TRUE(traits.Owns("instance"));
  EXPECT_FALSE(traits.Owns("zone"));
}

TEST(TraitsPool, KeepsNothingAliveAndForgetsWhatIsGone) {
  TraitsPool pool;
  NodeTraits traits;
  traits.labels = {{"a", "b"}};
  const auto first = pool.Share(traits);
  EXPECT_EQ(pool.Share(traits), first);
  EXPECT_EQ(first.use_count(), 1);
  for (int i = 0; i < 1000; ++i) {
    NodeTraits other;
    other.labels = {{"number", std::to_string(i)}};
    EXPECT_NE(pool.Share(std::move(other)), first);
  }
  EXPECT_LE(pool.size(), 65u);
  EXPECT_EQ(pool.Share(traits), first);
}

}  // namespace
}  // namespace dm::requirements

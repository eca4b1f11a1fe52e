#include "operator/requirements_check.h"

#include <gtest/gtest.h>

#include "operator/testing/small_cluster.h"

namespace dm::op {
namespace {

using kube::api::Condition;

struct Bench {
  testing::SmallCluster small;   // its view: four CentOS 7.9 nodes n1 … n4 and the class "fast"
  base::Json object = app::testing::ClusterJson();
  requirements::Policy policy;
  lifecycle::Observed seen;

  RequirementsCheck Check() {
    const auto unsoftened = Unsoftened(policy);
    const auto subject = requirements::MakeSubject(Decode(object).cluster, *small.view, unsoftened);
    return CheckRequirements(subject, seen, *small.view, unsoftened);
  }
  void Stand(const std::string& pod, const std::string& node) {
    auto& placed = seen.worker.pods[0];
    placed.meta.name = pod;
    placed.node_name = node;
  }
};

const Condition& Of(const RequirementsCheck& check, const std::string& type) {
  return check.conditions[type == "RequirementsMet" ? 0 : 1];
}

TEST(CheckRequirements, NamesTheWorstRuleAndListsTheFirstFindings) {
  Bench b;
  b.object["spec"]["worker"]["requests"] = {{"cpu", "1"}, {"memory", "1Gi"}};
  b.object["spec"]["master"] = {{"replicas", 1}};
  const auto check = b.Check();
  const auto& met = Of(check, "RequirementsMet");
  EXPECT_EQ(met.status, "False");
  EXPECT_EQ(met.reason, "MasterReplicas");
  EXPECT_NE(met.message.find("spec.master.replicas"), std::string::npos) << met.message;
  EXPECT_NE(met.message.find(" more"), std::string::npos) << met.message;
}

TEST(CheckRequirements, IsTrueOfANamespaceWhoseEnforcementIsMild) {
  Bench b;
  b.object["spec"]["worker"]["requests"]["cpu"] = "1";
  requirements::NamespacePolicy mild;
  mild.enforcement = requirements::Enforcement::kAudit;
  b.policy.namespaces.push_back(mild);
  EXPECT_EQ(Of(b.Check(), "RequirementsMet").status, "False");
  EXPECT_EQ((b.Check().counts[{"WorkerCPU", "deny"}]), 1);
}

TEST(CheckRequirements, LooksAtTheNodesThatPodsReallyStandOn) {
  Bench b;
  EXPECT_EQ(Of(b.Check(), "NodesQualified").reason, "NoPods");
  b.Stand("orders-dm-worker-0", "n1");
  EXPECT_EQ(Of(b.Check(), "NodesQualified").status, "True");
  auto view = std::make_shared<requirements::ClusterView>(*b.small.view);
  auto node = kube::api::ParseNode(app::testing::NodeJson("old", "CentOS Linux 7 (Core)", "3.10.0-327.el7.x86_64"));
  node->meta.labels.erase("dm.pingcap.com/os-version");
  view->nodes.push_back(requirements::Judge(std::make_shared<const kube::api::Node>(*node), b.policy));
  b.small.view = view;
  b.Stand("orders-dm-worker-0", "old");
  const auto bad = Of(b.Check(), "NodesQualified");
  EXPECT_EQ(bad.status, "False");
  EXPECT_NE(bad.message.find("orders-dm-worker-0 stands on old"), std::string::npos) << bad.message;
  b.seen.worker.pods.clear();
  b.seen.monitor.pods[0].meta.name = "orders-dm-monitor-0";
  b.seen.monitor.pods[0].node_name = "old";
  EXPECT_NE(Of(b.Check(), "NodesQualified").message.find("orders-dm-monitor-0 stands on old"), std::string::npos);
}

TEST(CheckRequirements, UnknownNodesAreNotQualified) {
  Bench b;
  b.small.view = std::make_shared<requirements::ClusterView>();
  b.Stand("orders-dm-worker-0", "n1");
  EXPECT_EQ(Of(b.Check(), "NodesQualified").status, "Unknown");
}

// Pods of others come and go all day; the condition says what it means and stays as long as that holds.
TEST(CheckRequirements, WhatRunsChangesTheConditionOnlyWithItsMeaning) {
  Bench b;
  b.policy.capacity_free = b.policy.capacity_deny = true;
  const auto reserve = [&](std::int64_t cpu) {
    auto view = std::make_shared<requirements::ClusterView>(*b.small.view);
    requirements::Usage usage;
    for (const auto& node : view->nodes) {
      usage[node->node->meta.name] = std::make_shared<const requirements::NodeUsage>(
          requirements::NodeUsage{{kube::api::Quantity::FromUnits(cpu), {}, 1}, {}});
    }
    view->PutUsage(usage);
    b.small.view = view;
    return Of(b.Check(), "RequirementsMet");
  };
  EXPECT_EQ(reserve(10).status, "True") << reserve(10).message;
  const auto full = reserve(50);                       // of 64: a worker takes 16
  EXPECT_EQ(full.status, "False");
  EXPECT_EQ(full.reason, "NodeCapacity");
  EXPECT_NE(full.message.find("only 0 of 2 DM-workers fit beside what runs"), std::string::npos) << full.message;
  EXPECT_EQ(reserve(51).message, full.message);
  EXPECT_NE(reserve(62).message, full.message) << "now no master fits either";
}

TEST(WhatChanged, TellsOfChangesThatMatter) {
  const auto make = [](std::string status, std::string message) {
    Condition c;
    c.type = "RequirementsMet";
    c.status = std::move(status);
    c.message = std::move(message);
    return std::vector<Condition>{c};
  };
  struct Case {
    std::vector<Condition> before, now;
    std::string told;
  };
  const Case cases[] = {
      {{}, make("True", "met"), ""},
      {{}, make("False", "a"), "RequirementsNotMet"},
      {make("False", "a"), make("False", "a"), ""},
      {make("False", "a"), make("False", "b"), "RequirementsNotMet"},
      {make("False", "a"), make("True", "met"), "RequirementsMet"},
      {make("True", "met"), make("True", "met, with warnings"), ""},
      {make("True", "met"), make("Unknown", "?"), ""},
      {{}, {*PolicyRefused("a")}, "PolicyRefused"},
      {{*PolicyRefused("a")}, {*PolicyRefused("a")}, ""},
      {{*PolicyRefused("a")}, {*PolicyRefused("b")}, "PolicyRefused"},
      {{*PolicyRefused("a")}, {}, ""},
  };
  for (const Case& c : cases) {
    const auto told = WhatChanged(c.before, c.now);
    EXPECT_EQ(told.empty() ? "" : told[0].reason, c.told) << (c.now.empty() ? "nothing now" : c.now[0].message);
    EXPECT_LE(told.size(), 1u);
  }
}

TEST(PolicyRefused, SaysWhereAndWhyAndIsNotStatedOtherwise) {
  EXPECT_FALSE(PolicyRefused(""));
  const auto refused = PolicyRefused("policy.yaml: line 4: rules.MasterCpu: there is no rule of that name; did you mean MasterCPU?");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->type, "PolicyCurrent");
  EXPECT_EQ(refused->status, "False");
  EXPECT_EQ(refused->reason, "PolicyRefused");
  EXPECT_EQ(refused->message, "the newest policy is refused, and the last good one stays in force: policy.yaml: line 4: rules.MasterCpu: there is no rule "
                              "of that name; did you mean MasterCPU?");
  EXPECT_LE(PolicyRefused(std::string(5000, 'x'))->message.size(), 1003u);
}

}  // namespace
}  // namespace dm::op

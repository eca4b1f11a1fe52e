#include "app/view_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/objects.h"
#include "dm/requirements/node_groups.h"

namespace dm::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::NamespaceJson;
using testing::NodeJson;
using testing::StorageClassJson;

struct ViewBuilderTest : ::testing::Test {
  kube::Snapshot<kube::api::Node> nodes, told;
  kube::Snapshot<kube::api::StorageClass> classes;
  kube::Snapshot<kube::api::Namespace> namespaces;
  std::shared_ptr<const requirements::Policy> policy = std::make_shared<const requirements::Policy>();
  ViewBuilder builder;

  ViewBuilderTest() { nodes.synced = classes.synced = namespaces.synced = true; }
  void SetNode(const base::Json& json) {
    auto node = ParseTrimmedNode(json);
    ASSERT_TRUE(node.has_value()) << node.error().ToString();
    nodes.items[node->meta.name] = std::make_shared<const kube::api::Node>(*node);
  }
  void SetClass(const base::Json& json) {
    auto item = kube::api::ParseStorageClass(json);
    ASSERT_TRUE(item.has_value()) << item.error().ToString();
    classes.items[item->meta.name] = std::make_shared<const kube::api::StorageClass>(*item);
  }
  void SetNamespace(const base::Json& json) {
    auto item = ParseTrimmedNamespace(json);
    ASSERT_TRUE(item.has_value()) << item.error().ToString();
    namespaces.items[item->meta.name] = std::make_shared<const kube::api::Namespace>(*item);
  }
  // Tells the builder what differs from the nodes that it was told last.
  ViewBuilder::Built Build() {
    NodeNews news;
    news.synced = nodes.synced;
    for (const auto& [name, node] : nodes.items) {
      if (told.Find(name) != node) news.changed[name] = node;
    }
    for (const auto& [name, node] : told.items) {
      if (!nodes.items.contains(name)) news.changed[name] = nullptr;
    }
    told = nodes;
    return builder.Build(news, classes, namespaces, policy);
  }
};

TEST_F(ViewBuilderTest, HoldsWhatWasListed) {
  SetNode(NodeJson("b"));
  SetNode(NodeJson("a"));
  SetClass(StorageClassJson("fast"));
  SetNamespace(NamespaceJson("shop", {{"environment", "dev"}}));
  const auto built = Build();
  ASSERT_EQ(built.view->nodes.size(), 2u);
  EXPECT_EQ(built.view->nodes[0]->node->meta.name, "a");
  EXPECT_EQ(built.view->nodes[0]->network_gbps, 10.0);
  EXPECT_TRUE(built.view->classes.contains("fast"));
  EXPECT_EQ(built.view->namespaces.at("shop").at("environment"), "dev");
  EXPECT_TRUE(built.view->nodes_known && built.view->classes_known && built.view->namespaces_known);
  EXPECT_TRUE(built.change.known);
  EXPECT_THAT(built.change.nodes, ElementsAre("a", "b"));
  EXPECT_THAT(built.change.classes, ElementsAre("fast"));
  EXPECT_THAT(built.change.namespaces, ElementsAre("shop"));
}

TEST_F(ViewBuilderTest, HeartbeatsMakeNoNewView) {
  SetNode(NodeJson("a"));
  const auto first = Build();
  base::Json beat = NodeJson("a");
  beat["metadata"]["resourceVersion"] = "99";
  beat["metadata"]["annotations"]["volumes.kubernetes.io/controller-managed-attach-detach"] = "true";
  beat["status"]["conditions"][0]["lastHeartbeatTime"] = "2026-02-02T00:00:00Z";
  SetNode(beat);
  const auto second = Build();
  EXPECT_FALSE(second.change.Any());
  EXPECT_EQ(second.view, first.view);
}

TEST_F(ViewBuilderTest, OnlyWhatChangedIsJudgedAnew) {
  for (const char* name : {"a", "b", "c"}) SetNode(NodeJson(name));
  const auto first = Build();
  base::Json changed = NodeJson("b");
  changed["status"]["allocatable"]["cpu"] = "2";
  SetNode(changed);
  const auto second = Build();
  EXPECT_THAT(second.change.nodes, ElementsAre("b"));
  EXPECT_EQ(second.view->nodes[0], first.view->nodes[0]);
  EXPECT_NE(second.view->nodes[1], first.view->nodes[1]);
  EXPECT_EQ(second.view->nodes[2], first.view->nodes[2]);
  EXPECT_EQ(first.view->nodes[1]->node->cpu, kube::api::Quantity::FromUnits(64)) << "an older snapshot must not change";
}

TEST_F(ViewBuilderTest, EveryFieldThatRulesReadCounts) {
  const struct {
    const char* pointer;
    base::Json value;
  } rows[] = {
      {"/metadata/labels/zone", "z1"},
      {"/metadata/annotations/dm.pingcap.com~1os-version", "7.9"},
      {"/metadata/deletionTimestamp", "2026-01-01T00:00:00Z"},
      {"/spec/unschedulable", true},
      {"/spec/taints", base::Json::array({{{"key", "k"}, {"effect", "NoSchedule"}}})},
      {"/status/allocatable/memory", "1Gi"},
      {"/status/conditions/0/status", "False"},
      {"/status/nodeInfo/osImage", "Ubuntu 22.04"},
      {"/status/nodeInfo/kernelVersion", "5.15.0"},
      {"/status/nodeInfo/architecture", "arm64"},
      {"/metadata/uid", "another"},
  };
  for (const auto& row : rows) {
    SetNode(NodeJson("a"));
    Build();
    base::Json changed = NodeJson("a");
    changed[base::Json::json_pointer(row.pointer)] = row.value;
    SetNode(changed);
    EXPECT_THAT(Build().change.nodes, ElementsAre("a")) << row.pointer;
  }
}

TEST_F(ViewBuilderTest, WhatVanishesIsTold) {
  for (const char* name : {"a", "b", "c"}) SetNode(NodeJson(name));
  SetClass(StorageClassJson("fast"));
  SetNamespace(NamespaceJson("shop"));
  Build();
  nodes.items.erase("a");
  nodes.items.erase("c");
  classes.items.clear();
  namespaces.items.clear();
  const auto built = Build();
  EXPECT_THAT(built.change.nodes, ElementsAre("a", "c"));
  EXPECT_THAT(built.change.classes, ElementsAre("fast"));
  EXPECT_THAT(built.change.namespaces, ElementsAre("shop"));
  ASSERT_EQ(built.view->nodes.size(), 1u);
  EXPECT_EQ(built.view->nodes[0]->node->meta.name, "b");
}

TEST_F(ViewBuilderTest, NewsComeInAnyOrderOfNames) {
  for (const char* name : {"b", "d", "f"}) SetNode(NodeJson(name));
  Build();
  nodes.items.erase("d");
  for (const char* name : {"a", "c", "e", "g"}) SetNode(NodeJson(name));
  base::Json changed = NodeJson("f");
  changed["spec"]["unschedulable"] = true;
  SetNode(changed);
  const auto built = Build();
  EXPECT_THAT(built.change.nodes, ElementsAre("a", "c", "d", "e", "f", "g"));
  std::vector<std::string> names;
  for (const auto& node : built.view->nodes) names.push_back(node->node->meta.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "e", "f", "g"));
}

TEST_F(ViewBuilderTest, ANodeThatCameAndWentBetweenTwoViewsIsNoChange) {
  SetNode(NodeJson("a"));
  Build();
  EXPECT_FALSE(builder.Build({true, {{"b", nullptr}}}, classes, namespaces, policy).change.Any());
}

TEST_F(ViewBuilderTest, NodesThatAreAlikeShareTheirTraits) {
  for (const char* name : {"a", "b"}) {
    base::Json node = NodeJson(name);
    node["metadata"]["labels"]["kubernetes.io/hostname"] = name;
    SetNode(node);
  }
  const auto view = Build().view;
  EXPECT_EQ(view->nodes[0]->traits, view->nodes[1]->traits);
  base::Json moved = NodeJson("b");
  moved["metadata"]["labels"]["zone"] = "z2";
  SetNode(moved);
  const auto after = Build().view;
  EXPECT_NE(after->nodes[0]->traits, after->nodes[1]->traits);
}

TEST_F(ViewBuilderTest, WhichNodesAreAlikeIsToldAnewWhenANodeChanges) {
  const auto groups_are_of_its_nodes = [](const requirements::ClusterView& view) {
    return view.groups != nullptr && *view.groups == requirements::GroupNodes(view) && requirements::GroupsOf(view) == view.groups;
  };
  for (const char* name : {"a", "b", "c"}) SetNode(NodeJson(name));
  const auto first = Build().view;
  EXPECT_TRUE(groups_are_of_its_nodes(*first));
  EXPECT_EQ(first->groups->lots(), 1u);
  SetClass(StorageClassJson("fast"));
  EXPECT_EQ(Build().view->groups, first->groups) << "the nodes are the same";
  base::Json changed = NodeJson("b");
  changed["status"]["allocatable"]["cpu"] = "2";
  SetNode(changed);
  const auto second = Build().view;
  EXPECT_TRUE(groups_are_of_its_nodes(*second));
  EXPECT_EQ(second->groups->lot_of, (std::vector<std::uint32_t>{0, 1, 0}));
  nodes.items.erase("a");
  EXPECT_TRUE(groups_are_of_its_nodes(*Build().view));
  auto admits = requirements::ParsePolicy("operatingSystems:\n- name: Rocky Linux\n  minVersion: \"9\"\n");
  ASSERT_TRUE(admits.has_value()) << admits.error().ToString();
  policy = std::make_shared<const requirements::Policy>(*admits);
  const auto last = Build().view;
  EXPECT_TRUE(groups_are_of_its_nodes(*last));
  requirements::ClusterView copy = *last;
  copy.nodes.pop_back();
  EXPECT_EQ(requirements::GroupsOf(copy)->of.size(), 1u) << "groups of other nodes are not believed";
}

TEST_F(ViewBuilderTest, ANewPolicyJudgesAllNodes) {
  SetNode(NodeJson("a", "Rocky Linux 9.3 (Blue Onyx)", "5.14.0-362.el9.x86_64"));
  const auto before = Build();
  EXPECT_NE(before.view->nodes[0]->os.verdict, requirements::OsVerdict::kSupported);
  auto admits = requirements::ParsePolicy("operatingSystems:\n- name: Rocky Linux\n  minVersion: \"9\"\n");
  ASSERT_TRUE(admits.has_value()) << admits.error().ToString();
  policy = std::make_shared<const requirements::Policy>(*admits);
  const auto after = Build();
  EXPECT_TRUE(after.change.policy);
  EXPECT_THAT(after.change.nodes, IsEmpty()) << "the node itself is the same";
  EXPECT_NE(after.view->nodes[0], before.view->nodes[0]);
}

TEST_F(ViewBuilderTest, ClassesAndNamespacesCompareByContent) {
  SetClass(StorageClassJson("fast"));
  SetNamespace(NamespaceJson("shop"));
  Build();
  SetClass(StorageClassJson("fast"));
  SetNamespace(NamespaceJson("shop"));
  EXPECT_FALSE(Build().change.Any());
  SetClass(StorageClassJson("fast", "hdd"));
  SetNamespace(NamespaceJson("shop", {{"a", "b"}}));
  const auto built = Build();
  EXPECT_THAT(built.change.classes, ElementsAre("fast"));
  EXPECT_THAT(built.change.namespaces, ElementsAre("shop"));
}

TEST_F(ViewBuilderTest, WhatRunsFollowsTheNodes) {
  for (const char* name : {"a", "c"}) SetNode(NodeJson(name));
  Build();
  const auto on = [](std::int64_t cpu) {
    return std::make_shared<const requirements::NodeUsage>(requirements::NodeUsage{{kube::api::Quantity::FromUnits(cpu), {}, 1}, {}});
  };
  const UsageNow usage{std::make_shared<const requirements::Usage>(requirements::Usage{{"b", on(2)}, {"c", on(3)}}), {}};
  const auto first = builder.Build({true, {}}, classes, namespaces, policy, usage);
  EXPECT_TRUE(first.change.usage);
  EXPECT_TRUE(first.change.known);
  EXPECT_EQ(first.view->usage, (std::vector<std::shared_ptr<const requirements::NodeUsage>>{nullptr, usage.usage->at("c")}));
  EXPECT_FALSE(builder.Build({true, {}}, classes, namespaces, policy, usage).change.Any());
  // A node that comes later finds its pods.
  const auto node = std::make_shared<const kube::api::Node>(*ParseTrimmedNode(NodeJson("b")));
  const auto later = builder.Build({true, {{"b", node}}}, classes, namespaces, policy, usage);
  EXPECT_FALSE(later.change.usage);
  EXPECT_EQ(later.view->usage[1], usage.usage->at("b"));
  EXPECT_EQ(later.view->usage[2], usage.usage->at("c"));
  const UsageNow more{std::make_shared<const requirements::Usage>(requirements::Usage{{"b", on(4)}}), {}};
  const auto grown = builder.Build({true, {}}, classes, namespaces, policy, more);
  EXPECT_TRUE(grown.change.usage);
  EXPECT_FALSE(grown.change.AnyButUsage()) << "what others do is no news of weight";
  const auto lost = builder.Build({true, {}}, classes, namespaces, policy, {nullptr, "the watch fell silent"});
  EXPECT_TRUE(lost.change.usage);
  EXPECT_FALSE(lost.view->usage_known);
  EXPECT_EQ(lost.view->usage_missing, "the watch fell silent");
  EXPECT_TRUE(first.view->usage_known) << "an older snapshot must not change";
}

TEST_F(ViewBuilderTest, AnEmptyListIsKnowledgeToo) {
  classes.synced = false;
  EXPECT_FALSE(Build().view->classes_known);
  classes.synced = true;
  const auto built = Build();
  EXPECT_TRUE(built.view->classes_known);
  EXPECT_TRUE(built.change.known);
}

}  // namespace
}  // namespace dm::app

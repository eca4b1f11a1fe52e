// A lost master, as the shell sees it: which nodes are looked at, what is confirmed before it is removed, what the status shows.
#include <gtest/gtest.h>

#include "operator/execute.h"
#include "operator/lifecycle/testing/world.h"
#include "operator/observe.h"
#include "operator/status.h"
#include "operator/testing/small_cluster.h"

namespace dm::op {
namespace {

using base::Code;
using lifecycle::Loss;
using lifecycle::NodeState;
using lifecycle::testing::World;
using testing::Json;

struct Bench {
  kube::testing::FakeApi api;
  kube::Client client{api};
  testing::FakeMembers members;
  Executor executor{client, members.Dialer(), [] { return base::Duration(std::chrono::seconds(30)); }};
  DMCluster want;
  lifecycle::Observed seen;
  lifecycle::Plan plan;

  explicit Bench(int masters) {
    want.meta.name = "a";
    want.meta.ns = "ns";
    plan.bootstrap.cluster_id = members.cluster_id;
    members::Roster roster;
    for (int i = 0; i < masters; ++i) {
      const std::string name = "a-dm-master-" + std::to_string(i);
      members.masters[name] = std::to_string(100 + i);
      roster.masters.push_back({name, std::to_string(100 + i), true, "", ""});
      seen.master.pods[i].meta.name = name;
      seen.master.pods[i].pod_ip = "10.0.0.1";
    }
    roster.leader.name = members.leader = "a-dm-master-0";
    seen.members.roster = members::Known<members::Roster>::Of(roster);
  }
  base::Result<void> Remove(Loss loss) {
    plan.actions = {lifecycle::DeleteMember{Role::kMaster, "a-dm-master-2", "102", std::move(loss)}};
    return executor.Run({want, seen, plan, {}, {}, {}}, {}).result;
  }
  void PutNode(Json taints) { api.Put("/api/v1/nodes/n1", {{"metadata", {{"name", "n1"}}}, {"spec", {{"taints", std::move(taints)}}}}); }
  void PutClaim(Json annotations, const char* phase) {
    api.Put("/api/v1/namespaces/ns/persistentvolumeclaims/c", {{"metadata", {{"name", "c"}, {"uid", "u"}, {"annotations", std::move(annotations)}}}, {"status", {{"phase", phase}}}});
  }
};

TEST(ExecuteFailover, WhatMakesAMasterLostIsConfirmedLive) {
  const Json out = Json::array({{{"key", "node.kubernetes.io/out-of-service"}, {"effect", "NoExecute"}}});
  const Json other = Json::array({{{"key", "node.kubernetes.io/unreachable"}, {"effect", "NoExecute"}}});
  const Json carries = {{"dm.pingcap.com/cluster-id", "7"}};
  struct Case {
    const char* what;
    std::function<void(Bench&)> live;
    Loss loss;
    std::optional<Code> refused;
  };
  const Case cases[] = {
      {"the node is gone", [](Bench&) {}, {"n1", "c"}, std::nullopt},
      {"the node is out of service", [&](Bench& b) { b.PutNode(out); }, {"n1", "c"}, std::nullopt},
      {"the node is there", [](Bench& b) { b.PutNode(Json::array()); }, {"n1", "c"}, Code::kConflict},
      {"the node is only unreachable", [&](Bench& b) { b.PutNode(other); }, {"n1", "c"}, Code::kConflict},
      {"the claim is gone", [](Bench&) {}, {"", "c"}, std::nullopt},
      {"the claim is new", [](Bench& b) { b.PutClaim(Json::object(), "Bound"); }, {"", "c"}, std::nullopt},
      {"the volume is gone", [&](Bench& b) { b.PutClaim(carries, "Lost"); }, {"", "c"}, std::nullopt},
      {"the claim carries its data", [&](Bench& b) { b.PutClaim(carries, "Bound"); }, {"", "c"}, Code::kConflict},
      {"it answers again", [](Bench& b) { b.members.down.clear(); }, {"n1", "c"}, Code::kConflict},
  };
  for (const Case& c : cases) {
    Bench b(3);
    b.members.down.insert("a-dm-master-2");
    c.live(b);
    const auto result = b.Remove(c.loss);
    EXPECT_EQ(result.has_value(), !c.refused) << c.what << (result ? "" : ": " + result.error().ToString());
    if (c.refused && !result) {
      EXPECT_EQ(result.error().code, *c.refused) << c.what;
    }
    EXPECT_EQ(b.members.calls.size(), c.refused ? 0u : 1u) << c.what;
  }
}

TEST(ExecuteFailover, OthersMayBeDeadAsLongAsThereIsAMajority) {
  Bench five(5);
  five.members.down = {"a-dm-master-2", "a-dm-master-3"};
  EXPECT_TRUE(five.Remove({"n1", "c"}));
  Bench four(4);
  four.members.down = {"a-dm-master-2", "a-dm-master-3"};
  const auto result = four.Remove({"n1", "c"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kConflict);
  EXPECT_TRUE(four.members.calls.empty());
}

TEST(ExecuteFailover, OnlyTheClaimThatWasSeenIsOwned) {
  Bench b(1);
  b.want.meta.uid = "mine";
  b.PutClaim(Json::object(), "Bound");
  const std::string path = "/api/v1/namespaces/ns/persistentvolumeclaims/c";
  const std::string version = base::GetStringOr(b.api.At(path)["metadata"], "resourceVersion");
  const auto run = [&](lifecycle::Action action) {
    b.plan.actions = {std::move(action)};
    return b.executor.Run({b.want, b.seen, b.plan, {}, {}, {}}, {}).result;
  };
  EXPECT_FALSE(run(lifecycle::OwnClaim{"c", "another", version, true}));
  ASSERT_TRUE(run(lifecycle::OwnClaim{"c", "u", version, true}));
  EXPECT_EQ(b.api.At(path)["metadata"]["ownerReferences"][0]["uid"], "mine");
}

TEST(ObserveFailover, NodesAreKnownOnlyWhereTheListIs) {
  base::VirtualClock clock;
  base::SeededRandom random{1};
  kube::testing::FakeApi api;
  Stores stores{api, clock, random, [](const std::string&, bool) {}};
  DMCluster want;
  want.meta.name = "a";
  want.meta.ns = "ns";
  base::TextPacker packer;
  const auto pod = [&packer](int ordinal, const char* node) {
    const base::Json object = {{"kind", "Pod"},
                               {"metadata", {{"name", "a-dm-master-" + std::to_string(ordinal)},
                                             {"namespace", "ns"},
                                             {"labels", {{"app.kubernetes.io/instance", "a"}}}}},
                               {"spec", {{"nodeName", node}}}};
    return std::make_shared<const Kept>(*KeepPod(object, packer));
  };
  stores.pods.Replace({pod(0, "n1"), pod(1, "n2"), pod(2, "n9")}, "1");
  want.status["master"]["failureMembers"]["a-dm-master-3"]["node"] = "n0";
  requirements::ClusterView view;
  for (const char* name : {"n1", "n2"}) {
    auto node = std::make_shared<kube::api::Node>();
    node->meta.name = name;
    if (std::string(name) == "n2") node->taints.push_back({"node.kubernetes.io/out-of-service", "", "NoExecute"});
    auto one = std::make_shared<requirements::NodeView>();
    one->node = node;
    view.nodes.push_back(one);
  }
  EXPECT_TRUE(Observe(stores, want, nullptr, view).nodes.empty());
  view.nodes_known = true;
  EXPECT_EQ(Observe(stores, want, nullptr, view).nodes,
            (std::map<std::string, NodeState>{{"n0", NodeState::kGone}, {"n1", NodeState::kThere}, {"n2", NodeState::kOutOfService}, {"n9", NodeState::kGone}}));
}

Json StatusOf(const World& w) {
  const auto plan = w.Plan();
  return BuildStatus({w.want, w.See(), plan, {}, "production", base::WallTime(std::chrono::seconds(w.now))});
}

TEST(StatusFailover, ShowsFailureMembersAsVersion1DoesAndThePlanReadsThemBack) {
  World w(3, 1);
  w.Run(30);
  w.LoseNode("node-1");
  w.Tick();
  const Json status = StatusOf(w);
  const Json* entry = base::FindPath(status, {"master", "failureMembers", "a-dm-master-1"});
  ASSERT_TRUE(entry) << status;
  EXPECT_EQ((*entry)["podName"], "a-dm-master-1");
  EXPECT_EQ((*entry)["node"], "node-1");
  EXPECT_EQ((*entry)["memberDeleted"], false);
  EXPECT_EQ((*entry)["pvcUID"], w.claims().at("dm-master-a-dm-master-1").meta.uid);
  w.want.status = status;
  w.now += 10;
  const auto plan = w.Plan();
  ASSERT_EQ(plan.failures.size(), 1u);
  EXPECT_EQ(plan.failures[0].since, (*entry)["createdAt"]);
  w.ReturnNode("node-1");
  w.Run(20);
  EXPECT_FALSE(base::FindPath(StatusOf(w), {"master", "failureMembers"}));
}

TEST(StatusVolumes, CountThoseAsWantedAndNameTheOthers) {
  World w(3, 1);
  w.Run(30);
  w.want.master.storage_size = kube::api::Quantity::FromUnits(100);
  auto& claims = w.claims();
  claims.at("dm-master-a-dm-master-0").request = claims.at("dm-master-a-dm-master-0").capacity = kube::api::Quantity::FromUnits(100);
  claims.at("dm-master-a-dm-master-1").request = kube::api::Quantity::FromUnits(100);
  claims.at("dm-master-a-dm-master-1").resizing = "FileSystemResizePending";
  const Json status = StatusOf(w);
  const Json& volume = *base::FindPath(status, {"master", "volumes", "dm-master"});
  EXPECT_EQ(volume["boundCount"], 3);
  EXPECT_EQ(volume["resizedCount"], 1);
  EXPECT_EQ(volume["currentCapacity"], "10");
  EXPECT_EQ(volume["resizedCapacity"], "100");
  EXPECT_EQ(volume["pending"], (Json{{"dm-master-a-dm-master-1", "FileSystemResizePending"}, {"dm-master-a-dm-master-2", "not asked to grow yet"}}));
}

TEST(StatusUpgrade, SaysWhatStillRunsAndWhetherThereIsAWayBack) {
  World w(3, 0);
  w.Run(30);
  auto seen = w.See();
  EXPECT_FALSE(StatusOf(w).contains("upgrade"));
  for (auto& [ordinal, pod] : seen.master.pods) pod.image = "pingcap/dm:v8.1.0";
  auto& newest = seen.master.pods.at(2);
  newest.image = "localhost:5000/pingcap/dm:v8.5.7";
  seen.children.at("StatefulSet/a-dm-master").object["status"]["updateRevision"] = newest.controller_revision = "new";
  const auto upgrade = [&] { return BuildStatus({w.want, seen, {}, {}, "production", {}})["upgrade"]; };
  EXPECT_EQ(upgrade()["runningVersions"], (Json{"v8.1.0", "v8.5.7"}));
  EXPECT_EQ(upgrade()["masterVersions"], (Json{"v8.1.0", "v8.5.7"}));
  EXPECT_EQ(upgrade()["workerVersions"], Json::array());
  EXPECT_EQ(upgrade()["component"], "dm-master");
  EXPECT_EQ(upgrade()["newVersionLed"], false);
  auto roster = *seen.members.roster;
  roster.leader.name = "a-dm-master-2";
  seen.members.roster = members::Known<members::Roster>::Of(roster);
  EXPECT_EQ(upgrade()["newVersionLed"], true);
  w.want.status["upgrade"]["newVersionLed"] = true;   // once and for all, until the roll is over
  roster.leader.name = "a-dm-master-0";
  seen.members.roster = members::Known<members::Roster>::Of(roster);
  EXPECT_EQ(upgrade()["newVersionLed"], true);
}

}  // namespace
}  // namespace dm::op

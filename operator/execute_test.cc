#include "operator/execute.h"

#include <gtest/gtest.h>

#include "operator/lifecycle/testing/world.h"
#include "operator/testing/small_cluster.h"

namespace dm::op {
namespace {

using base::Code;
using testing::Json;
using testing::SmallCluster;

struct Bench {
  kube::testing::FakeApi api;
  kube::Client client{api};
  testing::FakeMembers members;
  base::Duration lease = std::chrono::seconds(30);
  Executor executor{client, members.Dialer(), [this] { return lease; }};
  DMCluster want;
  lifecycle::Observed seen;
  lifecycle::Plan plan;
  std::vector<std::string> order;

  Bench() {
    want.meta.name = "a";
    want.meta.ns = "ns";
    plan.bootstrap.cluster_id = members.cluster_id;
    members::Roster roster;
    for (int i = 0; i < 3; ++i) {
      const std::string name = "a-dm-master-" + std::to_string(i);
      members.masters[name] = std::to_string(100 + i);
      roster.masters.push_back({name, std::to_string(100 + i), true, "", ""});
      auto& pod = seen.master.pods[i];
      pod.meta.name = name;
      pod.meta.uid = "uid" + std::to_string(i);
      pod.pod_ip = "10.0.0.1";
    }
    roster.leader.name = members.leader = "a-dm-master-0";
    seen.members.roster = members::Known<members::Roster>::Of(roster);
  }
  Outcome Run(lifecycle::Action action) {
    plan.actions = {std::move(action)};
    return executor.Run({want, seen, plan, {}, [this]() -> base::Result<void> { order.push_back("announce " + std::to_string(members.calls.size())); return {}; },
                         [this](const lifecycle::Emit& e) { order.push_back(e.reason); }}, {});
  }
};

TEST(Execute, StopsAtTheFirstError) {
  Bench b;
  b.plan.actions.emplace_back(lifecycle::Annotate{"PersistentVolumeClaim", "missing", "u", {}});
  b.plan.actions.emplace_back(lifecycle::Emit{false, "Never", ""});
  const auto outcome = b.executor.Run({b.want, b.seen, b.plan, {}, {}, [&](const lifecycle::Emit& e) { b.order.push_back(e.reason); }}, {});
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, Code::kNotFound);
  EXPECT_TRUE(b.order.empty());
}

// A quota that refuses a larger claim does not keep DM from being changed.
TEST(Execute, WhatNothingDependsOnHoldsUpNothing) {
  const Json monitor = {{"apiVersion", "v1"}, {"kind", "Nonsense"}, {"metadata", {{"name", "m"}, {"labels", {{"app.kubernetes.io/component", "dm-monitor"}}}}}};
  for (const lifecycle::Action& action : std::vector<lifecycle::Action>{
           lifecycle::ResizeClaim{"missing", "u", *kube::api::Quantity::Parse("1Gi")}, lifecycle::OwnClaim{"missing", "u", "1", true},
           lifecycle::Apply{monitor}}) {
    Bench b;
    b.plan.actions = {action, lifecycle::Emit{false, "GoesOn", ""}};
    const auto outcome = b.executor.Run({b.want, b.seen, b.plan, {}, {}, [&](const lifecycle::Emit& e) { b.order.push_back(e.reason); }}, {});
    EXPECT_FALSE(outcome.result) << "it is told, and tried again";
    EXPECT_EQ(b.order, std::vector<std::string>{"GoesOn"});
  }
}

// A port of a Service that is taken does not keep a lost master from being replaced; without its first Service no member finds another.
TEST(Execute, AChangeOfAServiceHoldsUpNothingItsCreationDoes) {
  const Json service = {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"name", "a-dm-master"}, {"namespace", "ns"}}}};
  for (const bool there : {true, false}) {
    Bench b;
    b.api.Inject([](const net::Request& request) -> std::optional<base::Result<net::Response>> {
      if (request.method != "PATCH") return std::nullopt;
      return base::Result<net::Response>(kube::testing::FakeApi::StatusAnswer(422, "Invalid", "provided port is already allocated"));
    });
    if (there) b.seen.children["Service/a-dm-master"] = {{}, service};
    b.plan.actions = {lifecycle::Apply{service}, lifecycle::Emit{false, "GoesOn", ""}};
    const auto outcome = b.executor.Run({b.want, b.seen, b.plan, {}, {}, [&](const lifecycle::Emit& e) { b.order.push_back(e.reason); }}, {});
    EXPECT_FALSE(outcome.result);
    EXPECT_EQ(b.order.size(), there ? 1u : 0u);
  }
}

// Nor does a template that is refused, as by a policy of the cluster; but a number of pods that could not be changed does.
TEST(Execute, ARefusedTemplateHoldsUpNothing) {
  const auto set = [](int replicas) {
    return Json{{"apiVersion", "apps/v1"}, {"kind", "StatefulSet"}, {"metadata", {{"name", "a-dm-master"}, {"namespace", "ns"}}}, {"spec", {{"replicas", replicas}}}};
  };
  struct Case {
    int live, wanted, status;
    const char* reason;
    bool goes_on;
  };
  for (const Case& c : {Case{3, 3, 422, "Invalid", true}, {3, 3, 403, "Forbidden", true}, {3, 4, 422, "Invalid", false}, {3, 3, 503, "ServiceUnavailable", false},
                        {-1, 3, 422, "Invalid", false}}) {
    Bench b;
    b.api.Inject([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
      if (request.method != "PATCH") return std::nullopt;
      return base::Result<net::Response>(kube::testing::FakeApi::StatusAnswer(c.status, c.reason, "no"));
    });
    if (c.live >= 0) b.seen.children["StatefulSet/a-dm-master"] = {{}, set(c.live)};
    b.plan.actions = {lifecycle::Apply{set(c.wanted)}, lifecycle::Emit{false, "GoesOn", ""}};
    const auto outcome = b.executor.Run({b.want, b.seen, b.plan, {}, {}, [&](const lifecycle::Emit& e) { b.order.push_back(e.reason); }}, {});
    EXPECT_FALSE(outcome.result) << "it is told, and tried again";
    EXPECT_EQ(b.order.size(), c.goes_on ? 1u : 0u) << c.live << " " << c.wanted << " " << c.status;
  }
}

TEST(Execute, AVolumeIsGivenItsReclaimPolicyWhileItIsTheClaims) {
  const std::string pv = "/api/v1/persistentvolumes/pv1", pvc = "/api/v1/namespaces/ns/persistentvolumeclaims/c";
  const lifecycle::KeepVolume keep{"c", "u", "pv1", "Retain"};
  const auto with = [&](const char* owner, const char* policy) {
    auto b = std::make_unique<Bench>();
    b->api.Put(pv, {{"metadata", {{"name", "pv1"}}}, {"spec", {{"claimRef", {{"uid", owner}}}, {"persistentVolumeReclaimPolicy", policy}}}});
    b->api.Put(pvc, {{"metadata", {{"name", "c"}, {"namespace", "ns"}, {"uid", "u"}}}});
    return b;
  };
  const auto b = with("u", "Delete");
  EXPECT_TRUE(b->Run(keep).result);
  EXPECT_EQ(b->api.At(pv)["spec"]["persistentVolumeReclaimPolicy"], "Retain");
  EXPECT_EQ(b->api.At(pvc)["metadata"]["annotations"][std::string(annotations::kReclaimPolicy)], "Retain");
  const auto same = with("u", "Retain");
  EXPECT_TRUE(same->Run(keep).result);
  EXPECT_EQ(same->api.writes(), 1) << "the note alone";
  const auto others = with("another", "Delete");
  EXPECT_FALSE(others->Run(keep).result);
  EXPECT_EQ(others->api.writes(), 0);
}

// What carries none of our labels is not watched, and would be taken over by an apply.
TEST(Execute, AnObjectOfSomebodyElsesUnderOurNameIsLeftAlone) {
  const std::string path = "/apis/policy/v1/namespaces/ns/poddisruptionbudgets/a-dm-master";
  const Json budget = {{"apiVersion", "policy/v1"}, {"kind", "PodDisruptionBudget"}, {"metadata", {{"name", "a-dm-master"}, {"namespace", "ns"}}}};
  const struct {
    Json extra;
    bool taken;
  } rows[] = {{Json::object(), true},
              {{{"ownerReferences", Json::array({{{"uid", "mine"}, {"controller", true}, {"kind", "DMCluster"}, {"name", "a"}}})}}, false},
              {{{"annotations", {{std::string(annotations::kAppliedHash), "x"}}}}, false},
              {{{"annotations", {{std::string(annotations::kAppliedHash), "x"}}},
                {"ownerReferences", Json::array({{{"uid", "theirs"}, {"controller", true}, {"kind", "Other"}, {"name", "o"}}})}}, true}};
  for (const auto& row : rows) {
    Bench b;
    b.want.meta.uid = "mine";
    Json theirs = budget;
    theirs["metadata"].update(row.extra);
    theirs["spec"] = {{"minAvailable", 1}};
    b.api.Put(path, theirs);
    const auto outcome = b.Run(lifecycle::Apply{budget});
    EXPECT_EQ(!outcome.result, row.taken) << row.extra;
    EXPECT_EQ(b.api.writes(), row.taken ? 0 : 1);
    if (!outcome.result) {
      EXPECT_EQ(outcome.result.error().reason, "NameTaken");
    }
  }
}

TEST(Execute, DeletesOnlyTheObjectThatWasMeant) {
  Bench b;
  const std::string path = "/api/v1/namespaces/ns/pods/a-dm-master-0";
  b.api.Put(path, {{"metadata", {{"name", "a-dm-master-0"}, {"uid", "new"}}}});
  EXPECT_TRUE(b.Run(lifecycle::DeleteObject{"Pod", "a-dm-master-0", "old", ""}).result);   // the one that was meant is gone
  EXPECT_FALSE(b.api.At(path).is_null());
  EXPECT_TRUE(b.Run(lifecycle::DeleteObject{"Pod", "a-dm-master-0", "new", ""}).result);
  EXPECT_TRUE(b.api.At(path).is_null());
  EXPECT_TRUE(b.Run(lifecycle::DeleteObject{"Pod", "a-dm-master-0", "new", ""}).result);
}

TEST(Execute, AnnotatesTheClaimThatWasMeant) {
  Bench b;
  const std::string path = "/api/v1/namespaces/ns/persistentvolumeclaims/c";
  b.api.Put(path, {{"metadata", {{"name", "c"}, {"uid", "u"}, {"annotations", {{"old", "1"}}}}}});
  const auto outcome = b.Run(lifecycle::Annotate{"PersistentVolumeClaim", "c", "u", {{"new", "2"}, {"old", std::nullopt}}});
  ASSERT_TRUE(outcome.result);
  EXPECT_EQ(b.api.At(path)["metadata"]["annotations"], (Json{{"new", "2"}}));
  ASSERT_EQ(outcome.written.size(), 1u);
  EXPECT_FALSE(outcome.written[0].resource_version.empty());
  EXPECT_EQ(b.Run(lifecycle::Annotate{"PersistentVolumeClaim", "c", "other", {{"x", "y"}}}).result.error().code, Code::kConflict);
}

TEST(Execute, AnEvictionIsAnnouncedBeforeItIsDone) {
  Bench b;
  const auto outcome = b.Run(lifecycle::EvictLeader{"a-dm-master-0"});
  ASSERT_TRUE(outcome.result) << outcome.result.error().ToString();
  EXPECT_TRUE(outcome.members_changed);
  EXPECT_EQ(b.order, std::vector<std::string>{"announce 0"});
  EXPECT_EQ(b.members.calls, std::vector<std::string>{"PUT a-dm-master-0 /apis/v1alpha1/leader/1"});
}

TEST(Execute, MembersAreChangedOnlyBehindTheFences) {
  struct Case {
    const char* what;
    std::function<void(Bench&)> harm;
    Code code;
  };
  const Case cases[] = {
      {"too little lease", [](Bench& b) { b.lease = std::chrono::seconds(8); }, Code::kUnavailable},
      {"another cluster answers", [](Bench& b) { b.members.cluster_id = "99"; }, Code::kConflict},
      {"another member of that name", [](Bench& b) { b.members.masters["a-dm-master-2"] = "777"; }, Code::kConflict},
      {"it has come to lead", [](Bench& b) { b.members.leader = "a-dm-master-2"; }, Code::kConflict},
      {"another master has died", [](Bench& b) { b.members.down.insert("a-dm-master-1"); }, Code::kConflict},
      {"who should do it is silent", [](Bench& b) { b.members.down.insert("a-dm-master-0"); }, Code::kUnavailable},
  };
  for (const Case& c : cases) {
    Bench b;
    c.harm(b);
    const auto outcome = b.Run(lifecycle::DeleteMember{Role::kMaster, "a-dm-master-2", "102"});
    ASSERT_FALSE(outcome.result) << c.what;
    EXPECT_EQ(outcome.result.error().code, c.code) << c.what << ": " << outcome.result.error().ToString();
    EXPECT_TRUE(b.members.calls.empty()) << c.what;
  }
  Bench b;
  EXPECT_TRUE(b.Run(lifecycle::DeleteMember{Role::kMaster, "a-dm-master-2", "102"}).result);
  EXPECT_EQ(b.members.calls, std::vector<std::string>{"DELETE a-dm-master-0 /apis/v1alpha1/members/master/a-dm-master-2"});
  EXPECT_TRUE(b.Run(lifecycle::DeleteMember{Role::kMaster, "a-dm-master-2", "102"}).result);   // gone already
  EXPECT_EQ(b.members.calls.size(), 1u);
}

// Four workers, a source on the last.
struct WorkerBench : Bench {
  WorkerBench() {
    for (int i = 0; i < 4; ++i) members.workers["a-dm-worker-" + std::to_string(i)] = "free";
    members.sources["s"] = "a-dm-worker-3";
  }
  Outcome Transfer() { return Run(lifecycle::TransferSource{"s", "a-dm-worker-3", "a-dm-worker-0"}); }
};

TEST(Execute, ASourceMovesBehindItsFencesAndIsAnnouncedFirst) {
  WorkerBench b;
  const auto outcome = b.Transfer();
  ASSERT_TRUE(outcome.result) << outcome.result.error().ToString();
  EXPECT_TRUE(outcome.members_changed);
  EXPECT_EQ(b.order, std::vector<std::string>{"announce 0"});
  EXPECT_EQ(b.members.calls, std::vector<std::string>{R"(POST a-dm-master-0 /api/v1/sources/s/transfer {"worker_name":"a-dm-worker-0"})"});
  EXPECT_GT(b.members.asked_for, std::chrono::seconds(10)) << "DM takes 10 s for it";
  EXPECT_LE(b.members.asked_for + Executor::kMemberCall + Executor::kListCall, lifecycle::kTransferDeadline);
  ASSERT_TRUE(b.Transfer().result) << "it has moved already";
  EXPECT_EQ(b.members.calls.size(), 1u);
  EXPECT_EQ(b.order.size(), 1u);
}

TEST(Execute, ASourceIsNotMovedWhenThingsHaveChanged) {
  struct Case {
    const char* what;
    std::function<void(WorkerBench&)> harm;
    Code code;
  };
  const Case cases[] = {
      {"too little lease", [](WorkerBench& b) { b.lease = std::chrono::seconds(19); }, Code::kUnavailable},
      {"another cluster answers", [](WorkerBench& b) { b.members.cluster_id = "99"; }, Code::kConflict},
      {"it is bound elsewhere", [](WorkerBench& b) { b.members.sources["s"] = "a-dm-worker-1"; }, Code::kConflict},
      {"it is gone", [](WorkerBench& b) { b.members.sources.clear(); }, Code::kConflict},
      {"the heir has got another", [](WorkerBench& b) { b.members.sources["s0"] = "a-dm-worker-0"; }, Code::kConflict},
      {"the heir is offline", [](WorkerBench& b) { b.members.workers["a-dm-worker-0"] = "offline"; }, Code::kConflict},
      {"the heir is not known", [](WorkerBench& b) { b.members.workers.erase("a-dm-worker-0"); }, Code::kConflict},
      {"the leader is silent", [](WorkerBench& b) { b.members.down.insert("a-dm-master-0"); }, Code::kUnavailable},
  };
  for (const Case& c : cases) {
    WorkerBench b;
    c.harm(b);
    const auto outcome = b.Transfer();
    ASSERT_FALSE(outcome.result) << c.what;
    EXPECT_EQ(outcome.result.error().code, c.code) << c.what << ": " << outcome.result.error().ToString();
    EXPECT_TRUE(b.members.calls.empty()) << c.what;
    EXPECT_TRUE(b.order.empty()) << c.what;
  }
}

TEST(Execute, ATaskIsStartedOnItsSourceOnly) {
  WorkerBench b;
  ASSERT_TRUE(b.Run(lifecycle::ResumeTask{"t 1", "s"}).result);
  EXPECT_EQ(b.members.calls, std::vector<std::string>{R"(POST a-dm-master-0 /api/v1/tasks/t%201/start {"source_name_list":["s"]})"});
}

}  // namespace
}  // namespace dm::op

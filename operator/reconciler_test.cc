#include "operator/reconciler.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/yaml.h"
#include "operator/testing/small_cluster.h"

namespace dm::op {
namespace {

using testing::Json;
using testing::SmallCluster;

TEST(Reconciler, ACompliantClusterBecomesReadyAndIsThenLeftAlone) {
  SmallCluster c;
  c.Create();
  c.Settle();
  EXPECT_EQ(c.last_error, "");
  EXPECT_EQ(c.Condition("Ready"), "True/Ready") << c.Status();
  EXPECT_EQ(c.Condition("Available"), "True/Available");
  EXPECT_EQ(c.Condition("Progressing"), "False/Settled");
  EXPECT_EQ(c.Condition("Degraded"), "False/Healthy");
  EXPECT_EQ(c.Condition("DataAtRisk"), "False/DataSafe");
  EXPECT_EQ(c.Condition("NodesQualified"), "True/Qualified");
  EXPECT_EQ(c.Condition("RequirementsMet").substr(0, 4), "True") << c.Status()["conditions"];
  EXPECT_EQ(c.Condition("Adopted"), "");
  EXPECT_EQ(c.Status()["observedGeneration"], 1);
  EXPECT_EQ(c.Status()["bootstrap"]["clusterID"], "7710992709643874832");
  EXPECT_EQ(c.Status()["master"]["leader"]["name"], "orders-dm-master-0");
  EXPECT_EQ(c.Status()["master"]["members"]["orders-dm-master-2"]["health"], true);
  EXPECT_EQ(c.Status()["worker"]["members"]["orders-dm-worker-1"]["stage"], "free");
  EXPECT_EQ(c.Status()["worker"]["readyReplicas"], 2);
  EXPECT_EQ(c.Status()["environment"], "production");
  EXPECT_NE(base::GetStringOr(c.Status(), "selector").find("app.kubernetes.io/component=dm-worker"), std::string::npos);

  const int writes = c.api.writes();
  c.Settle(20);
  EXPECT_EQ(c.api.writes(), writes);
}

TEST(Reconciler, AStartOfOursIsNoNewsToASettledCluster) {
  SmallCluster c;
  c.Create();
  c.Settle();
  const auto start = [&c](members::Poller& poller) {   // another process: it knows what the API server knows
    return Reconciler({c.client, c.stores, [&c] { return app::Surroundings{c.view, c.policy}; }, [&c] { return c.policy_error; }, poller, c.executor,
                       c.credentials, c.certificates, c.findings,
                       [](const kube::ObjectReference&, bool, const std::string&, const std::string&) {}, c.clock}, {});
  };
  const auto pass = [&c](Reconciler& reconciler) {
    c.Sync();
    ASSERT_TRUE(reconciler.Reconcile(SmallCluster::kKey, {}));
    c.Sync();
  };
  const int writes = c.api.writes();
  members::Poller first(c.members.Dialer(), c.clock, 1, [](const std::string&) {});
  Reconciler one = start(first);
  pass(one);
  EXPECT_EQ(first.RunDue(), 1) << "it asks at once";
  pass(one);
  EXPECT_EQ(c.api.writes(), writes);

  // What the first reading says is written, and so is a new generation before it.
  for (const char* name : {"orders-dm-master-0", "orders-dm-master-1", "orders-dm-master-2"}) c.members.down.insert(name);
  members::Poller second(c.members.Dialer(), c.clock, 1, [](const std::string&) {});
  Reconciler two = start(second);
  pass(two);
  EXPECT_EQ(c.api.writes(), writes);
  c.Edit([](Json& object) { object["spec"]["worker"]["replicas"] = 3; });
  pass(two);
  EXPECT_EQ(c.Status()["observedGeneration"], 2);
  EXPECT_EQ(c.Status()["master"]["members"]["orders-dm-master-2"]["health"], false);
  EXPECT_GE(second.RunDue(), 1);
  pass(two);
  EXPECT_EQ(c.Condition("Degraded").substr(0, 4), "True") << c.Status()["conditions"];
}

TEST(Reconciler, OnePassDoesNotRepeatWhatTheCacheHasNotShownYet) {
  SmallCluster c;
  c.Create();
  c.Sync();
  ASSERT_TRUE(c.reconciler.Reconcile(SmallCluster::kKey, {}));
  const int writes = c.api.writes();
  for (int i = 0; i < 3; ++i) {
    const auto again = c.reconciler.Reconcile(SmallCluster::kKey, {});   // stores as they were
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->after && *again->after < std::chrono::seconds(1));
  }
  EXPECT_EQ(c.api.writes(), writes);
}

TEST(Reconciler, WhatIsDeletedOrChangedByHandComesBack) {
  SmallCluster c;
  c.Create();
  c.Settle();
  const std::string services = "/api/v1/namespaces/shop/services/";
  c.api.Remove(services + "orders-dm-worker-peer");
  Json set = c.At("statefulsets", "orders-dm-worker");
  set["spec"]["template"]["spec"]["containers"][0]["image"] = "somebody/else:1";
  set["spec"]["replicas"] = 7;
  c.api.Put("/apis/apps/v1/namespaces/shop/statefulsets/orders-dm-worker", set);
  c.clock.Advance(std::chrono::seconds(30));
  c.poller.RunDue();
  ASSERT_TRUE(c.Once());
  EXPECT_FALSE(c.At("services", "orders-dm-worker-peer").is_null());
  EXPECT_EQ(c.At("statefulsets", "orders-dm-worker")["spec"]["replicas"], 7 - 1);   // extra workers go one by one
  EXPECT_EQ(c.At("statefulsets", "orders-dm-worker")["spec"]["template"]["spec"]["containers"][0]["image"], "pingcap/dm:v8.5.0");
}

TEST(Reconciler, MastersAreRemovedThroughDmAndTheEvictionIsAnnouncedFirst) {
  SmallCluster c;
  c.Create();
  c.Settle();
  c.members.leader = "orders-dm-master-2";
  c.Edit([](Json& o) { o["spec"]["master"]["replicas"] = 2; });
  bool announced = false;
  c.api.Inject([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.body.find("EvictLeader") != std::string::npos && c.members.calls.empty()) announced = true;
    return std::nullopt;
  });
  c.Settle();
  EXPECT_TRUE(announced);
  ASSERT_GE(c.members.calls.size(), 2u);
  EXPECT_EQ(c.members.calls[0], "PUT orders-dm-master-2 /apis/v1alpha1/leader/1");
  EXPECT_EQ(c.members.calls.back().substr(0, 6), "DELETE");
  EXPECT_EQ(c.members.masters.size(), 2u);
  EXPECT_EQ(c.At("statefulsets", "orders-dm-master")["spec"]["replicas"], 2);
  EXPECT_NE(c.At("persistentvolumeclaims", "dm-master-orders-dm-master-2")["metadata"]["annotations"]["dm.pingcap.com/removed-at"], nullptr);
  EXPECT_TRUE(c.At("configmaps", "orders-dm-bootstrap")["data"].contains("removed-orders-dm-master-2"));
  EXPECT_FALSE(c.Status().contains("intents"));
}

TEST(Reconciler, AWorkerThatGoesHandsItsSourceOnFirst) {
  SmallCluster c;
  c.Create();
  c.Edit([](Json& o) { o["spec"]["worker"]["replicas"] = 4; });
  c.Settle();
  c.members.sources["s"] = "orders-dm-worker-3";
  c.clock.Advance(std::chrono::seconds(40));
  c.Settle(5);
  EXPECT_EQ(c.Status()["sources"][0]["worker"], "orders-dm-worker-3");
  bool announced = false, shrunk = false;
  c.api.Inject([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    const bool before = c.members.calls.empty();
    if (before && request.body.find("TransferSource") != std::string::npos && request.body.find("t-s") != std::string::npos) announced = true;
    if (before && request.method == "PATCH" && request.target.find("statefulsets/orders-dm-worker") != std::string::npos) shrunk = true;
    return std::nullopt;
  });
  c.Edit([](Json& o) { o["spec"]["worker"]["replicas"] = 2; });
  c.Settle();
  EXPECT_TRUE(announced);
  EXPECT_FALSE(shrunk) << "before the source had moved";
  ASSERT_FALSE(c.members.calls.empty());
  EXPECT_EQ(c.members.calls[0], R"(POST orders-dm-master-0 /api/v1/sources/s/transfer {"worker_name":"orders-dm-worker-0"})");
  EXPECT_EQ(c.At("statefulsets", "orders-dm-worker")["spec"]["replicas"], 2);
  EXPECT_EQ(c.Status()["sources"][0]["worker"], "orders-dm-worker-0");
  EXPECT_FALSE(c.Status().contains("intents"));
  EXPECT_EQ(std::count(c.events.begin(), c.events.end(), "SourceMoved"), 1);
  EXPECT_EQ(c.Condition("Progressing"), "False/Settled");
}

TEST(Reconciler, DmIsNotChangedWithoutEnoughLeaseNorByAnotherCluster) {
  SmallCluster c;
  c.Create();
  c.Settle();
  c.Edit([](Json& o) { o["spec"]["master"]["replicas"] = 2; });
  c.lease_left = std::chrono::seconds(4);
  c.Settle(5);
  EXPECT_TRUE(c.members.calls.empty());
  c.lease_left = std::chrono::seconds(30);
  c.members.cluster_id = "99";
  c.Settle(5);
  EXPECT_TRUE(c.members.calls.empty());
  EXPECT_EQ(c.Condition("Degraded"), "True/ForeignMembers");
}

TEST(Reconciler, MembersThatFallSilentLoseTheirHealthAndNothingElse) {
  SmallCluster c;
  c.Create();
  c.Settle();
  for (const auto& [name, id] : c.members.masters) c.members.down.insert(name);
  c.clock.Advance(std::chrono::seconds(40));
  const std::string set = c.At("statefulsets", "orders-dm-master").dump();
  c.Settle(10);
  EXPECT_EQ(c.Condition("Ready"), "False/MembersNotReady");
  EXPECT_EQ(c.Condition("Available"), "Unknown/MembersUnknown");
  EXPECT_EQ(c.Condition("Degraded"), "True/MembersUnknown");
  EXPECT_EQ(c.Status()["master"]["members"].size(), 3u);
  EXPECT_EQ(c.Status()["master"]["members"]["orders-dm-master-0"]["health"], false);
  EXPECT_FALSE(c.Status()["master"].contains("leader"));
  EXPECT_EQ(c.At("statefulsets", "orders-dm-master").dump(), set);
  const int writes = c.api.writes();
  c.Settle(5);
  EXPECT_EQ(c.api.writes(), writes);   // silence is no reason to write again and again
}

TEST(Reconciler, AnInvalidSpecIsSaidAndNothingIsMade) {
  SmallCluster c;
  Json object = app::testing::ClusterJson();
  object["spec"]["master"]["storageSize"] = "abc";
  c.Create(object);
  c.Settle(3);
  EXPECT_EQ(c.Condition("Ready"), "False/InvalidSpec");
  EXPECT_TRUE(c.At("statefulsets", "orders-dm-master").is_null());
}

TEST(Reconciler, WhatTheApiServerRefusesIsSaid) {
  SmallCluster c;
  c.Create();
  c.api.Inject([](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.method == "PATCH" && request.target.find("statefulsets") != std::string::npos) {
      return base::Result<net::Response>(kube::testing::FakeApi::StatusAnswer(403, "Forbidden", "exceeded quota"));
    }
    return std::nullopt;
  });
  c.Settle(3);
  EXPECT_EQ(c.Condition("Ready"), "False/ActionFailed");
  EXPECT_NE(c.last_error.find("exceeded quota"), std::string::npos) << c.last_error;
}

// A port that is taken, a policy of the cluster's: what is in the way goes away without an event of ours.
TEST(Reconciler, WhatIsRefusedAsInvalidIsTriedAgain) {
  SmallCluster c;
  c.Create();
  c.api.Inject([](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.method != "PATCH" || request.target.find("services") == std::string::npos) return std::nullopt;
    return base::Result<net::Response>(kube::testing::FakeApi::StatusAnswer(422, "Invalid", "provided port is already allocated"));
  });
  const auto result = c.Once();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().code, base::Code::kInvalid) << "the controller would wait for the object to change";
  EXPECT_NE(result.error().ToString().find("already allocated"), std::string::npos) << result.error().ToString();
}

TEST(Reconciler, ANamespaceThatGoesIsNoFailureAndNotAskedAgainAndAgain) {
  SmallCluster c;
  c.Create();
  c.api.Inject([](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.method != "PATCH" || request.target.find("/dmclusters/") != std::string::npos) return std::nullopt;
    auto answer = kube::testing::FakeApi::StatusAnswer(403, "Forbidden", "forbidden: namespace db is being terminated");
    Json status = Json::parse(answer.body);
    status["details"]["causes"] = {{{"reason", "NamespaceTerminating"}, {"message", "namespace db is being terminated"}}};
    answer.body = status.dump();
    return base::Result<net::Response>(answer);
  });
  c.Settle(3);
  EXPECT_EQ(c.Condition("Ready"), "False/NamespaceTerminating");
  EXPECT_EQ(c.last_error, "");
  EXPECT_GT(c.last_requeue, std::chrono::minutes(1));   // its deletion comes as an event
}

TEST(Reconciler, RequirementsAreToldWhenTheyChangeNotEachTime) {
  SmallCluster c;
  c.Create();
  c.Settle();
  EXPECT_TRUE(std::find(c.events.begin(), c.events.end(), "RequirementsNotMet") == c.events.end());
  c.Edit([](Json& o) { o["spec"]["worker"]["requests"]["cpu"] = "2"; });
  c.Settle(10);
  EXPECT_EQ(c.Condition("RequirementsMet"), "False/WorkerCPU");
  EXPECT_EQ(std::count(c.events.begin(), c.events.end(), "RequirementsNotMet"), 1);
  EXPECT_EQ((c.findings.Total()[{"WorkerCPU", "deny"}]), 1);
  EXPECT_NE(c.metrics.Text().find("dm_operator_requirement_findings{rule=\"WorkerCPU\",severity=\"deny\"} 1"), std::string::npos);
  EXPECT_EQ(c.Condition("Ready").substr(0, 4), "True");   // it is told, not stopped
  c.api.Remove(SmallCluster::kPath);
  ASSERT_TRUE(c.Once());
  EXPECT_TRUE(c.findings.Total().empty());
}

TEST(Reconciler, APolicyThatIsRefusedIsACondition) {
  SmallCluster c;
  c.Create();
  c.Settle();
  EXPECT_EQ(c.Condition("PolicyCurrent"), "");
  const Json before = c.Status();
  c.policy_error = "policy.yaml: line 2: rules.MasterCpu: there is no rule of that name";
  c.Settle(10);
  EXPECT_EQ(c.Condition("PolicyCurrent"), "False/PolicyRefused");
  EXPECT_NE(c.Status()["conditions"].dump().find("line 2: rules.MasterCpu"), std::string::npos) << c.Status()["conditions"];
  EXPECT_EQ(c.Condition("Ready"), "True/Ready") << "the last good one judges on";
  EXPECT_EQ(std::count(c.events.begin(), c.events.end(), "PolicyRefused"), 1);
  const int writes = c.api.writes();
  c.Settle(10);
  EXPECT_EQ(c.api.writes(), writes) << "said once";
  c.policy_error.clear();
  c.Settle(3);
  EXPECT_EQ(c.Status(), before) << "as if nothing had been";
  EXPECT_EQ(c.api.writes(), writes + 1);
  EXPECT_EQ(std::count(c.events.begin(), c.events.end(), "PolicyRefused"), 1);
}

TEST(Reconciler, TlsMembersAreAskedWithTheClientSecretOrNotAtAll) {
  SmallCluster c;
  Json object = app::testing::ClusterJson();
  object["spec"]["tlsCluster"]["enabled"] = true;
  c.Create(object);
  c.Settle(5);
  EXPECT_NE(c.Status()["conditions"].dump().find("Secret orders-dm-client-secret"), std::string::npos);
  c.api.Put("/api/v1/namespaces/shop/secrets/orders-dm-client-secret",
            {{"kind", "Secret"}, {"metadata", {{"name", "orders-dm-client-secret"}}}, {"data", {{"ca.crt", "YQ=="}, {"tls.crt", "Yg=="}, {"tls.key", "Yw=="}}}});
  c.Settle(40);
  EXPECT_EQ(c.Condition("Ready"), "True/Ready");
  for (const auto& line : c.api.log()) EXPECT_TRUE(line.find("secrets") == std::string::npos || line == "GET /api/v1/namespaces/shop/secrets/orders-dm-client-secret") << line;
}

// --- what TiDB Operator 1.6.6 left behind, as recorded

std::vector<Json> Documents(const std::string& path) {
  std::vector<Json> out;
  const auto text = base::ReadFile(path);
  if (!text) return out;
  const auto documents = base::ParseYaml(*text);
  for (const auto& document : *documents) out.push_back(document.value);
  return out;
}

TEST(Version1, EveryRecordedClusterGetsOneStatusPatchAndNothingElse) {
  for (const char* name : {"basic", "custom", "ha-3m3w", "master-only", "rolling-config", "suspended", "tls"}) {
    SmallCluster c;
    const std::string dir = DM_SOURCE_DIR "/tests/testdata/v1/" + std::string(name) + "/";
    const auto clusters = Documents(dir + "dmcluster.yaml");
    ASSERT_EQ(clusters.size(), 1u) << name;
    Json cluster = clusters[0];
    cluster["metadata"]["uid"] = "uid-v1";
    const std::string cluster_name = base::GetStringOr(cluster["metadata"], "name");
    const std::string ns = base::GetStringOr(cluster["metadata"], "namespace");
    const std::string path = "/apis/pingcap.com/v1alpha1/namespaces/" + ns + "/dmclusters/" + cluster_name;
    c.api.Put(path, cluster);
    for (const auto& [file, plural] : {std::pair{"services.yaml", "/api/v1/namespaces/" + ns + "/services/"}, {"statefulsets.yaml", "/apis/apps/v1/namespaces/" + ns + "/statefulsets/"}}) {
      for (Json object : Documents(dir + file)) {
        for (auto& owner : object["metadata"]["ownerReferences"]) owner["uid"] = "uid-v1";
        c.api.Put(plural + base::GetStringOr(object["metadata"], "name"), object);
      }
    }
    for (int i = 0; i < 5; ++i) {
      c.Sync();
      const auto result = c.reconciler.Reconcile(ns + "/" + cluster_name, {});
      ASSERT_TRUE(result) << name << ": " << result.error().ToString();
      c.poller.RunDue();
      c.clock.Advance(std::chrono::seconds(10));
    }
    std::vector<std::string> writes;
    for (const auto& line : c.api.log()) {
      if (line.substr(0, 3) != "GET") writes.push_back(line);
    }
    EXPECT_EQ(writes, std::vector<std::string>{"PATCH " + path + "/status"}) << name;
    const Json status = c.api.At(path)["status"];
    const auto conditions = kube::api::ParseConditions(base::Find(status, "conditions"));
    const auto* adopted = kube::api::FindCondition(conditions, "Adopted");
    ASSERT_NE(adopted, nullptr) << name;
    EXPECT_EQ(adopted->reason, "ManagedByTiDBOperator1");
    EXPECT_NE(kube::api::FindCondition(conditions, "Ready"), nullptr) << name << ": v1's own condition stays";
    EXPECT_EQ(status["master"], cluster["status"]["master"]) << name;
    EXPECT_EQ(c.poller.Stats().reads, 0u) << "its members are not asked either";
  }
}

}  // namespace
}  // namespace dm::op

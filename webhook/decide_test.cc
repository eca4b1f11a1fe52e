#include "webhook/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/fake_api.h"
#include "base/log.h"
#include "webhook/testing/reviews.h"
#include "webhook/testing/surroundings.h"

namespace dm::webhook {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using app::testing::ClusterJson;
using app::testing::FakeApi;
using testing::ReviewJson;
using testing::ScaleReviewJson;

constexpr const char* kCluster = "/apis/pingcap.com/v1alpha1/namespaces/shop/dmclusters/orders";

struct DecideTest : ::testing::Test {
  FakeApi api;
  kube::Client client{api, kLookupDeadline};
  LiveLookup lookup{client};
  app::Surroundings around = testing::ClusterWith(5);
  std::string cold;
  base::Duration silence{0};

  DecideTest() { base::SetLogSink([](std::string_view) {}); }
  ~DecideTest() override { base::SetLogSink({}); }

  Decision Decide(const base::Json& json) {
    const auto parsed = ParseReview(base::DumpJson(json), "application/json");
    if (const auto* bad = std::get_if<BadReview>(&parsed)) {
      ADD_FAILURE() << bad->message;
      return {};
    }
    Decider decider({[this] { return around; }, [this] { return cold; }, [this] { return silence; }}, lookup);
    return decider.Decide(std::get<Review>(parsed));
  }
  Decision Create(const base::Json& object) { return Decide(ReviewJson("CREATE", object)); }
  Decision Update(const base::Json& before, const base::Json& now) { return Decide(ReviewJson("UPDATE", now, before)); }
  void FailWith(int status, const std::string& reason, const std::string& path) {
    api.SetHook([=](const net::Request& request) -> std::optional<base::Result<net::Response>> {
      if (net::PathOf(request.target) != path) return std::nullopt;
      return base::Result<net::Response>(FakeApi::Status(status, reason, reason));
    });
  }
  static base::Json With(const char* pointer, base::Json value) {
    base::Json object = ClusterJson();
    object[base::Json::json_pointer(pointer)] = std::move(value);
    return object;
  }
  static std::string Why(const Decision& decision) { return decision.reply.message + decision.not_now; }
};

TEST_F(DecideTest, AGoodClusterPassesWithoutAskingTheServer) {
  const Decision decision = Create(ClusterJson());
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  EXPECT_EQ(decision.reply.uid, testing::kUid);
  EXPECT_EQ(decision.reply.audit.at("environment"), "production");
  EXPECT_THAT(api.Requests(), IsEmpty());
}

TEST_F(DecideTest, AllFindingsComeAtOnce) {
  base::Json object = With("/spec/worker/requests/cpu", "8");
  object["spec"]["master"]["replicas"] = 1;
  object["spec"]["worker"]["storageSize"] = "100Gi";
  const Decision decision = Create(object);
  EXPECT_FALSE(decision.reply.allowed);
  EXPECT_EQ(decision.reply.code, 422);
  std::vector<std::string> fields;
  for (const Cause& cause : decision.reply.causes) fields.push_back(cause.field);
  EXPECT_THAT(fields, Contains("spec.worker.requests.cpu"));
  EXPECT_THAT(fields, Contains("spec.master.replicas"));
  EXPECT_THAT(fields, Contains("spec.worker.storageSize"));
}

TEST_F(DecideTest, DecodeProblemsDenyWithTheirPath) {
  const Decision decision = Create(With("/spec/worker/storageSize", "200 gigabytes"));
  ASSERT_FALSE(decision.reply.allowed);
  ASSERT_FALSE(decision.reply.causes.empty());
  EXPECT_EQ(decision.reply.causes[0].field, "spec.worker.storageSize");
  EXPECT_THAT(decision.reply.audit.at("denied"), HasSubstr("Decode"));
  for (const Cause& cause : decision.reply.causes) EXPECT_THAT(cause.message, ::testing::Not(HasSubstr("(WorkerDisk)")));
}

TEST_F(DecideTest, NobodyIsLockedOut) {
  const base::Json bad = With("/spec/worker/requests/cpu", "1");
  base::Json labelled = bad;
  labelled["metadata"]["labels"]["team"] = "db";
  base::Json going = bad;
  going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  base::Json going_edited = going;
  going_edited["spec"]["worker"]["requests"]["cpu"] = "500m";
  base::Json unreadable = With("/spec/worker/storageSize", "200 gigabytes");
  base::Json unreadable_labelled = unreadable;
  unreadable_labelled["metadata"]["finalizers"] = base::Json::array();
  cold = "nodes have not been listed yet";   // none of these needs a cache
  EXPECT_TRUE(Update(bad, labelled).reply.allowed);
  EXPECT_EQ(Update(bad, labelled).reply.audit.at("skipped"), "spec unchanged");
  EXPECT_TRUE(Update(bad, going).reply.allowed);
  EXPECT_TRUE(Update(going, going_edited).reply.allowed);
  EXPECT_EQ(Update(going, going_edited).reply.audit.at("skipped"), "being deleted");
  EXPECT_TRUE(Update(unreadable, unreadable_labelled).reply.allowed);
  EXPECT_TRUE(Decide(ReviewJson("DELETE", nullptr, bad)).reply.allowed);
  EXPECT_THAT(api.Requests(), IsEmpty());
}

TEST_F(DecideTest, TheRatchet) {
  const base::Json bad = With("/spec/worker/requests/cpu", "8");
  base::Json worse = bad, better = bad, unrelated = bad;
  worse["spec"]["worker"]["requests"]["cpu"] = "4";
  better["spec"]["worker"]["requests"]["cpu"] = "12";
  unrelated["spec"]["timezone"] = "Asia/Tokyo";
  EXPECT_FALSE(Update(bad, worse).reply.allowed);
  const Decision milder = Update(bad, better);
  EXPECT_TRUE(milder.reply.allowed) << Why(milder);
  EXPECT_THAT(milder.reply.warnings, Contains(HasSubstr("WorkerCPU")));
  EXPECT_TRUE(Update(bad, unrelated).reply.allowed);
}

TEST_F(DecideTest, AStoredDecodeProblemDoesNotBlockAnotherEdit) {
  const base::Json before = With("/spec/worker/storageSize", "200 gigabytes");
  base::Json now = before;
  now["spec"]["timezone"] = "Asia/Tokyo";
  const Decision decision = Update(before, now);
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  EXPECT_THAT(decision.reply.warnings, Contains(HasSubstr("spec.worker.storageSize")));
}

TEST_F(DecideTest, ColdCachesAskToComeBack) {
  cold = "nodes have not been listed yet";
  EXPECT_EQ(Create(ClusterJson()).not_now, cold);
  cold.clear();
  around.policy = nullptr;
  EXPECT_THAT(Create(ClusterJson()).not_now, HasSubstr("policy"));
}

TEST_F(DecideTest, UnknownKindsAreToldWhatIsWrong) {
  base::Json json = ReviewJson("CREATE", ClusterJson());
  json["request"]["resource"] = {{"group", "apps"}, {"version", "v1"}, {"resource", "deployments"}};
  const Decision decision = Decide(json);
  EXPECT_FALSE(decision.reply.allowed);
  EXPECT_EQ(decision.reply.code, 400);
  EXPECT_THAT(decision.reply.message, HasSubstr("apps/v1 deployments"));
  EXPECT_THAT(decision.reply.message, HasSubstr("ValidatingWebhookConfiguration"));
  json["request"]["operation"] = "DELETE";
  EXPECT_TRUE(Decide(json).reply.allowed);
}

TEST_F(DecideTest, StatusIsNotOurs) {
  base::Json json = ReviewJson("UPDATE", With("/spec/worker/requests/cpu", "1"), ClusterJson());
  json["request"]["subResource"] = "status";
  EXPECT_TRUE(Decide(json).reply.allowed);
}

TEST_F(DecideTest, ADryRunIsJudgedTheSame) {
  base::Json json = ReviewJson("CREATE", With("/spec/worker/requests/cpu", "8"));
  const std::string wet = ToJson(Decide(json).reply);
  json["request"]["dryRun"] = true;
  EXPECT_EQ(ToJson(Decide(json).reply), wet);
}

// --- what would be refused for our cache's lag is looked up ---

TEST_F(DecideTest, AClassThatHasJustComeIsFound) {
  const base::Json object = With("/spec/worker/storageClassName", "brand-new");
  EXPECT_FALSE(Create(object).reply.allowed);
  EXPECT_THAT(api.Requests(), ElementsAre("GET /apis/storage.k8s.io/v1/storageclasses"));
  api.Put("/apis/storage.k8s.io/v1/storageclasses/brand-new", app::testing::StorageClassJson("brand-new"));
  api.Put("/apis/storage.k8s.io/v1/storageclasses/fast", app::testing::StorageClassJson("fast"));
  const Decision decision = Create(object);
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
}

TEST_F(DecideTest, ANamespaceThatHasJustComeDecidesTheEnvironment) {
  around = testing::ClusterWith(5, "namespaces:\n- selector: {matchLabels: {tier: dev}}\n  environment: development\n");
  base::Json object = ClusterJson("orders", "fresh");
  object["spec"]["worker"]["requests"] = {{"cpu", "8"}, {"memory", "16Gi"}};
  EXPECT_FALSE(Create(object).reply.allowed) << "no such namespace: the default environment";
  api.Put("/api/v1/namespaces/fresh", app::testing::NamespaceJson("fresh", {{"tier", "dev"}}));
  const Decision decision = Create(object);
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  EXPECT_EQ(decision.reply.audit.at("environment"), "development");
}

TEST_F(DecideTest, ALabelThatHasJustComeCounts) {
  around = testing::ClusterWith(5, "namespaces:\n- selector: {matchLabels: {tier: dev}}\n  environment: development\n");
  base::Json object = ClusterJson();
  object["spec"].erase("environment");
  EXPECT_TRUE(Create(object).reply.allowed);
  EXPECT_THAT(api.Requests(), IsEmpty()) << "nothing is looked up for what passes";
  object["spec"]["worker"]["requests"] = {{"cpu", "8"}, {"memory", "16Gi"}};
  api.Put("/api/v1/namespaces/shop", app::testing::NamespaceJson("shop"));
  EXPECT_FALSE(Create(object).reply.allowed);
  EXPECT_THAT(api.Requests(), ElementsAre("GET /api/v1/namespaces/shop"));
  api.Put("/api/v1/namespaces/shop", app::testing::NamespaceJson("shop", {{"tier", "dev"}}));
  const Decision decision = Create(object);
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  FailWith(503, "ServiceUnavailable", "/api/v1/namespaces/shop");
  EXPECT_THAT(Create(object).not_now, HasSubstr("namespace shop"));
}

TEST_F(DecideTest, AClassThatHasJustBecomeBetterCounts) {
  around.view = [&] {
    auto copy = std::make_shared<requirements::ClusterView>(*around.view);
    auto slow = *kube::api::ParseStorageClass(app::testing::StorageClassJson("fast", "hdd"));
    copy->classes["fast"] = std::make_shared<const kube::api::StorageClass>(std::move(slow));
    return copy;
  }();
  api.Put("/apis/storage.k8s.io/v1/storageclasses/fast", app::testing::StorageClassJson("fast"));
  const Decision decision = Create(ClusterJson());
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  EXPECT_THAT(api.Requests(), ElementsAre("GET /apis/storage.k8s.io/v1/storageclasses"));
}

TEST_F(DecideTest, NodesAreLookedUpOnlyWhenTheWatchIsSilent) {
  around.view = [&] {
    auto copy = std::make_shared<requirements::ClusterView>(*around.view);
    copy->nodes.clear();
    auto bad = *app::ParseTrimmedNode(app::testing::NodeJson("old", "Ubuntu 14.04 LTS", "3.13.0-24-generic"));
    copy->nodes.push_back(requirements::Judge(std::make_shared<const kube::api::Node>(std::move(bad)), *around.policy));
    return copy;
  }();
  for (int i = 0; i < 5; ++i) {
    const std::string name = "new-" + std::to_string(i);
    api.Put("/api/v1/nodes/" + name, app::testing::NodeJson(name));
  }
  EXPECT_FALSE(Create(ClusterJson()).reply.allowed);
  EXPECT_THAT(api.Requests(), IsEmpty()) << "a watch that speaks is believed";
  silence = std::chrono::minutes(3);
  const Decision decision = Create(ClusterJson());
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  EXPECT_THAT(api.Requests(), ElementsAre("GET /api/v1/nodes"));
}

TEST_F(DecideTest, WithoutAnAnswerThereIsNoGuess) {
  const base::Json object = With("/spec/worker/storageClassName", "brand-new");
  FailWith(503, "ServiceUnavailable", "/apis/storage.k8s.io/v1/storageclasses");
  EXPECT_THAT(Create(object).not_now, HasSubstr("storage classes"));
  FailWith(503, "ServiceUnavailable", "/api/v1/namespaces/fresh");
  EXPECT_THAT(Create(ClusterJson("orders", "fresh")).not_now, HasSubstr("namespace fresh"));
}

TEST_F(DecideTest, WithoutPermissionTheCacheDecides) {
  FailWith(403, "Forbidden", "/apis/storage.k8s.io/v1/storageclasses");
  const Decision decision = Create(With("/spec/worker/storageClassName", "brand-new"));
  EXPECT_EQ(decision.not_now, "");
  EXPECT_FALSE(decision.reply.allowed);
}

// --- scale ---

TEST_F(DecideTest, ScaleIsJudgedLikeTheEditThatItStandsFor) {
  base::Json stored = ClusterJson();
  stored["spec"]["worker"]["replicas"] = 3;
  api.Put(kCluster, stored);
  EXPECT_TRUE(Decide(ScaleReviewJson("shop", "orders", 3, 2)).reply.allowed);
  const Decision refused = Decide(ScaleReviewJson("shop", "orders", 3, 1));
  ASSERT_FALSE(refused.reply.allowed);
  EXPECT_EQ(refused.reply.causes[0].field, "spec.worker.replicas");
  EXPECT_EQ(refused.reply.details->kind, "DMCluster");
  EXPECT_EQ(refused.reply.details->name, "orders");
  EXPECT_FALSE(Decide(ScaleReviewJson("shop", "orders", 3, 0)).reply.allowed) << "an absent number stands for zero";
}

TEST_F(DecideTest, ScaleNeedsTheObject) {
  EXPECT_EQ(Decide(ScaleReviewJson("shop", "orders", 3, 2)).reply.code, 404);
  FailWith(500, "InternalError", kCluster);
  EXPECT_THAT(Decide(ScaleReviewJson("shop", "orders", 3, 2)).not_now, HasSubstr("InternalError"));
  FailWith(403, "Forbidden", kCluster);
  EXPECT_EQ(Decide(ScaleReviewJson("shop", "orders", 3, 2)).reply.code, 500);
}

// --- claims ---

TEST_F(DecideTest, AShrinkIsHeldAgainstTheClaimsThatExist) {
  const base::Json before = ClusterJson();
  base::Json now = before;
  now["spec"]["worker"]["storageSize"] = "300Gi";
  EXPECT_TRUE(Update(before, now).reply.allowed) << "a request that was never provisioned may be taken back";
  base::Json labels = SelectorLabels("orders", Role::kWorker);
  api.Put("/api/v1/namespaces/shop/persistentvolumeclaims/dm-worker-orders-dm-worker-0",
          {{"metadata", {{"name", "dm-worker-orders-dm-worker-0"}, {"namespace", "shop"}, {"labels", labels}}},
           {"spec", {{"storageClassName", "fast"}}},
           {"status", {{"capacity", {{"storage", "500Gi"}}}}}});
  const Decision refused = Update(before, now);
  ASSERT_FALSE(refused.reply.allowed);
  EXPECT_EQ(refused.reply.causes[0].field, "spec.worker.storageSize");
  EXPECT_THAT(refused.reply.causes[0].message, HasSubstr("500Gi"));
}

// A status may be lost (a restore); the claims tell that the members have formed.
TEST_F(DecideTest, ATlsSwitchIsHeldAgainstTheClaimsThatExist) {
  base::Json now = ClusterJson();
  now["spec"]["tlsCluster"] = {{"enabled", true}};
  EXPECT_TRUE(Update(ClusterJson(), now).reply.allowed) << "nothing runs yet";
  base::Json labels = SelectorLabels("orders", Role::kMaster);
  api.Put("/api/v1/namespaces/shop/persistentvolumeclaims/dm-master-orders-dm-master-0",
          {{"metadata", {{"name", "dm-master-orders-dm-master-0"}, {"namespace", "shop"}, {"labels", labels}}},
           {"spec", {{"storageClassName", "fast"}}},
           {"status", {{"capacity", {{"storage", "500Gi"}}}}}});
  const Decision refused = Update(ClusterJson(), now);
  ASSERT_FALSE(refused.reply.allowed);
  EXPECT_EQ(refused.reply.causes[0].field, "spec.tlsCluster.enabled");
}

TEST_F(DecideTest, ADataDirectoryIsHeldAgainstTheClaimsThatExist) {
  base::Json now = ClusterJson();
  now["spec"]["master"]["dataSubDir"] = "data";
  EXPECT_TRUE(Update(ClusterJson(), now).reply.allowed) << "nothing runs yet";
  api.Put("/api/v1/namespaces/shop/persistentvolumeclaims/dm-master-orders-dm-master-0",
          {{"metadata", {{"name", "dm-master-orders-dm-master-0"}, {"namespace", "shop"}, {"labels", SelectorLabels("orders", Role::kMaster)}}}});
  const Decision refused = Update(ClusterJson(), now);
  ASSERT_FALSE(refused.reply.allowed);
  EXPECT_EQ(refused.reply.causes[0].field, "spec.master.dataSubDir");
}

TEST_F(DecideTest, ClaimsAreNotAskedForWhenStorageStays) {
  base::Json now = ClusterJson();
  now["spec"]["timezone"] = "Asia/Tokyo";
  EXPECT_TRUE(Update(ClusterJson(), now).reply.allowed);
  EXPECT_THAT(api.Requests(), IsEmpty());
}

TEST_F(DecideTest, SourcesThatRunCountAsUpstreams) {
  base::Json before = ClusterJson();
  before["spec"]["worker"]["replicas"] = 4;
  before["status"] = {{"sources", {{{"name", "a"}}, {{"name", "b"}}, {{"name", "c"}}}}};
  base::Json now = before;
  now["spec"]["worker"]["replicas"] = 3;
  EXPECT_FALSE(Update(before, now).reply.allowed) << "three sources run: a spare is needed";
}

TEST_F(DecideTest, WhatRunsCountsWhereThePolicyMeasuresWhatIsFree) {
  const auto with = [&](std::int64_t cpu) {
    auto view = std::make_shared<requirements::ClusterView>(*around.view);
    requirements::Usage usage;
    for (const auto& node : view->nodes) {
      usage[node->node->meta.name] = std::make_shared<const requirements::NodeUsage>(
          requirements::NodeUsage{{kube::api::Quantity::FromUnits(cpu), {}, 1}, {}});
    }
    view->PutUsage(usage);
    around.view = view;
  };
  around = testing::ClusterWith(5, "capacity: {measure: free, onShortage: deny}");
  Decision decision = Create(ClusterJson());                          // pods have not been listed yet
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  EXPECT_THAT(decision.reply.warnings, Contains(HasSubstr("1 rule was not checked: NodeCapacity (the policy measures what is free, and ")));
  with(0);
  decision = Create(ClusterJson());
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  EXPECT_THAT(decision.reply.warnings, ::testing::Not(Contains(HasSubstr("not checked"))));
  with(50);
  decision = Create(ClusterJson());
  EXPECT_FALSE(decision.reply.allowed);
  EXPECT_THAT(Why(decision), HasSubstr("(nearest: node-0 with 14 CPU and 256Gi free) (NodeCapacity)"));
  // When nodes have to be asked for because their watch is silent, what is known of pods is as old.
  for (int i = 0; i < 5; ++i) {
    const std::string name = "node-" + std::to_string(i);
    api.Put("/api/v1/nodes/" + name, app::testing::NodeJson(name));
  }
  silence = std::chrono::minutes(10);
  decision = Create(ClusterJson());
  EXPECT_TRUE(decision.reply.allowed) << Why(decision);
  EXPECT_THAT(decision.reply.warnings, Contains(HasSubstr("have fallen silent")));
}

}  // namespace
}  // namespace dm::webhook

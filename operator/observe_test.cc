#include "operator/observe.h"

#include <gtest/gtest.h>

#include <tuple>

#include "operator/expectations.h"
#include "operator/testing/small_cluster.h"

namespace dm::op {
namespace {

using testing::Json;

base::TextPacker packer;

// As it comes from a watch; `keep`: ParseKept, KeepPod or KeepClaim.
template <class Keep>
std::shared_ptr<const Kept> Item(Keep keep, const char* kind, const std::string& name, const std::string& instance) {
  Json object = {{"kind", kind}, {"metadata", {{"name", name}, {"namespace", "ns"}, {"uid", "u"}, {"labels", {{"mine", "too"}}}}}};
  if (!instance.empty()) object["metadata"]["labels"]["app.kubernetes.io/instance"] = instance;
  return std::make_shared<const Kept>(*keep(object, packer));
}
std::shared_ptr<const Kept> Service(const std::string& name, const std::string& instance) { return Item(ParseKept, "Service", name, instance); }
std::shared_ptr<const Kept> Pod(const std::string& name, const std::string& instance) { return Item(KeepPod, "Pod", name, instance); }
std::shared_ptr<const Kept> Claim(const std::string& name, const std::string& instance) {
  return Item(KeepClaim, "PersistentVolumeClaim", name, instance);
}

struct Bench {
  base::VirtualClock clock;
  base::SeededRandom random{1};
  kube::testing::FakeApi api;
  Stores stores{api, clock, random, [](const std::string&, bool) {}};
  DMCluster want;
  Bench() {
    want.meta.name = "a";
    want.meta.ns = "ns";
    want.has_worker = true;
  }
};

TEST(Observe, TakesWhatCarriesTheLabelAndTheName) {
  Bench b;
  // A cluster called "a-dm-b" has children whose names begin like those of "a".
  b.stores.services.Replace({Service("a-dm-master", "a"), Service("a-dm-b-dm-master", "a-dm-b"), Service("a-dm-nolabel", "")}, "1");
  b.stores.pods.Replace({Pod("a-dm-master-0", "a"), Pod("a-dm-worker-10", "a"), Pod("a-dm-monitor-0", "a"),
                         Pod("a-dm-b-dm-master-0", "a-dm-b"), Pod("a-dm-master-x", "a")}, "1");
  b.stores.claims.Replace({Claim("dm-master-a-dm-master-2", "a"), Claim("dm-worker-a-dm-worker-0", "a"),
                           Claim("dm-master-a-dm-master-2-copy", "a")}, "1");
  const auto seen = Observe(b.stores, b.want, nullptr, {});
  ASSERT_EQ(seen.children.size(), 1u);
  ASSERT_NE(seen.Find("Service", "a-dm-master"), nullptr);
  EXPECT_EQ(seen.Find("Service", "a-dm-master")->meta.labels.at("mine"), "too");
  EXPECT_EQ(seen.master.pods.size(), 1u);
  EXPECT_TRUE(seen.worker.pods.contains(10));
  EXPECT_EQ(seen.master.claims.size(), 1u);
  EXPECT_TRUE(seen.master.claims.contains(2));
  EXPECT_TRUE(seen.worker.claims.contains(0));
  EXPECT_FALSE(seen.members.roster.known());
}

TEST(TargetOf, AsksTheReadyOnesFirstByIpUnderTheirNames) {
  Bench b;
  std::map<int, kube::api::Pod> pods;
  for (int i = 0; i < 4; ++i) {
    pods[i].meta.name = "a-dm-master-" + std::to_string(i);
    pods[i].meta.uid = "u" + std::to_string(i);
    pods[i].pod_ip = "10.0.0." + std::to_string(i);
    pods[i].ready = i == 2;
  }
  pods[1].pod_ip.clear();
  pods[3].meta.deletion_timestamp = "2026-11-24T20:00:00Z";
  const auto target = TargetOf(b.want, pods, {}, false);
  ASSERT_EQ(target.masters.size(), 2u);
  EXPECT_EQ(target.masters[0].pod, "a-dm-master-2");
  EXPECT_EQ(target.masters[0].host_name, "a-dm-master-2.a-dm-master-peer.ns.svc");
  EXPECT_EQ(target.masters[0].port, 8261);
  EXPECT_EQ(target.masters[0].incarnation, "u2/0");
  EXPECT_EQ(target.masters[1].pod, "a-dm-master-0");
}

TEST(Kept, LargeConfigMapsOfOthersAreKeptWithoutTheirData) {
  Json object = {{"kind", "ConfigMap"}, {"apiVersion", "v1"}, {"metadata", {{"name", "a"}, {"namespace", "ns"}, {"labels", {{"x", "y"}}}}},
                 {"data", {{"line", "join"}}}};
  const auto kept = [&] { return ObjectOf(*KeepConfigMap(object, packer)).value(); };
  EXPECT_EQ(kept(), object) << "small ones are as they are";
  object["data"]["large"] = std::string(100'000, 'x');
  EXPECT_EQ(kept(), (Json{{"kind", "ConfigMap"}, {"apiVersion", "v1"}, {"metadata", object["metadata"]}}));
  object["metadata"]["ownerReferences"] = {{{"kind", "Deployment"}, {"name", "a"}, {"uid", "u"}, {"controller", true}}};
  EXPECT_FALSE(kept().contains("data"));
  object["metadata"]["ownerReferences"][0]["kind"] = "DMCluster";
  EXPECT_EQ(kept(), object);
  EXPECT_FALSE(KeepConfigMap({{"kind", "ConfigMap"}}, packer));
}

TEST(Stores, AStatusThatComesBackIsNoNewsButAnAnnotationIs) {
  std::vector<std::string> told;
  base::VirtualClock clock;
  base::SeededRandom random(1);
  kube::testing::FakeApi api;
  Stores stores(api, clock, random, [&](const std::string& key, bool) { told.push_back(key); });
  Json object = app::testing::ClusterJson();
  object["metadata"]["generation"] = 1;
  int version = 7;
  const auto arrive = [&] {
    object["metadata"]["resourceVersion"] = std::to_string(++version);
    stores.clusters.Upsert(std::make_shared<const Kept>(*ParseKept(object, packer)), std::to_string(version));
  };
  arrive();
  EXPECT_EQ(told.size(), 1u);
  object["status"]["observedGeneration"] = 1;
  arrive();
  EXPECT_EQ(told.size(), 1u);
  object["metadata"]["annotations"]["dm.pingcap.com/data"] = "reuse";
  arrive();
  EXPECT_EQ(told.size(), 2u);
  object["metadata"]["labels"]["team"] = "orders";
  arrive();
  EXPECT_EQ(told.size(), 3u);
  object["metadata"]["generation"] = 2;
  arrive();
  EXPECT_EQ(told.size(), 4u);
  // Any change of a child counts: its status is what we wait for.
  stores.sets.Upsert(Item(ParseKept, "StatefulSet", "orders-dm-master", "orders"), "20");
  EXPECT_EQ(told.back(), "ns/orders");
}

// Relabelled by hand, a child is missed by the one whose it was.
TEST(Stores, AChildThatChangesItsInstanceIsNewsToBoth) {
  std::vector<std::string> told;
  base::VirtualClock clock;
  base::SeededRandom random(1);
  kube::testing::FakeApi api;
  Stores stores(api, clock, random, [&](const std::string& key, bool) { told.push_back(key); });
  int version = 7;
  const auto arrive = [&](const Json& labels) {
    told.clear();
    const Json set = {{"kind", "StatefulSet"}, {"metadata", {{"name", "a-dm-master"}, {"namespace", "ns"}, {"uid", "u"}, {"resourceVersion", std::to_string(++version)}, {"labels", labels}}}};
    stores.sets.Upsert(std::make_shared<const Kept>(*ParseKept(set, packer)), std::to_string(version));
    return told;
  };
  const Json ours = {{"app.kubernetes.io/instance", "a"}};
  EXPECT_EQ(arrive(ours), std::vector<std::string>{"ns/a"});
  EXPECT_EQ(arrive(Json::object()), std::vector<std::string>{"ns/a"});
  EXPECT_EQ(arrive(ours), std::vector<std::string>{"ns/a"});
  EXPECT_EQ(arrive({{"app.kubernetes.io/instance", "b"}}), (std::vector<std::string>{"ns/b", "ns/a"}));
}

TEST(Stores, KeepOfPodsAndClaimsWhatIsAskedOfThem) {
  const Json meta = {{"name", "dm-master-a-dm-master-0"},
                     {"namespace", "ns"},
                     {"uid", "u"},
                     {"creationTimestamp", "2026-11-24T18:00:05Z"},
                     {"labels", {{"app.kubernetes.io/instance", "a"}, {"app.kubernetes.io/component", "dm-master"}, {"controller-revision-hash", "r7"}}},
                     {"annotations", {{std::string(annotations::kMemberId), "17"}, {lifecycle::kSelectedNode, "n1"}, {std::string(lifecycle::kAuthorityMark), "m"},
                                      {"pv.kubernetes.io/bind-completed", "yes"}}},
                     {"ownerReferences", {{{"kind", "DMCluster"}, {"name", "a"}, {"uid", "c"}}}}};
  const auto kept_claim = KeepClaim({{"kind", "PersistentVolumeClaim"},
                                     {"metadata", meta},
                                     {"spec", {{"storageClassName", "ssd"}, {"volumeName", "pv-1"}, {"resources", {{"requests", {{"storage", "20Gi"}}}}}}},
                                     {"status", {{"phase", "Bound"},
                                                 {"capacity", {{"storage", "10Gi"}}},
                                                 {"conditions", {{{"type", "NodeResizeError"}, {"status", "True"}, {"message", "no room"}}}}}}},
                                    packer);
  ASSERT_TRUE(kept_claim);
  EXPECT_EQ(Stores::ClusterOf(kept_claim->meta), "ns/a");
  const auto claim = ClaimOf(*kept_claim);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->MemberId(), "17");
  EXPECT_EQ(claim->meta.Annotation(lifecycle::kSelectedNode), "n1");
  EXPECT_FALSE(claim->meta.annotations.contains("pv.kubernetes.io/bind-completed"));
  EXPECT_EQ(claim->meta.owners.size(), 1u);
  EXPECT_EQ(claim->meta.creation_timestamp, "2026-11-24T18:00:05Z");
  EXPECT_EQ(claim->phase, "Bound");
  EXPECT_EQ(claim->storage_class, "ssd");
  EXPECT_EQ(claim->request.ToString(), "20Gi");
  EXPECT_EQ(claim->capacity.ToString(), "10Gi");
  EXPECT_EQ(claim->resizing, "NodeResizeError: no room");

  const Json waiting = {{"reason", "CrashLoopBackOff"}, {"message", "back-off"}};
  const Json object = {{"kind", "Pod"},
                       {"metadata", meta},
                       {"spec", {{"nodeName", "n1"},
                                 {"containers", {{{"name", "dm-master"}, {"image", "dm:8.5"}, {"env", {{{"name", "TZ"}, {"value", "UTC"}}}}},
                                                 {{"name", "beside"}, {"image", "other:1"}}}},
                                 {"volumes", {{{"name", "token"}}}}}},
                       {"status", {{"phase", "Running"},
                                   {"podIP", "10.0.0.1"},
                                   {"reason", "Evicted"},
                                   {"conditions", {{{"type", "Ready"}, {"status", "True"}, {"lastTransitionTime", "2026-11-24T18:00:05Z"}},
                                                   {{"type", "PodScheduled"}, {"status", "False"}, {"message", "0/3 nodes"}}}},
                                   {"initContainerStatuses", {{{"restartCount", 1}}}},
                                   {"containerStatuses", {{{"name", "dm-master"}, {"restartCount", 2}, {"imageID", "sha256:1"}, {"state", {{"waiting", waiting}}}}}}}}};
  const auto kept_pod = KeepPod(object, packer);
  ASSERT_TRUE(kept_pod);
  EXPECT_EQ(Stores::ClusterOf(kept_pod->meta), "ns/a");
  const auto pod = PodOf(*kept_pod);
  const auto whole = kube::api::ParsePod(object);
  ASSERT_TRUE(pod && whole);
  EXPECT_EQ(pod->controller_revision, "r7");
  EXPECT_EQ(pod->meta.Annotation(std::string(lifecycle::kAuthorityMark)), "m");
  EXPECT_EQ(pod->meta.creation_timestamp, "2026-11-24T18:00:05Z");
  EXPECT_EQ(pod->meta.labels.size(), 2u);
  const auto read = [](const kube::api::Pod& one) {
    return std::tuple(one.phase, one.pod_ip, one.node_name, one.reason, one.ready, one.scheduled, one.restarts, one.waiting_reason,
                      one.waiting, one.waiting_message, one.unscheduled_message, one.image);
  };
  EXPECT_EQ(read(*pod), read(*whole));
  EXPECT_EQ(pod->restarts, 3);
  EXPECT_EQ(pod->waiting, std::vector<std::string>{"dm-master"});
  EXPECT_EQ(pod->image, "dm:8.5");
  EXPECT_LT(kept_pod->text.size(), base::DumpJson(object).size());
}

// What cannot be read is refused where it comes in, as it was; the reflector says so.
TEST(Stores, APodThatDoesNotParseIsNotKept) {
  EXPECT_FALSE(KeepPod({{"kind", "Pod"}, {"metadata", {{"namespace", "ns"}}}}, packer));
  EXPECT_FALSE(KeepPod({{"kind", "Pod"}, {"metadata", {{"name", "a"}}}, {"status", {{"podIP", 7}}}}, packer));
  EXPECT_FALSE(KeepClaim({{"kind", "PersistentVolumeClaim"}}, packer));
}

TEST(Expectations, HoldUntilSeenOrForSomeSeconds) {
  base::VirtualClock clock;
  Expectations expectations(clock);
  bool seen = false;
  EXPECT_TRUE(expectations.Met("k"));
  expectations.Add("k", [&] { return seen; });
  expectations.Add("k", [] { return true; });
  EXPECT_FALSE(expectations.Met("k"));
  EXPECT_TRUE(expectations.Met("other"));
  seen = true;
  EXPECT_TRUE(expectations.Met("k"));
  expectations.Add("k", [] { return false; });
  EXPECT_FALSE(expectations.Met("k"));
  clock.Advance(Expectations::kAtMost);
  EXPECT_TRUE(expectations.Met("k"));
}

TEST(Expectations, ResourceVersionsAreComparedAsNumbersWhereTheyAre) {
  EXPECT_TRUE(HasReached("10", "9"));
  EXPECT_TRUE(HasReached("9", "9"));
  EXPECT_FALSE(HasReached("9", "10"));
  EXPECT_FALSE(HasReached("abc", "10"));
  EXPECT_TRUE(HasReached("abc", "abc"));
}

}  // namespace
}  // namespace dm::op

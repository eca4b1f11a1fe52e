#include "operator/observe.h"

#include <gtest/gtest.h>

#include "operator/expectations.h"
#include "operator/testing/small_cluster.h"

namespace dm::op {
namespace {

using testing::Json;

template <class T>
std::shared_ptr<const T> Item(std::string name, std::string instance) {
  auto item = std::make_shared<T>();
  item->meta.name = std::move(name);
  item->meta.ns = "ns";
  item->meta.uid = "u";
  if (!instance.empty()) item->meta.labels["app.kubernetes.io/instance"] = std::move(instance);
  if constexpr (std::is_same_v<T, Kept>) {
    item->kind = "Service";
    item->text = base::PackedText(R"({"kind":"Service","metadata":{"name":")" + item->meta.name + R"(","labels":{"mine":"too"}}})");
  }
  return item;
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
  b.stores.services.Replace({Item<Kept>("a-dm-master", "a"), Item<Kept>("a-dm-b-dm-master", "a-dm-b"), Item<Kept>("a-dm-nolabel", "")}, "1");
  b.stores.pods.Replace({Item<kube::api::Pod>("a-dm-master-0", "a"), Item<kube::api::Pod>("a-dm-worker-10", "a"), Item<kube::api::Pod>("a-dm-monitor-0", "a"),
                         Item<kube::api::Pod>("a-dm-b-dm-master-0", "a-dm-b"), Item<kube::api::Pod>("a-dm-master-x", "a")}, "1");
  b.stores.claims.Replace({Item<lifecycle::Claim>("dm-master-a-dm-master-2", "a"), Item<lifecycle::Claim>("dm-worker-a-dm-worker-0", "a"),
                           Item<lifecycle::Claim>("dm-master-a-dm-master-2-copy", "a")}, "1");
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

TEST(Stores, AStatusThatComesBackIsNoNewsButAnAnnotationIs) {
  std::vector<std::string> told;
  base::VirtualClock clock;
  base::SeededRandom random(1);
  kube::testing::FakeApi api;
  Stores stores(api, clock, random, [&](const std::string& key, bool) { told.push_back(key); });
  base::TextPacker packer;
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
  stores.sets.Upsert(Item<Kept>("orders-dm-master", "orders"), "20");
  EXPECT_EQ(told.back(), "ns/orders");
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
  const auto claim = ParseTrimmedClaim({{"kind", "PersistentVolumeClaim"}, {"metadata", meta}, {"status", {{"phase", "Bound"}}}});
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->MemberId(), "17");
  EXPECT_EQ(claim->meta.Annotation(lifecycle::kSelectedNode), "n1");
  EXPECT_FALSE(claim->meta.annotations.contains("pv.kubernetes.io/bind-completed"));
  EXPECT_EQ(Stores::ClusterOf(claim->meta), "ns/a");
  EXPECT_EQ(claim->meta.owners.size(), 1u);
  EXPECT_EQ(claim->meta.creation_timestamp, "2026-11-24T18:00:05Z");
  const auto pod = ParseTrimmedPod({{"kind", "Pod"}, {"metadata", meta}, {"spec", {{"containers", Json::array()}}}, {"status", {{"podIP", "10.0.0.1"}}}});
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->controller_revision, "r7");
  EXPECT_EQ(pod->meta.Annotation(std::string(lifecycle::kAuthorityMark)), "m");
  EXPECT_EQ(pod->meta.creation_timestamp, "2026-11-24T18:00:05Z");
  EXPECT_EQ(Stores::ClusterOf(pod->meta), "ns/a");
  EXPECT_EQ(pod->meta.labels.size(), 1u);
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

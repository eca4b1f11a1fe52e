#include "tests/dmserver/fleet/fleet.h"

#include <gtest/gtest.h>

#include "kube/testing/fake_api.h"
#include "operator/members/parse.h"

namespace dm::standin {
namespace {

using kube::api::Pod;

class FleetTest : public ::testing::Test {
 protected:
  static MasterTimes Quick() {
    MasterTimes times;
    times.health = times.hang = std::chrono::milliseconds(10);
    return times;
  }

  Pod MakePod(const std::string& cluster, const std::string& role, int ordinal, const std::string& ip) {
    Pod pod;
    pod.meta.ns = "shop";
    pod.meta.name = cluster + "-dm-" + role + "-" + std::to_string(ordinal);
    pod.meta.uid = "u-" + std::to_string(++uids_);
    pod.meta.labels["app.kubernetes.io/instance"] = cluster;
    pod.pod_ip = ip;
    return pod;
  }
  void Lines(const std::string& cluster, std::map<std::string, std::string> lines) {
    kube::api::ObjectMeta map;
    map.ns = "shop";
    map.name = cluster + "-dm-bootstrap";
    map.labels["app.kubernetes.io/instance"] = cluster;
    fleet_.OnLines(map, std::move(lines));
  }
  // Bootstrap lines for `count` masters, as the operator writes them.
  void Bootstrap(const std::string& cluster, int count) {
    std::string list;
    for (int i = 0; i < count; ++i) {
      const std::string pod = cluster + "-dm-master-" + std::to_string(i);
      list += (list.empty() ? "" : ",") + pod + "=http://" + pod + "." + cluster + "-dm-master-peer:8291";
    }
    std::map<std::string, std::string> lines;
    for (int i = 0; i < count; ++i) lines[cluster + "-dm-master-" + std::to_string(i)] = "bootstrap " + list;
    Lines(cluster, std::move(lines));
  }
  net::Response Ask(const Pod& pod, const std::string& target, const std::string& method = "GET") {
    net::Request request;
    request.method = method;
    request.target = target;
    request.headers[Fleet::kAskedAt] = pod.pod_ip;
    request.headers["Host"] = pod.meta.name + "." + pod.meta.labels.at("app.kubernetes.io/instance") + "-dm-master-peer.shop.svc:8261";
    return fleet_.Answer(request);
  }
  // As the operator reads it.
  op::members::Roster Roster(const Pod& pod) {
    auto roster = op::members::ParseRoster(Ask(pod, "/apis/v1alpha1/members"));
    EXPECT_TRUE(roster) << roster.error().ToString();
    return roster ? *roster : op::members::Roster();
  }
  bool Healthy(const Pod& pod) {
    const auto health = op::members::ParseHealth(Ask(pod, "/health"));
    return health && *health;
  }
  std::int64_t Figure(const std::string& name) {
    net::Request request;
    request.target = "/fleet";
    return base::GetIntOr(*base::ParseJson(fleet_.Answer(request).body), name, -1);
  }

  int uids_ = 0;
  kube::testing::FakeApi api_;
  base::VirtualClock clock_;
  base::SeededRandom random_{1};
  Fleet fleet_{api_, clock_, random_, Quick()};
};

TEST_F(FleetTest, MastersFormAClusterWhenAMajorityRunsOnItsLines) {
  const auto m0 = MakePod("a", "master", 0, "10.0.0.1"), m1 = MakePod("a", "master", 1, "10.0.0.2"), m2 = MakePod("a", "master", 2, "10.0.0.3");
  fleet_.OnPod(nullptr, &m0);
  EXPECT_FALSE(Healthy(m0)) << "it has no line";
  Bootstrap("a", 3);
  EXPECT_FALSE(Healthy(m0)) << "one of three";
  EXPECT_FALSE(op::members::ParseRoster(Ask(m0, "/apis/v1alpha1/members")));
  fleet_.OnPod(nullptr, &m1);
  EXPECT_TRUE(Healthy(m0));
  EXPECT_TRUE(Healthy(m1));
  auto roster = Roster(m1);                     // not the leader: it asks that one
  EXPECT_EQ(roster.leader.name, "a-dm-master-0");
  ASSERT_EQ(roster.masters.size(), 3u);
  EXPECT_EQ(roster.masters[0].peer_url, "http://a-dm-master-0.a-dm-master-peer:8291");
  EXPECT_EQ(roster.masters[0].client_url, "http://a-dm-master-0.a-dm-master-peer:8261");
  EXPECT_EQ(roster.masters[0].id, std::to_string(MemberIdFor({roster.masters[0].peer_url}, std::nullopt)));
  EXPECT_TRUE(roster.masters[1].alive);
  EXPECT_FALSE(roster.masters[2].alive);
  Lines("a", {});                                // taken away once the cluster exists
  fleet_.OnPod(nullptr, &m2);
  EXPECT_FALSE(Healthy(m2)) << "it came too late for its line";
  Bootstrap("a", 3);
  EXPECT_TRUE(Healthy(m2));
  EXPECT_TRUE(Roster(m2).masters[2].alive);
}

TEST_F(FleetTest, WorkersRegisterAndGo) {
  const auto master = MakePod("a", "master", 0, "10.0.0.1"), worker = MakePod("a", "worker", 0, "10.0.0.2");
  fleet_.OnPod(nullptr, &worker);
  fleet_.OnPod(nullptr, &master);
  Bootstrap("a", 1);
  ASSERT_EQ(Roster(master).workers.size(), 1u);
  EXPECT_EQ(Roster(master).workers[0].stage, "free");
  EXPECT_EQ(Roster(master).workers[0].addr, "a-dm-worker-0.a-dm-worker-peer:8262");
  EXPECT_TRUE(op::members::ParseClusterId(Ask(master, "/api/v1/cluster/info")));
  EXPECT_TRUE(op::members::ParseSources(Ask(master, "/api/v1/sources?with_status=true")));
  fleet_.OnPod(&worker, nullptr);
  EXPECT_EQ(Roster(master).workers[0].stage, "offline");
  EXPECT_EQ(Ask(master, "/apis/v1alpha1/members/worker/a-dm-worker-0", "DELETE").status, 200);
  EXPECT_TRUE(Roster(master).workers.empty());
}

TEST_F(FleetTest, LeadersGiveWayAndPodsMove) {
  auto m0 = MakePod("a", "master", 0, "10.0.0.1");
  const auto m1 = MakePod("a", "master", 1, "10.0.0.2"), m2 = MakePod("a", "master", 2, "10.0.0.3");
  Bootstrap("a", 3);
  for (const Pod* pod : {static_cast<const Pod*>(&m0), &m1, &m2}) fleet_.OnPod(nullptr, pod);
  ASSERT_EQ(Ask(m0, "/apis/v1alpha1/leader/1", "PUT").status, 200);
  EXPECT_EQ(Roster(m0).leader.name, "a-dm-master-1");
  const auto moved = MakePod("a", "master", 0, "10.0.0.9");   // restarts on its data, at another address
  fleet_.OnPod(&m0, nullptr);
  EXPECT_EQ(Figure("masters"), 2);
  fleet_.OnPod(nullptr, &moved);
  EXPECT_TRUE(Healthy(moved));
  fleet_.OnPod(&m1, nullptr);
  EXPECT_EQ(Roster(moved).leader.name, "a-dm-master-0") << "a restart forgets that it was evicted";
  fleet_.OnPod(&m2, nullptr);
  EXPECT_FALSE(Healthy(moved)) << "one of three";
}

TEST_F(FleetTest, ClustersAreToldApartByTheAddress) {
  const auto a = MakePod("a", "master", 0, "10.0.0.1"), b = MakePod("b", "master", 0, "10.0.0.2");
  for (const auto* pod : {&a, &b}) {
    Bootstrap(pod == &a ? "a" : "b", 1);
    fleet_.OnPod(nullptr, pod);
  }
  EXPECT_EQ(Roster(a).leader.name, "a-dm-master-0");
  EXPECT_EQ(Roster(b).leader.name, "b-dm-master-0");
  EXPECT_EQ(Figure("strangers") + Figure("misnamed"), 0);
  auto wrong = a;
  wrong.pod_ip = b.pod_ip;                       // a's name at b's address
  EXPECT_EQ(Ask(wrong, "/health").status, 421);
  EXPECT_EQ(Figure("misnamed"), 1);
  wrong.pod_ip = "10.0.0.3";
  EXPECT_EQ(Ask(wrong, "/health").status, 502);
  EXPECT_EQ(Figure("strangers"), 1);
  EXPECT_EQ(Figure("clusters"), 2);
  EXPECT_EQ(Figure("masters"), 2);
}

}  // namespace
}  // namespace dm::standin

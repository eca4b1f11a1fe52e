#include "app/view_assembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/controller_metrics.h"
#include "app/testing/fake_api.h"
#include "app/testing/objects.h"
#include "base/log.h"

namespace dm::app {
namespace {

using ::testing::HasSubstr;
using testing::FakeApi;
using testing::NamespaceJson;
using testing::NodeJson;
using testing::PodJson;
using testing::StorageClassJson;

struct ViewAssemblyTest : ::testing::Test {
  FakeApi api;
  base::SystemClock clock;
  base::SystemRandom random;
  base::Guarded<std::vector<ViewChange>> changes;
  std::unique_ptr<ViewAssembly> assembly;

  ViewAssemblyTest() {
    base::SetLogSink([](std::string_view) {});
    api.Put("/api/v1/nodes/n1", NodeJson("n1"));
    api.Put("/api/v1/namespaces/shop", NamespaceJson("shop"));
    assembly = std::make_unique<ViewAssembly>(api, clock, random);
    assembly->OnChange([this](const ViewChange& change) {
      changes.Lock()->push_back(change);
      changes.NotifyAll();
    });
  }
  ~ViewAssemblyTest() override {
    assembly.reset();
    base::SetLogSink({});
  }
  template <class Predicate>
  bool Await(Predicate predicate) {
    auto locked = changes.Lock();
    for (int turn = 0; turn < 500; ++turn) {   // what the predicate asks may change without a new view
      if (changes.WaitFor(locked, {}, std::chrono::milliseconds(20), [&](const auto&) { return predicate(); })) return true;
    }
    return false;
  }
};

TEST_F(ViewAssemblyTest, BecomesReadyWhenAllIsListedAndThereIsAPolicy) {
  EXPECT_THAT(assembly->WhyNotReady(), HasSubstr("nodes have not been listed yet"));
  assembly->Start();
  // No storage class exists at all: an empty list is an answer.
  ASSERT_TRUE(Await([&] { return assembly->WhyNotReady() == "there is no good policy yet"; })) << assembly->WhyNotReady();
  EXPECT_FALSE(assembly->Ready());
  assembly->SetPolicy(std::make_shared<const requirements::Policy>());
  ASSERT_TRUE(Await([&] { return assembly->Ready(); }));
  EXPECT_EQ(assembly->Snapshot()->nodes.size(), 1u);
  EXPECT_TRUE(assembly->Snapshot()->classes_known);
  EXPECT_LT(assembly->Silence("nodes"), std::chrono::seconds(10));
}

TEST_F(ViewAssemblyTest, ChangesArriveAndHeartbeatsDoNot) {
  assembly->SetPolicy(std::make_shared<const requirements::Policy>());
  assembly->Start();
  ASSERT_TRUE(Await([&] { return assembly->Ready(); }));
  base::Json beat = NodeJson("n1");
  beat["status"]["conditions"][0]["lastHeartbeatTime"] = "2026-02-02T00:00:00Z";
  const auto before = assembly->Snapshot();
  api.Put("/api/v1/nodes/n1", beat);
  api.Put("/apis/storage.k8s.io/v1/storageclasses/fast", StorageClassJson("fast"));
  ASSERT_TRUE(Await([&] { return assembly->Snapshot()->classes.contains("fast"); }));
  EXPECT_EQ(assembly->Snapshot()->nodes[0], before->nodes[0]);
  api.Put("/api/v1/nodes/n2", NodeJson("n2"));
  ASSERT_TRUE(Await([&] { return assembly->Snapshot()->nodes.size() == 2; }));
  api.Remove("/api/v1/nodes/n1");
  ASSERT_TRUE(Await([&] { return assembly->Snapshot()->nodes.size() == 1; }));
  EXPECT_EQ(assembly->Snapshot()->nodes[0]->node->meta.name, "n2");
  EXPECT_EQ(before->nodes[0]->node->meta.name, "n1") << "an older snapshot stays as it was";
}

TEST_F(ViewAssemblyTest, APolicyAndTheViewItJudgedComeTogether) {
  assembly->SetPolicy(std::make_shared<const requirements::Policy>());
  assembly->Start();
  ASSERT_TRUE(Await([&] { return assembly->Ready(); }));
  const Surroundings old = assembly->Now();
  const auto next = std::make_shared<const requirements::Policy>();
  assembly->SetPolicy(next);
  ASSERT_TRUE(Await([&] { return assembly->Now().policy == next; }));
  EXPECT_NE(assembly->Now().view->nodes[0], old.view->nodes[0]);
  EXPECT_TRUE(changes.Copy().back().policy);
}

TEST_F(ViewAssemblyTest, AForbiddenListIsToldInTheReason) {
  api.SetHook([](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (net::PathOf(request.target) != "/api/v1/nodes") return std::nullopt;
    return base::Result<net::Response>(FakeApi::Status(403, "Forbidden", "nodes is forbidden: grant it"));
  });
  assembly->SetPolicy(std::make_shared<const requirements::Policy>());
  assembly->Start();
  ASSERT_TRUE(Await([&] { return assembly->Snapshot()->classes_known && assembly->Snapshot()->namespaces_known; }));
  EXPECT_TRUE(Await([&] { return assembly->WhyNotReady().find("grant it") != std::string::npos; })) << assembly->WhyNotReady();
  EXPECT_THAT(assembly->WhyNotReady(), HasSubstr("nodes have not been listed yet"));
}

TEST_F(ViewAssemblyTest, PodsAreHeldWhileThePolicyMeasuresWhatIsFree) {
  const auto asked = [&] {
    const auto requests = api.Requests();
    return std::count(requests.begin(), requests.end(), "GET /api/v1/pods");
  };
  const auto cpu = [&] {
    const auto view = assembly->Snapshot();
    return view->usage_known && view->usage[0] ? view->usage[0]->all.cpu.ToString() : "unknown";
  };
  const auto free = std::make_shared<const requirements::Policy>(*requirements::ParsePolicy("capacity: {measure: free}"));
  api.Put("/api/v1/namespaces/shop/pods/a", PodJson("a", "n1", "3"));
  Metrics metrics;
  AddViewMetrics(metrics, *assembly);
  assembly->SetPolicy(std::make_shared<const requirements::Policy>());
  assembly->Start();
  ASSERT_TRUE(Await([&] { return assembly->Ready(); }));
  EXPECT_EQ(asked(), 0) << "nobody asks what runs";
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_view_pods 0\n"));

  assembly->SetPolicy(free);
  ASSERT_TRUE(Await([&] { return assembly->Now().policy == free && cpu() == "3"; })) << cpu();
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_view_pods 1\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_view_pods_unknown 0\n"));
  api.Put("/api/v1/namespaces/shop/pods/b", PodJson("b", "n1", "4"));
  ASSERT_TRUE(Await([&] { return cpu() == "7"; })) << cpu();
  EXPECT_TRUE(changes.Copy().back().usage);
  EXPECT_FALSE(changes.Copy().back().AnyButUsage());

  assembly->SetPolicy(std::make_shared<const requirements::Policy>());
  ASSERT_TRUE(Await([&] { return !assembly->Snapshot()->usage_known; }));
  EXPECT_EQ(assembly->PodsHeld(), 0u);
  EXPECT_TRUE(assembly->Snapshot()->usage.empty());
  const auto before = asked();
  api.Put("/api/v1/namespaces/shop/pods/c", PodJson("c", "n1", "5"));
  api.Put("/api/v1/nodes/n2", NodeJson("n2"));
  ASSERT_TRUE(Await([&] { return assembly->Snapshot()->nodes.size() == 2; }));
  EXPECT_EQ(asked(), before);
}

TEST_F(ViewAssemblyTest, WithoutPodsAllElseIsJudged) {
  api.SetHook([](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (net::PathOf(request.target) != "/api/v1/pods") return std::nullopt;
    return base::Result<net::Response>(FakeApi::Status(403, "Forbidden", "pods is forbidden: grant it"));
  });
  assembly->SetPolicy(std::make_shared<const requirements::Policy>(*requirements::ParsePolicy("capacity: {measure: free}")));
  assembly->Start();
  ASSERT_TRUE(Await([&] { return assembly->Ready(); })) << assembly->WhyNotReady();
  EXPECT_FALSE(assembly->Snapshot()->usage_known);
  EXPECT_THAT(assembly->Snapshot()->usage_missing, HasSubstr("pods have not been listed yet"));
  EXPECT_EQ(assembly->Watches().size(), 3u) << "a watch of pods that fails must not make the program unready";
  Metrics metrics;
  AddViewMetrics(metrics, *assembly);
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_view_pods_unknown 1\n"));
}

TEST_F(ViewAssemblyTest, WatchesAreMeasured) {
  Metrics metrics;
  AddViewMetrics(metrics, *assembly);
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_watch_synced{resource=\"nodes\"} 0\n"));
  assembly->SetPolicy(std::make_shared<const requirements::Policy>());
  assembly->Start();
  ASSERT_TRUE(Await([&] { return assembly->Ready(); }));
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("dm_watch_synced{resource=\"nodes\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("dm_watch_lists_total{resource=\"storageclasses\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("dm_view_nodes 1\n"));
}

}  // namespace
}  // namespace dm::app

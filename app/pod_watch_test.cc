#include "app/pod_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "app/testing/fake_api.h"
#include "app/testing/objects.h"
#include "base/log.h"

namespace dm::app {
namespace {

using ::testing::HasSubstr;
using kube::api::Quantity;
using testing::FakeApi;
using testing::PodJson;

constexpr char kPods[] = "/api/v1/pods";

template <class Clock>
struct PodWatchTest : ::testing::Test {
  FakeApi api;
  Clock clock;
  base::SystemRandom random;
  base::Guarded<int> told{0};
  PodWatch watch{api, clock, random, [this](bool) {
                   ++*told.Lock();
                   told.NotifyAll();
                 }};

  PodWatchTest() { base::SetLogSink([](std::string_view) {}); }
  ~PodWatchTest() override {
    watch.Stop();
    base::SetLogSink({});
  }
  void PutPod(const std::string& name, const std::string& node, const std::string& cpu, const std::string& phase = "Running") {
    api.Put("/api/v1/namespaces/shop/pods/" + name, PodJson(name, node, cpu, phase));
  }
  template <class Predicate>
  bool Await(Predicate predicate) {
    auto locked = told.Lock();
    for (int turn = 0; turn < 500; ++turn) {
      if (told.WaitFor(locked, {}, std::chrono::milliseconds(20), [&](int) { return predicate(); })) return true;
    }
    return false;
  }
  Quantity Cpu(const std::string& node) const {
    const UsageNow now = watch.Now();
    const auto found = now.usage ? now.usage->find(node) : requirements::Usage::const_iterator{};
    return now.usage && found != now.usage->end() ? found->second->all.cpu : Quantity();
  }
  std::size_t Asked() const {
    const auto requests = api.Requests();
    return static_cast<std::size_t>(std::count(requests.begin(), requests.end(), std::string("GET ") + kPods));
  }
};

using PodsAreWatched = PodWatchTest<base::SystemClock>;

TEST_F(PodsAreWatched, OnlyWhileWanted) {
  PutPod("a", "n1", "2");
  watch.Start();
  EXPECT_EQ(watch.Now().missing, "pods are not watched");
  EXPECT_EQ(Asked(), 0u);
  watch.Want(true);
  watch.Want(true);                                    // the same word again changes nothing
  ASSERT_TRUE(Await([&] { return watch.Now().usage != nullptr && Asked() == 2; })) << "one list, one watch";
  EXPECT_EQ(Cpu("n1"), Quantity::FromUnits(2));
  EXPECT_EQ(watch.pods(), 1u);
  watch.Want(false);
  EXPECT_EQ(watch.pods(), 0u) << "what was held is free";
  EXPECT_EQ(watch.Now().usage, nullptr);
  PutPod("b", "n1", "2");
  EXPECT_EQ(Asked(), 2u);
  watch.Want(true);
  ASSERT_TRUE(Await([&] { return Cpu("n1") == Quantity::FromUnits(4); }));
}

TEST_F(PodsAreWatched, OnceStarted) {
  watch.Want(true);
  EXPECT_EQ(Asked(), 0u);
  watch.Start();
  ASSERT_TRUE(Await([&] { return watch.Now().usage != nullptr; })) << "no pod at all is an answer";
  watch.Stop();
  EXPECT_EQ(watch.Now().usage, nullptr);
}

TEST_F(PodsAreWatched, AndOnlyThoseThatCount) {
  base::Guarded<std::vector<std::string>> selectors;
  api.SetHook([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    for (const auto& [name, value] : net::QueryOf(request.target)) {
      if (name == "fieldSelector") selectors.Lock()->push_back(value);
    }
    return std::nullopt;
  });
  PutPod("done", "n1", "9", "Succeeded");              // this server does not select
  PutPod("waits", "", "9", "Pending");
  PutPod("a", "n1", "1");
  watch.Want(true);
  watch.Start();
  ASSERT_TRUE(Await([&] { return watch.Now().usage != nullptr && selectors.Copy().size() == 2; }));
  EXPECT_EQ(selectors.Copy(), std::vector<std::string>(2, "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"));
  EXPECT_EQ(Cpu("n1"), Quantity::FromUnits(1));
  EXPECT_EQ(watch.pods(), 1u);
  watch.Stop();
}

TEST_F(PodsAreWatched, AsTheyComeAndGo) {
  PutPod("a", "n1", "1");
  watch.Want(true);
  watch.Start();
  ASSERT_TRUE(Await([&] { return Cpu("n1") == Quantity::FromUnits(1); }));
  PutPod("b", "n1", "2");
  PutPod("c", "n2", "4");
  ASSERT_TRUE(Await([&] { return Cpu("n1") == Quantity::FromUnits(3) && Cpu("n2") == Quantity::FromUnits(4); }));
  PutPod("b", "n1", "2", "Failed");
  api.Remove("/api/v1/namespaces/shop/pods/c");
  ASSERT_TRUE(Await([&] { return Cpu("n1") == Quantity::FromUnits(1) && Cpu("n2").IsZero(); }));
}

TEST_F(PodsAreWatched, ANewListTakesTheOldOnesPlace) {
  PutPod("a", "n1", "1");
  PutPod("lost", "n1", "8");
  std::atomic<bool> expired{false};
  api.SetHook([&](const net::Request& request) -> std::optional<base::Result<net::Response>> {
    if (request.target.find("watch=true") == std::string::npos || expired.exchange(true)) return std::nullopt;
    api.Remove("/api/v1/namespaces/shop/pods/lost");   // between list and watch
    return base::Result<net::Response>(FakeApi::Status(410, "Expired", "too old resource version"));
  });
  watch.Want(true);
  watch.Start();
  ASSERT_TRUE(Await([&] { return expired && Cpu("n1") == Quantity::FromUnits(1); }));
  EXPECT_EQ(watch.pods(), 1u);
  watch.Stop();
}

TEST_F(PodsAreWatched, AMissingRightIsTheReason) {
  api.SetHook([](const net::Request&) -> std::optional<base::Result<net::Response>> {
    return base::Result<net::Response>(FakeApi::Status(403, "Forbidden", "pods is forbidden: grant it"));
  });
  watch.Want(true);
  watch.Start();
  ASSERT_TRUE(Await([&] { return watch.Now().missing.find("grant it") != std::string::npos; })) << watch.Now().missing;
  EXPECT_THAT(watch.Now().missing, HasSubstr("pods have not been listed yet ("));
  EXPECT_EQ(watch.Now().usage, nullptr);
  watch.Stop();
}

using PodsGrowOld = PodWatchTest<base::VirtualClock>;

TEST_F(PodsGrowOld, ASilentWatchKnowsNothing) {
  PutPod("a", "n1", "1");
  watch.Want(true);
  watch.Start();
  ASSERT_TRUE(Await([&] { return watch.Now().usage != nullptr; }));
  clock.Advance(std::chrono::seconds(119));
  EXPECT_NE(watch.Now().usage, nullptr);
  clock.Advance(std::chrono::seconds(2));
  EXPECT_EQ(watch.Now().usage, nullptr);
  EXPECT_EQ(watch.Now().missing, "nothing has been heard of pods for more than two minutes");
  PutPod("b", "n1", "1");                              // it speaks again
  ASSERT_TRUE(Await([&] { return Cpu("n1") == Quantity::FromUnits(2); }));
}

}  // namespace
}  // namespace dm::app

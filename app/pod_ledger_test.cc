#include "app/pod_ledger.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "base/log.h"
#include "dm/words.h"

namespace dm::app {
namespace {

using kube::api::PodRequests;
using kube::api::Quantity;
using requirements::NodeUsage;
using requirements::Reserved;

PodRequests APod(const std::string& name, const std::string& node, std::int64_t cpu, std::int64_t memory = 0) {
  PodRequests pod;
  pod.ns = "shop";
  pod.name = name;
  pod.node = node;
  pod.cpu = Quantity::FromUnits(cpu);
  pod.memory = Quantity::FromUnits(memory);
  return pod;
}

PodRequests Of(PodRequests pod, const std::string& cluster) {
  pod.labels = SelectorLabels(cluster, Role::kWorker);
  return pod;
}

Reserved Sum(std::int64_t cpu, std::int64_t memory, int pods) { return {Quantity::FromUnits(cpu), Quantity::FromUnits(memory), pods}; }

Reserved At(PodLedger& ledger, const std::string& node) {
  const auto sums = ledger.Now().usage;
  const auto found = sums->find(node);
  return found == sums->end() ? Reserved{} : found->second->all;
}

TEST(PodLedger, SumsByNode) {
  PodLedger ledger;
  EXPECT_TRUE(ledger.Now().usage->empty());
  EXPECT_TRUE(ledger.Put(APod("a", "n1", 2, 10)));
  EXPECT_TRUE(ledger.Put(APod("b", "n1", 3, 20)));
  EXPECT_TRUE(ledger.Put(APod("c", "n2", 4)));
  EXPECT_EQ(At(ledger, "n1"), Sum(5, 30, 2));
  EXPECT_EQ(At(ledger, "n2"), Sum(4, 0, 1));
  EXPECT_EQ(ledger.pods(), 3u);
}

TEST(PodLedger, AStatusOfAPodIsNoChange) {
  PodLedger ledger;
  ledger.Put(APod("a", "n1", 2));
  const auto before = ledger.Now().usage;
  EXPECT_FALSE(ledger.Put(APod("a", "n1", 2)));
  EXPECT_EQ(ledger.Now().usage, before);
  EXPECT_FALSE(ledger.Put(APod("waits", "", 9))) << "not placed";
  EXPECT_FALSE(ledger.Remove("shop/never-seen"));
  EXPECT_EQ(ledger.Now().usage, before);
}

TEST(PodLedger, FollowsAPodToItsEnd) {
  PodLedger ledger;
  ledger.Put(APod("a", "n1", 1));
  ledger.Put(APod("keeps", "n1", 7));
  EXPECT_TRUE(ledger.Put(APod("a", "n1", 4)));                     // resized in place
  EXPECT_EQ(At(ledger, "n1"), Sum(11, 0, 2));
  EXPECT_TRUE(ledger.Put(APod("a", "n2", 4)));                     // another pod of its name, elsewhere
  EXPECT_EQ(At(ledger, "n1"), Sum(7, 0, 1));
  EXPECT_EQ(At(ledger, "n2"), Sum(4, 0, 1));
  PodRequests ended = APod("a", "n2", 4);
  ended.ended = true;
  EXPECT_TRUE(ledger.Put(ended));
  EXPECT_FALSE(ledger.Now().usage->contains("n2")) << "nothing is kept of a node without pods";
  EXPECT_TRUE(ledger.Remove("shop/keeps"));
  EXPECT_TRUE(ledger.Now().usage->empty());
  EXPECT_EQ(ledger.pods(), 0u);
}

TEST(PodLedger, TellsClustersApart) {
  PodLedger ledger;
  ledger.Put(Of(APod("w-0", "n1", 16), "orders"));
  ledger.Put(Of(APod("w-1", "n1", 16), "orders"));
  ledger.Put(Of(APod("p-0", "n1", 8), "parts"));
  ledger.Put(APod("web", "n1", 1));
  const auto usage = ledger.Now().usage->at("n1");
  EXPECT_EQ(usage->all, Sum(41, 0, 4));
  EXPECT_EQ(usage->ByOthers("shop/orders"), Sum(9, 0, 2));
  EXPECT_EQ(usage->ByOthers("shop/parts"), Sum(33, 0, 3));
  ledger.Put(APod("p-0", "n1", 8));                                // its labels were taken away
  EXPECT_EQ(ledger.Now().usage->at("n1")->ByOthers("shop/parts"), Sum(41, 0, 4));
  ledger.Remove("shop/w-0");
  ledger.Remove("shop/w-1");
  EXPECT_TRUE(ledger.Now().usage->at("n1")->clusters.empty());
  EXPECT_EQ(usage->all, Sum(41, 0, 4)) << "what was given out stays as it was";
}

TEST(PodLedger, OnlyNodesThatChangedAreMadeAnew) {
  PodLedger ledger;
  ledger.Put(APod("a", "n1", 1));
  ledger.Put(APod("b", "n2", 1));
  const auto before = ledger.Now().usage;
  ledger.Put(APod("c", "n2", 1));
  const auto after = ledger.Now().usage;
  EXPECT_NE(after, before);
  EXPECT_EQ(after->at("n1"), before->at("n1"));
  EXPECT_NE(after->at("n2"), before->at("n2"));
}

TEST(PodLedger, APodThatCannotBeReadLeavesTheSumsUnknown) {
  base::SetLogSink([](std::string_view) {});
  PodLedger ledger;
  base::Json object = {{"metadata", {{"namespace", "shop"}, {"name", "a"}}},
                       {"spec", {{"nodeName", "n1"}, {"containers", {{{"name", "c"}, {"resources", {{"requests", {{"cpu", "2"}}}}}}}}}}};
  EXPECT_TRUE(ledger.Put(object));
  EXPECT_EQ(At(ledger, "n1"), Sum(2, 0, 1));
  base::Json odd = object;
  odd["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "plenty";
  EXPECT_TRUE(ledger.Put(odd));
  EXPECT_EQ(ledger.Now().usage, nullptr);
  EXPECT_EQ(ledger.Now().missing, "the requests of pod shop/a cannot be read");
  EXPECT_FALSE(ledger.Put(odd)) << "no news";
  EXPECT_TRUE(ledger.Put(object));
  EXPECT_EQ(At(ledger, "n1"), Sum(2, 0, 1));
  ledger.Put(odd);
  EXPECT_TRUE(ledger.Remove("shop/a"));
  ASSERT_NE(ledger.Now().usage, nullptr);
  EXPECT_TRUE(ledger.Now().usage->empty());
  base::SetLogSink({});
}

// Whatever happens in whatever order, the running sums are the sums of what is there.
TEST(PodLedger, RunningSumsAreTheSums) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](unsigned below) { return static_cast<int>(random() % below); };
  PodLedger ledger;
  std::map<std::string, PodRequests> pods;
  for (int step = 0; step < 3000; ++step) {
    const std::string name = "p" + std::to_string(pick(40));
    if (pick(4) == 0) {
      ledger.Remove("shop/" + name);
      pods.erase(name);
    } else {
      PodRequests pod = APod(name, "n" + std::to_string(pick(5)), pick(7), pick(7));
      if (pick(3) == 0) pod = Of(pod, "c" + std::to_string(pick(3)));
      if (pick(9) == 0) pod.node.clear();
      pod.ended = pick(9) == 0;
      ledger.Put(pod);
      pods[name] = pod;
    }
    if (step % 50 != 0) continue;
    std::map<std::string, Reserved> all;
    std::map<std::string, std::map<std::string, Reserved>> clusters;
    for (const auto& [key, pod] : pods) {
      if (!pod.Counts()) continue;
      const Reserved one{pod.cpu, pod.memory, 1};
      all[pod.node] += one;
      if (!pod.labels.empty()) clusters[pod.node][requirements::OwnerOf(pod.ns, pod.labels)] += one;
    }
    const auto sums = ledger.Now().usage;
    ASSERT_EQ(sums->size(), all.size()) << "step " << step;
    for (const auto& [node, usage] : *sums) {
      ASSERT_EQ(usage->all, all[node]) << node << ", step " << step;
      const std::map<std::string, Reserved> by_cluster(usage->clusters.begin(), usage->clusters.end());
      ASSERT_EQ(by_cluster, clusters[node]) << node << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace dm::app

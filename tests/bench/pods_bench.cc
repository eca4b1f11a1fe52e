// What it costs to know what runs on a large cluster (capacity.measure: free): 20 pods a node.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <nlohmann/json.hpp>

#include "app/pod_ledger.h"
#include "tests/bench/large_cluster.h"

namespace dm::bench {
namespace {

using base::Json;

constexpr int kPodsOfANode = 20;
constexpr int kPods = kNodes * kPodsOfANode;

std::string NodeName(int number) { return NodeJson(number)["metadata"]["name"].get<std::string>(); }

// As a Deployment makes it, without what nobody here reads.
Json PodJson(int number, const std::string& node, const char* cpu = "250m") {
  const std::string name = "checkout-service-6d4b75cb6d-" + std::to_string(100000 + number);
  return {{"metadata",
           {{"name", name},
            {"namespace", "team-" + std::to_string(number % kNamespaces)},
            {"uid", "9b1deb4d-3b7d-4bad-9bdd-" + std::to_string(100000 + number)},
            {"resourceVersion", std::to_string(number)},
            {"labels", {{"app", "checkout-service"}, {"pod-template-hash", "6d4b75cb6d"}, {"app.kubernetes.io/instance", "checkout"}}}}},
          {"spec",
           {{"nodeName", node},
            {"containers",
             {{{"name", "main"}, {"image", "registry.example.com/checkout:1.2.3"}, {"resources", {{"requests", {{"cpu", cpu}, {"memory", "512Mi"}}}}}},
              {{"name", "proxy"}, {"image", "registry.example.com/proxy:9"}, {"resources", {{"requests", {{"cpu", "100m"}, {"memory", "128Mi"}}}}}}}}}},
          {"status", {{"phase", "Running"}, {"podIP", "10.1.2.3"}}}};
}

const std::vector<std::string>& NodeNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (int number = 0; number < kNodes; ++number) all.push_back(NodeName(number));
    return all;
  }();
  return names;
}

app::PodLedger Filled() {
  app::PodLedger ledger;
  for (int number = 0; number < kPods; ++number) ledger.Put(PodJson(number, NodeNames()[static_cast<std::size_t>(number % kNodes)]));
  return ledger;
}

// Once: what 100,000 pods weigh, with their sums.
void BM_PodMemory(benchmark::State& state) {
  NodeNames();
  for (auto _ : state) {
    malloc_trim(0);
    const double before = static_cast<double>(mallinfo2().uordblks) / 1e6;
    app::PodLedger ledger = Filled();
    benchmark::DoNotOptimize(ledger.Now());
    malloc_trim(0);
    state.counters["heap_MB"] = static_cast<double>(mallinfo2().uordblks) / 1e6 - before;
  }
}
BENCHMARK(BM_PodMemory)->Iterations(1)->Unit(benchmark::kMillisecond);

// A pod is resized: read, the sums follow, and a view has them.
void BM_PodUpdate(benchmark::State& state) {
  static const Held held;
  static app::PodLedger ledger = Filled();
  requirements::ClusterView view = *held.view;
  const Json pods[] = {PodJson(7, NodeNames()[7], "300m"), PodJson(7, NodeNames()[7], "400m")};
  static std::size_t next = 0;   // the ledger remembers the last run, too
  for (auto _ : state) {
    if (!ledger.Put(pods[next++ % 2])) state.SkipWithError("a pod that is resized changes a sum");
    view.PutUsage(*ledger.Now().usage);
  }
}
BENCHMARK(BM_PodUpdate)->Unit(benchmark::kMicrosecond);

// 3 masters, 50 workers and a monitor on what is left.
void BM_EvaluateFree(benchmark::State& state) {
  static const Held held;
  app::PodLedger ledger = Filled();
  requirements::ClusterView view = *held.view;
  view.PutUsage(*ledger.Now().usage);
  const requirements::Policy policy = *requirements::ParsePolicy("capacity: {measure: free}");
  const auto subject = requirements::MakeSubject(Production(3, 50), view, policy);
  for (auto _ : state) benchmark::DoNotOptimize(requirements::Evaluate(subject, nullptr, view, policy));
}
BENCHMARK(BM_EvaluateFree)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dm::bench

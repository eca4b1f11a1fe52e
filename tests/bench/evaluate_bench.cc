// What judging a DMCluster costs on a large Kubernetes cluster.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/bench/large_cluster.h"

namespace dm::bench {
namespace {

using requirements::Subject;

const Held& Shared() {
  static const Held held;
  return held;
}

// The same cluster, but hosts of one type differ by some KiB of memory, as the kernels of some clouds report it.
struct Unlike : Held {
  Unlike() {
    for (int number = 0; number < kNodes; ++number) {
      base::Json node = NodeJson(number, 2);
      base::Json& memory = node["status"]["allocatable"]["memory"];
      memory = std::to_string(std::stol(memory.get<std::string>()) - 4L * number) + "Ki";
      Upsert(node);
    }
    Build();
  }
};
const Held& SharedUnlike() {
  static const Unlike held;
  return held;
}

void Evaluate(benchmark::State& state, const base::Json& patch, const Held& held = Shared()) {
  const Subject subject = requirements::MakeSubject(Production(3, 50, patch), *held.view, *held.policy);
  std::size_t findings = 0;
  for (auto _ : state) findings = requirements::Evaluate(subject, nullptr, *held.view, *held.policy).findings.size();
  state.counters["findings"] = static_cast<double>(findings);
}

base::Json Spec(const char* text) { return {{"spec", base::Json::parse(text)}}; }

// Pods may stand anywhere: stray nodes are found, counted and named.
void BM_Evaluate(benchmark::State& state) { Evaluate(state, base::Json::object()); }
// On nodes of one pool.
void BM_EvaluateSelector(benchmark::State& state) { Evaluate(state, Spec(R"({"nodeSelector": {"pool": "database"}})")); }
// Required affinity with expressions that nearly every node satisfies, and a toleration.
void BM_EvaluateAffinity(benchmark::State& state) {
  Evaluate(state, Spec(R"({"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    "worker": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [
      {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-central-1a", "eu-central-1b"]},
      {"key": "eks.amazonaws.com/capacityType", "operator": "NotIn", "values": ["SPOT"]}]}]}}}}})"));
}
// Hard topology spread over zones.
void BM_EvaluateSpread(benchmark::State& state) {
  Evaluate(state, Spec(R"({"worker": {"topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone"}]}})"));
}
void BM_EvaluateSpreadUnlike(benchmark::State& state) {
  Evaluate(state, Spec(R"({"worker": {"topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone"}]}})"), SharedUnlike());
}
// The same over hosts: each node is a domain.
void BM_EvaluateSpreadHosts(benchmark::State& state) {
  Evaluate(state, Spec(R"({"worker": {"topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname"}]}})"));
}
// Required anti-affinity on zones: the masters find a zone each; of the workers most find none.
void EvaluateApart(benchmark::State& state, const char* role) {
  const base::Json term = {{"topologyKey", "topology.kubernetes.io/zone"},
                           {"labelSelector", {{"matchLabels", {{"app.kubernetes.io/instance", "orders"},
                                                               {"app.kubernetes.io/component", std::string("dm-") + role}}}}}};
  base::Json patch;
  patch["spec"][role]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = base::Json::array({term});
  Evaluate(state, patch);
}
void BM_EvaluateMastersApart(benchmark::State& state) { EvaluateApart(state, "master"); }
void BM_EvaluateWorkersApart(benchmark::State& state) { EvaluateApart(state, "worker"); }
// A role that fits nowhere: nothing stops the search early.
void BM_EvaluateTooLarge(benchmark::State& state) {
  Evaluate(state, Spec(R"({"worker": {"requests": {"cpu": "60", "memory": "300Gi"}}})"));
}
// Fewer nodes are large enough than there are pods, and roles must share them: packing is tried.
void BM_EvaluateShared(benchmark::State& state) {
  Evaluate(state, Spec(R"({"master": {"requests": {"cpu": "50", "memory": "200Gi"}}, "nodeSelector": {"topology.kubernetes.io/zone": "eu-central-1a"},
    "worker": {"replicas": 600, "requests": {"cpu": "24", "memory": "48Gi"}}})"));
}
// What an update costs at admission: decode and render are part of it, old and new are judged.
void BM_ReviewUpdate(benchmark::State& state) {
  const Held& held = Shared();
  const DMCluster before = Production(3, 50), now = Production(3, 51);
  for (auto _ : state) benchmark::DoNotOptimize(requirements::ReviewChange(now, &before, *held.view, *held.policy));
}
// What continuous checking costs after a node changed: every cluster is judged anew.
void BM_JudgeAllClusters(benchmark::State& state) {
  const Held& held = Shared();
  std::vector<DMCluster> clusters;
  for (int number = 0; number < kClusters; ++number) {
    const std::string name = "c" + std::to_string(number), ns = "team-" + std::to_string(number % kNamespaces);
    clusters.push_back(Production(3, 2 + number % 9, {{"metadata", {{"name", name}, {"namespace", ns}}}}));
  }
  for (auto _ : state) {
    for (const DMCluster& cluster : clusters) {
      const Subject subject = requirements::MakeSubject(cluster, *held.view, *held.policy);
      benchmark::DoNotOptimize(requirements::Evaluate(subject, nullptr, *held.view, *held.policy));
    }
  }
}

BENCHMARK(BM_Evaluate)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateSelector)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateAffinity)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateSpread)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateSpreadUnlike)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateSpreadHosts)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateMastersApart)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateWorkersApart)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateTooLarge)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_EvaluateShared)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_ReviewUpdate)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_JudgeAllClusters)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dm::bench

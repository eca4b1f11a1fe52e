// What a change of one node costs, and what the view of a large cluster weighs.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "tests/bench/large_cluster.h"

namespace dm::bench {
namespace {

double HeapMB() { return static_cast<double>(mallinfo2().uordblks) / 1e6; }

double ResidentMB() {
  long size = 0, resident = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "r"), std::fclose);
  if (!file || std::fscanf(file.get(), "%ld %ld", &size, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

// Runs first and once: what the process holds more once it knows the cluster.
void BM_ViewMemory(benchmark::State& state) {
  for (auto _ : state) {
    malloc_trim(0);
    const double heap = HeapMB(), resident = ResidentMB();
    Held held;
    malloc_trim(0);
    state.counters["heap_MB"] = HeapMB() - heap;
    state.counters["rss_MB"] = ResidentMB() - resident;
    benchmark::DoNotOptimize(held.view);
  }
}
BENCHMARK(BM_ViewMemory)->Iterations(1)->Unit(benchmark::kMillisecond);

Held& Shared() {
  static Held held;
  return held;
}

// A node's CPU changes: parsed, stored, judged, and a new view stands.
void BM_NodeUpdate(benchmark::State& state) {
  Held& held = Shared();
  std::vector<base::Json> changes;
  for (int number = 0; number < 64; ++number) {
    for (const char* cpu : {"11", "12"}) {
      changes.push_back(NodeJson(number * 77, 2 + static_cast<int>(changes.size())));
      changes.back()["status"]["allocatable"]["cpu"] = cpu;
    }
  }
  static std::size_t next = 0;      // go on where the last repetition ended: each step changes something
  static int version = 1000;
  for (auto _ : state) {
    base::Json& change = changes[next++ % changes.size()];
    change["metadata"]["resourceVersion"] = std::to_string(++version);
    held.Upsert(change);
    if (held.Build().nodes.size() != 1) state.SkipWithError("a change of one node is one change");
  }
}
BENCHMARK(BM_NodeUpdate)->Unit(benchmark::kMicrosecond);

// Another policy: every node is judged anew.
void BM_PolicyChange(benchmark::State& state) {
  Held& held = Shared();
  for (auto _ : state) {
    held.policy = std::make_shared<const requirements::Policy>();
    if (!held.Build().policy) state.SkipWithError("the policy did not change");
  }
}
BENCHMARK(BM_PolicyChange)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dm::bench

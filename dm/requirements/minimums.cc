// The figures of the requirements page.
#include "dm/requirements/minimums.h"

#include <iterator>

namespace dm::requirements {

namespace {

constexpr std::int64_t kGB = 1'000'000'000;   // decimal, as the page writes it
constexpr auto kDev = Environment::kDevelopment;
constexpr auto kProd = Environment::kProduction;

constexpr Minimum kMinimums[] = {
    {kDev, Role::kMaster, Resource::kCpu, 4},
    {kDev, Role::kMaster, Resource::kMemory, 8 * kGB},
    {kDev, Role::kMaster, Resource::kDisk, 200 * kGB},
    {kDev, Role::kMaster, Resource::kInstances, 1},
    {kDev, Role::kWorker, Resource::kCpu, 8},
    {kDev, Role::kWorker, Resource::kMemory, 16 * kGB},
    {kDev, Role::kWorker, Resource::kDisk, 200 * kGB},
    {kDev, Role::kWorker, Resource::kInstances, 1},       // and not fewer than the upstreams: WorkerReplicas
    {kProd, Role::kMaster, Resource::kCpu, 4},
    {kProd, Role::kMaster, Resource::kMemory, 8 * kGB},
    {kProd, Role::kMaster, Resource::kDisk, 200 * kGB},
    {kProd, Role::kMaster, Resource::kInstances, 3},
    {kProd, Role::kWorker, Resource::kCpu, 16},
    {kProd, Role::kWorker, Resource::kMemory, 32 * kGB},
    {kProd, Role::kWorker, Resource::kDisk, 200 * kGB},
    {kProd, Role::kWorker, Resource::kInstances, 2},      // and more than the upstreams
    {kProd, Role::kMonitor, Resource::kCpu, 8},
    {kProd, Role::kMonitor, Resource::kMemory, 16 * kGB},
    {kProd, Role::kMonitor, Resource::kDisk, 200 * kGB},
    {kProd, Role::kMonitor, Resource::kInstances, 1},
};

}  // namespace

std::span<const Minimum> Minimums() { return kMinimums; }

std::string_view ResourceWord(Resource resource) {
  switch (resource) {
    case Resource::kCpu: return "cpu";
    case Resource::kMemory: return "memory";
    case Resource::kDisk: return "disk";
    case Resource::kInstances: return "replicas";
  }
  return "";
}

std::optional<kube::api::Quantity> TableFloor(Environment environment, Role role, Resource resource) {
  const bool borrowed = environment == kDev && role == Role::kMonitor &&
                        (resource == Resource::kCpu || resource == Resource::kMemory);
  for (const Minimum& row : kMinimums) {
    if (row.environment == (borrowed ? kProd : environment) && row.role == role && row.resource == resource) {
      return kube::api::Quantity::FromUnits(row.floor);
    }
  }
  return std::nullopt;
}

std::optional<kube::api::Quantity> Floor(const Policy& policy, Environment environment, Role role, Resource resource) {
  const auto raised = policy.minimums.find(MinimumKey(environment, role, resource));
  if (raised != policy.minimums.end()) return raised->second;
  return TableFloor(environment, role, resource);
}

std::string MinimumKey(Environment environment, Role role, Resource resource) {
  std::string key(EnvironmentName(environment));
  key.append(".").append(RoleName(role)).append(".").append(ResourceWord(resource));
  return key;
}

}  // namespace dm::requirements

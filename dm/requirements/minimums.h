// The figures of the requirements page as data: one row a minimum. The policy may raise them (lower, if it says so).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dm/requirements/policy.h"
#include "dm/words.h"

namespace dm::requirements {

enum class Resource { kCpu, kMemory, kDisk, kInstances };
std::string_view ResourceWord(Resource resource);   // cpu | memory | disk | replicas, as in the policy's keys

struct Minimum {
  Environment environment;
  Role role;
  Resource resource;
  std::int64_t floor;        // CPUs, bytes (GB is decimal), instances
};
std::span<const Minimum> Minimums();

// The page's own figure. Development has no row for the monitor: its CPU and memory are held against production's
// (the rule then only warns).
std::optional<kube::api::Quantity> TableFloor(Environment environment, Role role, Resource resource);
// With the policy's word.
std::optional<kube::api::Quantity> Floor(const Policy& policy, Environment environment, Role role, Resource resource);
std::string MinimumKey(Environment environment, Role role, Resource resource);   // production.worker.cpu

}  // namespace dm::requirements

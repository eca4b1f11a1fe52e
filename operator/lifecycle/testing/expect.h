// What tests look at in a plan and in a World.
#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/lifecycle/testing/world.h"

namespace dm::op::lifecycle::testing {

inline std::vector<std::string> Does(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& action : plan.actions) out.push_back(Describe(action));
  return out;
}

inline bool Has(const Plan& plan, const std::string& action) {
  for (const auto& one : Does(plan)) {
    if (one == action) return true;
  }
  return false;
}

inline std::string WaitOf(const Plan& plan, Component component) {
  for (const auto& wait : plan.waits) {
    if (wait.component == component) return wait.reason;
  }
  return {};
}

inline std::string ConditionOf(const Plan& plan, const std::string& type) {
  const auto* condition = kube::api::FindCondition(plan.conditions, type);
  return condition ? condition->status + "/" + condition->reason : "";
}

inline void ExpectClean(const World& w) {
  for (const auto& violation : w.violations) ADD_FAILURE() << violation;
  if (!w.violations.empty() || ::testing::Test::HasFailure()) {
    for (const auto& line : w.log) std::cerr << line << "\n";
  }
}

inline const base::Json* DataOf(World& w) {
  base::Json* map = w.Object("ConfigMap", "a-dm-bootstrap");
  return map ? base::Find(*map, "data") : nullptr;
}

}  // namespace dm::op::lifecycle::testing

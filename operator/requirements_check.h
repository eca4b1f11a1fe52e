// The continuous check: the rules of admission on a cluster that runs, as conditions. Nothing is stopped or moved because of
// them. The namespace's enforcement decides what admission refuses, not what is true: here every rule counts with its own
// severity. Pure.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dm/requirements/evaluate.h"
#include "kube/api/conditions.h"
#include "operator/lifecycle/observed.h"

namespace dm::op {

using FindingCounts = std::map<std::pair<std::string, std::string>, int>;   // (rule, severity) → findings

struct RequirementsCheck {
  std::vector<kube::api::Condition> conditions;   // RequirementsMet, NodesQualified, PolicyCurrent while it is False
  FindingCounts counts;
};

// The policy with every namespace enforced.
requirements::Policy Unsoftened(requirements::Policy policy);

// `subject` was made with the unsoftened policy.
RequirementsCheck CheckRequirements(const requirements::Subject& subject, const lifecycle::Observed& seen,
                                    const requirements::ClusterView& view, const requirements::Policy& policy);

// PolicyCurrent, which is stated only while the newest policy is refused: `error` says where and why. Empty: nothing to say.
std::optional<kube::api::Condition> PolicyRefused(const std::string& error);

// What to tell as an event when the stored conditions give way to these: (warning, reason, message).
struct Telling {
  bool warning = false;
  std::string reason, message;
};
std::vector<Telling> WhatChanged(const std::vector<kube::api::Condition>& before, const std::vector<kube::api::Condition>& now);

}  // namespace dm::op

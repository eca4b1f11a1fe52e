// The status of a DMCluster: what is observed, what is waited for, and conditions that say it in words. Pure.
//
// Members that are being asked again keep what was last said of them; members that do not answer keep their names and
// lose their health. A condition changes only when its meaning does.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "dm/cluster.h"
#include "kube/api/conditions.h"
#include "operator/lifecycle/observed.h"
#include "operator/lifecycle/plan.h"

namespace dm::op {

struct StatusInput {
  const DMCluster& want;
  const lifecycle::Observed& seen;
  const lifecycle::Plan& plan;
  std::vector<kube::api::Condition> requirements;   // RequirementsMet, NodesQualified, PolicyCurrent
  std::string environment;                          // effective; empty: not known
  base::WallTime now{};
};

// The whole status as it should be.
base::Json BuildStatus(const StatusInput& in);

// Ready, Available, Progressing, Degraded and what the plan states; in status_conditions.cc.
std::vector<kube::api::Condition> BuildConditions(const StatusInput& in);

// RFC 7386: what turns `before` into `after`; an empty object when they are equal.
base::Json MergeDiff(const base::Json& before, const base::Json& after);

}  // namespace dm::op

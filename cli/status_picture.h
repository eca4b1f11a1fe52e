// The picture of one cluster: what was read, put into the order in which a person looks at it. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/status_facts.h"
#include "dm/requirements/report.h"
#include "kube/api/conditions.h"

namespace dm::cli {

enum class Health { kHealthy, kNotReady, kUnhealthy };
std::string_view HealthName(Health health);    // healthy | not ready | unhealthy

struct DiskCell {
  std::string claim, size, storage_class, grade, phase;    // empty: not known, or there is none
};

// A pod that is, or that the spec asks for, with the member of DM that runs in it.
struct MemberRow {
  Role role = Role::kMaster;
  std::string name;
  std::string pod;             // Ready | Running | Pending | Unschedulable | CrashLoopBackOff | Ending | missing | ?
  std::string note;            // what Kubernetes says of a pod that is not well
  std::string node, system;
  std::string member;          // healthy | unhealthy | bound | free | offline | not a member | ?
  std::string source;
  std::string image;
  int restarts = 0;
  bool leader = false;
  DiskCell disk;
};

struct Picture {
  std::string ns, name, version, environment, leader, cluster_id, policy;
  std::int64_t generation = 0, observed_generation = 0;
  bool deleting = false;
  Health health = Health::kNotReady;
  std::string why;                            // one line: what makes it so; empty when healthy
  std::vector<MemberRow> members;             // masters, workers, monitor
  std::vector<std::string> loose_sources;     // without a worker
  std::vector<DiskCell> other_claims;         // without a pod that the spec asks for
  std::vector<kube::api::Condition> conditions;
  std::vector<FieldProblem> problems;         // of the stored spec
  requirements::Report report;                // weighed as the operator does, whatever the namespace's enforcement
  std::vector<std::string> next;              // what happens next, or what a person has to do
  std::vector<SeenEvent> events;
  std::vector<std::string> unread;
};

Picture MakePicture(const StatusFacts& facts, const Surrounding& around);
// Whether that condition says that all is well in its own respect.
bool IsGood(const kube::api::Condition& condition);

}  // namespace dm::cli

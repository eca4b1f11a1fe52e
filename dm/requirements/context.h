// What a rule sees while it judges, and where it puts what it found. Lives for one Evaluate; one thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "dm/requirements/candidates.h"
#include "dm/requirements/evaluate.h"
#include "dm/requirements/storage.h"

namespace dm::requirements {

inline constexpr std::array kRoles = {Role::kMaster, Role::kWorker, Role::kMonitor};

class Context {
 public:
  Context(const Subject& subject, const Subject* previous, const ClusterView& cluster_view, const Policy& the_policy);

  const Subject& now;
  const Subject* before;
  const ClusterView& view;
  const Policy& policy;

  const DMCluster& cluster() const { return now.cluster; }
  Environment environment() const { return now.effective.environment; }
  bool production() const { return environment() == Environment::kProduction; }
  const desired::RolePods* Pods(Role role) const { return now.objects.Find(role); }

  // The severity that counts: the policy's word on the rule, else `table`, never above the namespace's enforcement.
  Severity SeverityOf(Rule rule, Severity table) const;
  Severity SeverityOf(Rule rule) const;      // with the table's row

  // Computed on first use, then shared by the rules.
  const RoleNodes& Nodes(Role role);
  bool KindShort(Role role);                 // capacity.h
  const StorageChoice& Storage(Role role);
  // On an update, node rules are judged only for roles whose own needs grew.
  bool JudgesNodes(Role role) const;

  // Puts rule and effective severity into the finding; one that is off is dropped. `table` when the outcome weighs
  // other than the row says.
  void Add(Rule rule, Finding finding) { Add(rule, std::move(finding), TableSeverity(rule)); }
  void Add(Rule rule, Finding finding, Severity table);
  // For information whatever the policy makes of the rule, unless that is off.
  void AddInfo(Rule rule, Finding finding);
  // The first reason of a rule is kept; a rule that is off has nothing to check.
  void NotCheck(Rule rule, std::string why) { NotCheck(rule, std::move(why), TableSeverity(rule)); }
  void NotCheck(Rule rule, std::string why, Severity table);
  void Note(std::string text);

  Report Take();                               // sorted; the context is spent

 private:
  Severity TableSeverity(Rule rule) const;

  Report report_;
  std::shared_ptr<const NodeGroups> groups_;
  std::array<std::optional<RoleNodes>, kRoles.size()> nodes_;
  std::array<std::optional<bool>, kRoles.size()> kind_short_;
  std::array<std::optional<StorageChoice>, kRoles.size()> storage_;
};

}  // namespace dm::requirements

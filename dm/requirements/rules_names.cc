// The environment that the object asked for, and the names that would be derived from its own.
#include <algorithm>
#include <array>

#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

constexpr std::size_t kLabel = 63;           // a DNS label; the value of a Kubernetes label
// controller-revision-hash carries <StatefulSet>-<hash of up to 10>, and is a label's value.
constexpr std::size_t kStatefulSet = kLabel - 11;

// Pods carry an ordinal of up to four digits (1000 workers).
constexpr std::size_t kOrdinal = 4;

}  // namespace

void CheckEnvironmentTooLax(Rule rule, Context& context) {
  const Effective& effective = context.now.effective;
  if (!effective.too_lax) return;
  Finding finding;
  finding.field = "spec.environment";
  finding.found = context.cluster().environment ? std::string(EnvironmentName(*context.cluster().environment)) : "";
  finding.required = std::string(EnvironmentName(effective.environment));
  finding.shortfall = Shortfall::Count(1);
  finding.message = "the policy pins this namespace to " + finding.required + ", and by that the cluster is judged";
  finding.remedy = "set it to " + finding.required + " or remove it";
  context.Add(rule, std::move(finding));
}

std::size_t LongestClusterName() {
  const Names names{""};
  std::size_t longest = kLabel;
  for (const Role role : kRoles) {
    longest = std::min({longest, kStatefulSet - names.StatefulSet(role).size(), kLabel - names.StatefulSet(role).size() - 1 - kOrdinal,
                        kLabel - names.PeerService(role).size()});
  }
  return longest;
}

void CheckNameLength(Rule rule, Context& context) {
  const Names names = context.cluster().names();
  std::size_t over = 0;
  std::string longest;
  const auto consider = [&](const std::string& name, std::size_t extra, std::size_t limit) {
    if (name.size() + extra <= limit || name.size() + extra - limit <= over) return;
    over = name.size() + extra - limit;
    longest = name;
  };
  for (const Role role : kRoles) {
    if (context.Pods(role) == nullptr) continue;
    consider(names.StatefulSet(role), 0, kStatefulSet);
    consider(names.StatefulSet(role), 1 + kOrdinal, kLabel);
    consider(names.PeerService(role), 0, kLabel);
  }
  consider(names.cluster, 0, kLabel);
  if (over == 0) return;
  const std::size_t most = names.cluster.size() > over ? names.cluster.size() - over : 1;
  Finding finding;
  finding.field = "metadata.name";
  finding.found = names.cluster;
  finding.required = "at most " + std::to_string(most) + " characters";
  finding.shortfall = Shortfall::Count(static_cast<std::int64_t>(over));
  finding.message = "names made from it, such as " + longest + ", would be longer than Kubernetes allows";
  finding.remedy = "use at most " + std::to_string(most) + " characters";
  context.Add(rule, std::move(finding));
}

}  // namespace dm::requirements

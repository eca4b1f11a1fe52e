// The kind of the nodes on which a role's pods could stand.
#include "base/strings.h"
#include "dm/requirements/capacity.h"
#include "dm/requirements/node_words.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

constexpr std::string_view kNoNodes = "no data on nodes was given";

constexpr std::size_t kNamed = 5;

// The names from `from` on, of `count` in all.
std::string Named(const std::vector<std::string>& names, std::size_t from, std::int64_t count) {
  std::string text = List({names.begin() + static_cast<std::ptrdiff_t>(from), names.end()}, kNamed);
  const std::int64_t more = count - static_cast<std::int64_t>(names.size());
  return more > 0 ? text + " and " + std::to_string(more) + " more" : text;
}

// One finding a role for a fault that does not disqualify: the nodes that have it, named up to five.
void ReportMild(Rule rule, Context& context, Role role, KindFault fault) {
  const RoleNodes& nodes = context.Nodes(role);
  const std::int64_t count = nodes.WithFault(fault, true);
  if (count == 0) return;
  std::vector<std::string> subjects;
  const NodeView* first = nullptr;
  std::string misread;   // a node whose label cannot be read
  for (const Candidate& candidate : nodes.candidates) {
    if (!candidate.kind || !Has(candidate.faults, fault)) continue;
    if (first == nullptr) first = candidate.node;
    const auto& meta = candidate.node->node->meta;
    if (fault == KindFault::kNetworkUnknown && misread.empty() && meta.labels.contains(std::string(annotations::kNodeNetworkGbps))) {
      misread = "; " + meta.name + " " + Describe(fault, *candidate.node, role, context.environment());
    }
    subjects.push_back(meta.name);
    if (subjects.size() == kNamed) break;
  }
  if (fault == KindFault::kNetworkUnknown) {
    context.NotCheck(rule, "how fast the network of " + Plural(count, "node") + " is, is not known");
  }
  Finding finding;
  finding.role = role;
  finding.key = std::to_string(static_cast<unsigned>(fault));
  finding.field = PathOf(role);
  finding.shape = Shape::kForbidden;
  finding.shortfall = Shortfall::Count(count);
  const std::string where = Plural(count, "node") + " for " + std::string(RoleTitle(role));
  finding.message = fault == KindFault::kNetworkUnknown
                        ? where + " " + (count == 1 ? "does" : "do") + " not say how fast the network is (" + Named(subjects, 0, count) + ")" + misread
                        : where + ": " + first->node->meta.name + " " + Describe(fault, *first, role, context.environment()) +
                              (count > 1 ? ", and so on for " + Named(subjects, 1, count) : "");
  switch (rule) {
    case Rule::kNodeNetwork:
      finding.required = role == Role::kWorker && context.production() ? "10 Gb/s" : "1 Gb/s";
      finding.remedy = "label the nodes with " + std::string(annotations::kNodeNetworkGbps) + ", a number of Gb/s";
      break;
    case Rule::kNodeOS:
      finding.remedy = "admit it in the policy's operatingSystems, or label the node with " +
                       std::string(annotations::kNodeOsVersion) + " where only the version is missing";
      break;
    case Rule::kNodeVerifiable: finding.remedy = "make sure that the host itself runs what the requirements ask for"; break;
    default: finding.remedy = "keep the pods off them with a node selector"; break;
  }
  finding.subjects = std::move(subjects);
  context.Add(rule, std::move(finding), TableSeverity(fault, context.environment()));
}

}  // namespace

void CheckNodeKind(Rule rule, Context& context) {
  if (!context.view.nodes_known) return context.NotCheck(rule, std::string(kNoNodes));
  const KindWeights weights = WeighKind(context.policy, context.now.effective);
  for (const Role role : kRoles) {
    if (!context.JudgesNodes(role)) continue;
    for (unsigned i = 0; i < kKindFaults; ++i) {
      const auto fault = static_cast<KindFault>(i);
      // What disqualifies is told by NodesForRole and StrayNodes: one bad node is no fault of the cluster.
      if (RuleOf(fault) == rule && weights.Of(fault) != Severity::kDeny) ReportMild(rule, context, role, fault);
    }
  }
}

void CheckNodesForRole(Rule rule, Context& context) {
  if (!context.view.nodes_known) return context.NotCheck(rule, std::string(kNoNodes));
  const KindWeights weights = WeighKind(context.policy, context.now.effective);
  for (const Role role : kRoles) {
    if (!context.JudgesNodes(role)) continue;
    const RoleNodes& nodes = context.Nodes(role);
    if (!context.KindShort(role)) continue;
    const bool hosts = nodes.spreading.Apart();
    const std::int64_t room = Placeable(nodes, Count::kQualified, MeasureOfKind(nodes));
    Misses misses = DescribeMisses(nodes, weights, context.environment());
    Finding finding;
    finding.role = role;
    finding.field = PathOf(role);
    finding.shape = Shape::kForbidden;
    finding.found = std::to_string(nodes.qualified) + " of " + Plural(static_cast<std::int64_t>(nodes.candidates.size()), "node");
    finding.required = hosts ? Plural(nodes.replicas, "node") : "room for " + Plural(nodes.replicas, "pod");
    finding.shortfall = Shortfall::Count(std::max<std::int64_t>(1, nodes.replicas - room));
    finding.message = Plural(nodes.replicas, RoleTitle(role)) + (nodes.replicas == 1 ? " needs " : " need ") +
                      (hosts ? "as many nodes that qualify" : "room on nodes that qualify") + ", and " +
                      finding.found + " that could take them " + (nodes.qualified == 1 ? "does: " : "do: ") + misses.counted + " (" +
                      misses.named + ")";
    finding.remedy = "add nodes that qualify";
    if (!misses.labels.empty()) finding.remedy += ", or, where nodes do qualify but do not say so, label them (" + misses.labels + ")";
    if (!misses.admit.empty()) finding.remedy += ", or admit these systems in the policy with " + misses.admit;
    finding.subjects = std::move(misses.nodes);
    context.Add(rule, std::move(finding));
  }
}

void CheckStrayNodes(Rule rule, Context& context) {
  if (!context.view.nodes_known) return context.NotCheck(rule, std::string(kNoNodes));
  const KindWeights weights = WeighKind(context.policy, context.now.effective);
  for (const Role role : kRoles) {
    if (!context.JudgesNodes(role)) continue;
    const RoleNodes& nodes = context.Nodes(role);
    const auto strays = static_cast<std::int64_t>(nodes.candidates.size()) - nodes.qualified;
    if (strays <= 0 || context.KindShort(role)) continue;
    Misses misses = DescribeMisses(nodes, weights, context.environment());
    Finding finding;
    finding.role = role;
    finding.field = PathOf(role) + ".nodeSelector";
    finding.shape = Shape::kForbidden;
    finding.required = "nodes that qualify only";
    finding.shortfall = Shortfall::Count(strays);
    finding.message = std::string(RoleTitle(role)) + "s could also land on " + Plural(strays, "node") + " that " +
                      (strays == 1 ? "does" : "do") + " not qualify: " + misses.counted + " (" + misses.named + ")";
    const auto selector = SeparatingSelector(nodes);
    finding.remedy = selector ? "exclude " + std::string(strays == 1 ? "it" : "them") + " with nodeSelector {" + *selector + "}"
                              : "label the nodes that qualify and select them with nodeSelector, or taint the others";
    finding.subjects = std::move(misses.nodes);
    context.Add(rule, std::move(finding));
  }
}

}  // namespace dm::requirements

// Room on the nodes: are there enough of them, large enough, that can take the pods at all.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "dm/requirements/capacity.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

std::string SizeText(const RoleNodes& nodes) { return nodes.cpu.ToString() + " CPU and " + nodes.memory.ToString() + " of memory"; }

// The qualifying node that comes nearest to holding one pod and does not.
const Candidate* NearestMiss(const RoleNodes& nodes) {
  const Candidate* nearest = nullptr;
  kube::api::Quantity most;
  for (const Candidate& candidate : nodes.candidates) {
    if (!candidate.kind || !candidate.size_known || candidate.fits_now > 0) continue;
    const kube::api::Quantity cpu = nodes.OfferOf(candidate).cpu;
    if (nearest != nullptr && cpu <= most) continue;
    nearest = &candidate;
    most = cpu;
  }
  return nearest;
}

void AddShortage(Rule rule, Context& context, Finding finding) {
  if (context.policy.capacity_deny) {
    context.Add(rule, std::move(finding), Severity::kDeny);
  } else {
    context.Add(rule, std::move(finding));
  }
}

Finding About(Role role, std::int64_t missing) {
  Finding finding;
  finding.role = role;
  finding.field = PathOf(role);
  finding.shape = Shape::kForbidden;
  finding.shortfall = Shortfall::Count(std::max<std::int64_t>(1, missing));
  return finding;
}

// A node without the label of a hard spread takes no pod, whatever its size: said, since nothing else gives it away.
std::string MissingLabel(const RoleNodes& nodes) {
  for (const auto& spread : nodes.pods->pod.topology_spread) {
    if (!spread.hard) continue;
    const auto lacking = std::count_if(nodes.candidates.begin(), nodes.candidates.end(), [&](const Candidate& c) {
      return c.kind && !LabelOf(*c.node, spread.topology_key);
    });
    if (lacking == 0) continue;
    return "; " + Plural(lacking, "node") + (lacking == 1 ? " lacks" : " lack") + " the label " +
           base::Printable(spread.topology_key, 100) + ", which topologySpreadConstraints ask for";
  }
  return {};
}

// What keeps the pods apart besides hosts, and how far it goes: more nodes in the same zones help nobody.
std::string DomainsWord(const RoleNodes& nodes, bool& too_few) {
  std::string text;
  too_few = false;
  for (const std::string& key : nodes.spreading.exclusive) {
    if (key == kNodeItself || key == kHostnameLabel) continue;
    std::set<std::string_view> domains;
    for (const Candidate& candidate : nodes.candidates) {
      if (!candidate.kind) continue;
      if (const auto value = LabelOf(*candidate.node, key)) domains.insert(*value);
    }
    text += "; podAntiAffinity allows one pod per value of " + base::Printable(key, 100) + ", and the qualifying nodes have " +
            std::to_string(domains.size()) + " of them";
    too_few = too_few || static_cast<int>(domains.size()) < nodes.replicas;
  }
  return text;
}

void ReportTooSmall(Rule rule, Context& context, const RoleNodes& nodes, std::int64_t room) {
  Finding finding = About(nodes.role, nodes.replicas - room);
  const auto fitting = std::count_if(nodes.candidates.begin(), nodes.candidates.end(),
                                     [](const Candidate& c) { return c.kind && (c.fits_now > 0 || !c.size_known); });
  finding.found = "room for " + std::to_string(room);
  finding.required = "room for " + std::to_string(nodes.replicas);
  const bool apart = std::any_of(nodes.spreading.exclusive.begin(), nodes.spreading.exclusive.end(),
                                 [](const std::string& key) { return key == kNodeItself || key == kHostnameLabel; });
  const bool ports = nodes.pods->pod.SharesHostPort(nodes.pods->pod);
  finding.message = "only " + std::to_string(room) + " of " + Plural(nodes.replicas, RoleTitle(nodes.role)) + " fit" +
                    (nodes.free ? " beside what runs" : "") + ": each takes " + SizeText(nodes) + (apart ? " on a host of its own" : "") + (ports ? ", as it takes ports of the host (hostNetwork or hostPort)" : "");
  std::string held = ", and " + std::to_string(fitting) + " of " +
                     Plural(nodes.qualified, "qualifying node") + (fitting == 1 ? " holds one" : " hold one");
  if (const Candidate* miss = NearestMiss(nodes)) {
    const Offer offer = nodes.OfferOf(*miss);
    finding.subjects = {miss->node->node->meta.name};
    held += " (nearest: " + miss->node->node->meta.name + " with " + offer.cpu.ToString() + " CPU and " + offer.memory.ToString() +
            (nodes.free ? " free)" : ")");
  }
  bool too_few = false;
  const std::string domains = DomainsWord(nodes, too_few);
  if (nodes.free) {
    finding.message += domains + MissingLabel(nodes);
    finding.moment = std::move(held);          // pods come and go
    finding.remedy = "free some room, or add nodes of that size, unless an autoscaler will";
  } else {
    finding.message += held + domains + MissingLabel(nodes);
    finding.remedy = std::string(too_few ? "add nodes of that size with other values of it" : "add nodes of that size") + ", unless an autoscaler will";
  }
  AddShortage(rule, context, std::move(finding));
}

// Required affinity to pods that are not this cluster's: where those stand is not known.
bool NearOthers(Context& context, const RoleNodes& nodes) {
  if (nodes.pods->pod.required_affinity.empty()) return false;
  return std::none_of(kRoles.begin(), kRoles.end(), [&](const Role role) {
    const desired::RolePods* pods = context.Pods(role);
    return pods != nullptr && AttractsAll(nodes.pods->pod, pods->pod.labels, nodes.home);
  });
}

// All fit, but not however they come: the scheduler takes pods as they come and prefers the roomiest node.
void ReportLuck(Rule rule, Context& context, const Shared& shared, Finding finding) {
  finding.key = "order";
  finding.message = "there is room for all pods, but whether they find it depends on the order in which they are scheduled: in one order " +
                    std::to_string(shared.placed) + " of " + Plural(shared.replicas, RoleTitle(shared.role)) + " do";
  finding.remedy = "leave some room more, or give each role nodes of its own with nodeSelector";
  context.AddInfo(rule, std::move(finding));
}

}  // namespace

void CheckNodeCapacity(Rule rule, Context& context) {
  if (!context.view.nodes_known) return context.NotCheck(rule, "no data on nodes was given");
  std::vector<const RoleNodes*> fit;       // those that fit alone
  bool judged = false;
  for (const Role role : kRoles) {
    const desired::RolePods* pods = context.Pods(role);
    if (pods == nullptr || pods->replicas <= 0) continue;
    const RoleNodes& nodes = context.Nodes(role);
    const bool judges = context.JudgesNodes(role);
    judged = judged || judges;
    if (nodes.candidates.empty() || context.KindShort(role)) continue;   // NoCandidates, NodesForRole
    if (judges && NearOthers(context, nodes)) {
      context.NotCheck(rule, "which nodes the " + std::string(RoleTitle(role)) + "s may use beside the pods that podAffinity asks for is not known");
    }
    if (!nodes.every_size_known) context.NotCheck(rule, "some nodes do not say what they can allocate");
    const std::int64_t room = Placeable(nodes, Count::kQualified, Measure::kOffered);
    if (room >= nodes.replicas) {
      fit.push_back(&nodes);
    } else if (judges) {
      ReportTooSmall(rule, context, nodes, room);
    }
  }
  if (!judged) return;
  if (context.policy.capacity_free && !context.view.usage_known) {
    // What does not fit by allocatable does not fit beside pods either, so that is still said.
    const std::string& missing = context.view.usage_missing;
    context.NotCheck(rule, "the policy measures what is free, and " + (missing.empty() ? "no data on pods was given" : missing) +
                               ": judged by allocatable");
  }
  if (const auto shared = SharedShortage(fit)) {
    Finding finding = About(shared->role, shared->replicas - shared->placed);
    if (shared->by_luck) return ReportLuck(rule, context, *shared, std::move(finding));
    finding.key = "shared";
    finding.found = "room for " + std::to_string(shared->placed);
    finding.required = "room for " + std::to_string(shared->replicas);
    const bool free = context.Nodes(shared->role).free;
    finding.message = std::string("beside ") + (free ? "what runs and " : "") + "the pods of the other roles only " + std::to_string(shared->placed) + " of " +
                      Plural(shared->replicas, RoleTitle(shared->role)) + " find a place (each takes " +
                      SizeText(context.Nodes(shared->role)) + ")";
    finding.remedy = "add nodes, or larger ones, unless an autoscaler will";
    AddShortage(rule, context, std::move(finding));
  }
}

void CheckNoCandidates(Rule rule, Context& context) {
  if (!context.view.nodes_known) return context.NotCheck(rule, "no data on nodes was given");
  for (const Role role : kRoles) {
    if (!context.JudgesNodes(role)) continue;
    const RoleNodes& nodes = context.Nodes(role);
    if (!nodes.candidates.empty()) continue;
    Finding finding = About(role, nodes.replicas);
    finding.required = "a node that can take the pods";
    std::vector<std::string> why;
    const auto count = [&](Exclusion exclusion, std::string_view one, std::string_view many) {
      const int number = nodes.Excluded(exclusion);
      if (number > 0) why.push_back(std::to_string(number) + " " + std::string(number == 1 ? one : many));
    };
    count(Exclusion::kNotReady, "is not Ready", "are not Ready");
    count(Exclusion::kUnschedulable, "is unschedulable", "are unschedulable");
    count(Exclusion::kSelector, "is excluded by node selector or affinity", "are excluded by node selector or affinity");
    count(Exclusion::kTaint, "has a taint that is not tolerated", "have a taint that is not tolerated");
    finding.message = context.view.nodes.empty()
                          ? "the cluster has no nodes"
                          : "no node can take a " + std::string(RoleTitle(role)) + " now: " + base::Join(why, ", ");
    if (!nodes.excluding_taint.empty()) finding.message += " (" + base::Printable(nodes.excluding_taint, 100) + ")";
    finding.remedy = "add a node that can, or widen the pods' node selector, affinity or tolerations";
    AddShortage(rule, context, std::move(finding));
  }
}

}  // namespace dm::requirements

#include "dm/requirements/candidates.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace dm::requirements {

namespace {

using kube::api::PodSpec;
using kube::api::Quantity;

const kube::api::Taint kUnschedulable{"node.kubernetes.io/unschedulable", "", "NoSchedule"};

// How often `pod` goes into `room`.
std::int64_t Times(Quantity room, Quantity pod) {
  if (pod.IsZero() || pod.IsNegative()) return std::numeric_limits<int>::max();
  if (room < pod) return 0;
  return static_cast<std::int64_t>(std::min<kube::api::Int128>(room.nano() / pod.nano(), std::numeric_limits<int>::max()));
}

bool InNamespaces(const kube::api::PodAffinityTerm& term, const std::string& ns) {
  return term.namespaces.empty() || std::find(term.namespaces.begin(), term.namespaces.end(), ns) != term.namespaces.end();
}

// Why the node can take no pod; nullopt when it can.
std::optional<Exclusion> Excludes(const kube::api::Node& node, const PodSpec& pod, const kube::api::Taint*& taint) {
  if (!node.ready) return Exclusion::kNotReady;
  if (node.unschedulable && std::none_of(pod.tolerations.begin(), pod.tolerations.end(),
                                         [](const auto& t) { return t.Tolerates(kUnschedulable); })) {
    return Exclusion::kUnschedulable;
  }
  if (!pod.node_name.empty() && pod.node_name != node.meta.name) return Exclusion::kSelector;
  if (!pod.SelectsNode(node)) return Exclusion::kSelector;
  taint = pod.UntoleratedTaint(node);
  if (taint != nullptr) return Exclusion::kTaint;
  return std::nullopt;
}

// How many of the role's pods a candidate holds; 0 for one that is not asked for.
std::int64_t Room(const RoleNodes& nodes, const Candidate& candidate, Count which, Measure measure) {
  if (which == Count::kQualified && !candidate.kind) return 0;
  return measure == Measure::kHosts || !candidate.size_known ? nodes.replicas : candidate.fits;
}

// Values of an exclusive topology key: each holds one pod. Counting stops at what is wanted, so large clusters cost little.
std::int64_t DistinctDomains(const RoleNodes& nodes, const std::string& key, Count which, Measure measure) {
  std::set<std::string_view> seen;
  for (const Candidate& candidate : nodes.candidates) {
    if (Room(nodes, candidate, which, measure) > 0) seen.insert(DomainOf(*candidate.node, key));
    if (static_cast<std::int64_t>(seen.size()) >= nodes.replicas) break;
  }
  return static_cast<std::int64_t>(seen.size());
}

using Domains = std::map<std::string_view, std::int64_t>;      // room by value of the topology key

Domains RoomByDomain(const RoleNodes& nodes, const std::string& key, Count which, Measure measure) {
  Domains domains;
  for (const Candidate& candidate : nodes.candidates) {
    if (which == Count::kQualified && !candidate.kind) continue;
    domains[DomainOf(*candidate.node, key)] += Room(nodes, candidate, which, measure);
  }
  return domains;
}

// Hard spread lets a domain hold at most `skew` more than the emptiest one; with fewer domains than minDomains the
// emptiest counts as holding none.
std::int64_t SpreadRoom(const kube::api::TopologySpread& spread, const Domains& domains) {
  if (domains.empty()) return 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const auto& [value, room] : domains) least = std::min(least, room);
  if (static_cast<int>(domains.size()) < spread.min_domains) least = 0;
  std::int64_t sum = 0;
  for (const auto& [value, room] : domains) sum += std::min(room, least + spread.max_skew);
  return sum;
}

}  // namespace

bool Repels(const PodSpec& pod, const PodSpec& other, const std::string& ns) {
  return std::any_of(pod.required_anti_affinity.begin(), pod.required_anti_affinity.end(), [&](const auto& term) {
    return InNamespaces(term, ns) && term.selector.Matches(other.labels);
  });
}

Spreading SpreadingOf(const PodSpec& pod, const std::string& ns) {
  Spreading spreading;
  for (const auto& term : pod.required_anti_affinity) {
    if (InNamespaces(term, ns) && term.selector.Matches(pod.labels)) spreading.exclusive.push_back(term.topology_key);
  }
  for (const auto& spread : pod.topology_spread) {
    if (spread.hard && spread.selector.Matches(pod.labels)) spreading.hard.push_back(spread);
  }
  return spreading;
}

std::string_view DomainOf(const NodeView& node, const std::string& topology_key) {
  const auto label = node.node->meta.labels.find(topology_key);
  if (label != node.node->meta.labels.end() && !label->second.empty()) return label->second;
  return node.node->meta.name;
}

Quantity OfferedCpu(const NodeView& node, const Policy& policy) {
  const Quantity all = node.node->cpu.value_or(Quantity());
  return policy.capacity_free && node.used_cpu ? all - *node.used_cpu : all;
}

Quantity OfferedMemory(const NodeView& node, const Policy& policy) {
  const Quantity all = node.node->memory.value_or(Quantity());
  return policy.capacity_free && node.used_memory ? all - *node.used_memory : all;
}

RoleNodes SurveyNodes(const desired::RolePods* pods, const std::string& ns, const ClusterView& view, const Policy& policy,
                      const Effective& effective, const KindWeights& weights) {
  RoleNodes survey;
  if (pods == nullptr) return survey;
  survey.deployed = true;
  survey.role = pods->role;
  survey.replicas = pods->replicas;
  survey.spreading = SpreadingOf(pods->pod, ns);
  survey.cpu = pods->pod.TotalCpu();
  survey.memory = pods->pod.TotalMemory();
  survey.candidates.reserve(view.nodes.size());
  for (const auto& node : view.nodes) {
    const kube::api::Taint* taint = nullptr;
    if (const auto why = Excludes(*node->node, pods->pod, taint)) {
      ++survey.excluded[static_cast<unsigned>(*why)];
      if (taint != nullptr && survey.excluding_taint.empty()) {
        survey.excluding_taint = taint->key + (taint->value.empty() ? "" : "=" + taint->value) + ":" + taint->effect;
      }
      continue;
    }
    Candidate candidate;
    candidate.node = node.get();
    candidate.faults = FaultsOf(*node, pods->role, effective.environment);
    candidate.kind = weights.Qualifies(candidate.faults);
    candidate.size_known = node->node->cpu.has_value() && node->node->memory.has_value();
    candidate.fits = std::min(Times(OfferedCpu(*node, policy), survey.cpu), Times(OfferedMemory(*node, policy), survey.memory));
    if (candidate.kind) ++survey.qualified;
    if (!candidate.size_known) survey.every_size_known = false;
    survey.candidates.push_back(candidate);
  }
  return survey;
}

std::int64_t Placeable(const RoleNodes& nodes, Count which, Measure measure) {
  const std::int64_t wanted = nodes.replicas;
  std::int64_t room = 0;
  for (const Candidate& candidate : nodes.candidates) {
    room += std::min(Room(nodes, candidate, which, measure), wanted);
    if (room >= wanted) break;
  }
  for (const std::string& key : nodes.spreading.exclusive) room = std::min(room, DistinctDomains(nodes, key, which, measure));
  for (const auto& spread : nodes.spreading.hard) {
    room = std::min(room, SpreadRoom(spread, RoomByDomain(nodes, spread.topology_key, which, measure)));
  }
  return std::min(room, wanted);
}

}  // namespace dm::requirements

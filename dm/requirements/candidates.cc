#include "dm/requirements/candidates.h"

#include <algorithm>
#include <limits>

namespace dm::requirements {

namespace {

using kube::api::PodSpec;
using kube::api::Quantity;

// How often `pod` goes into `room`. A division of 128 bits is dear for thousands of nodes: the quotient of doubles is
// exact wherever it is not close to a whole number.
std::int32_t Times(Quantity room, Quantity pod) {
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  if (pod.IsZero() || pod.IsNegative()) return kMost;
  if (room < pod) return 0;
  const double ratio = static_cast<double>(room.nano()) / static_cast<double>(pod.nano());
  if (ratio < 1e6) {                                     // the error is below 1e-9 here
    const auto whole = static_cast<std::int32_t>(ratio);
    const double rest = ratio - whole;
    if (rest > 1e-6 && rest < 1 - 1e-6) return whole;
  }
  return static_cast<std::int32_t>(std::min<kube::api::Int128>(room.nano() / pod.nano(), kMost));
}

bool InNamespaces(const kube::api::PodAffinityTerm& term, const std::string& ns) {
  return term.namespaces.empty() || std::find(term.namespaces.begin(), term.namespaces.end(), ns) != term.namespaces.end();
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

Quantity OfferedCpu(const NodeView& node, const Policy& policy) {
  return policy.capacity_free && node.used_cpu ? node.cpu - *node.used_cpu : node.cpu;
}

Quantity OfferedMemory(const NodeView& node, const Policy& policy) {
  return policy.capacity_free && node.used_memory ? node.memory - *node.used_memory : node.memory;
}

int RoleNodes::WithFault(KindFault fault, bool qualifying) const {
  int count = 0;
  for (unsigned faults = 0; faults < by_faults.size(); ++faults) {
    if (Has(static_cast<FaultSet>(faults), fault) && ((faults & denying) == 0) == qualifying) count += by_faults[faults];
  }
  return count;
}

RoleNodes SurveyNodes(const desired::RolePods* pods, const std::string& ns, const ClusterView& view,
                      std::shared_ptr<const NodeGroups> groups, const Policy& policy, const Effective& effective,
                      const KindWeights& weights) {
  RoleNodes survey;
  if (pods == nullptr) return survey;
  survey.deployed = true;
  survey.role = pods->role;
  survey.replicas = pods->replicas;
  survey.spreading = SpreadingOf(pods->pod, ns);
  survey.cpu = pods->pod.TotalCpu();
  survey.memory = pods->pod.TotalMemory();
  survey.groups = std::move(groups);
  survey.denying = weights.denying;
  survey.candidates.reserve(view.nodes.size());
  PodFilter filter(pods->pod, *survey.groups);
  for (std::uint32_t index = 0; index < view.nodes.size(); ++index) {
    const NodeView& node = *view.nodes[index];
    const std::uint32_t group = survey.groups->of[index];
    if (const auto why = filter.Excludes(node, group)) {
      ++survey.excluded[static_cast<unsigned>(*why)];
      if (*why == Exclusion::kTaint && survey.excluding_taint.empty()) {
        const kube::api::Taint& taint = *pods->pod.UntoleratedTaint(*node.node);
        survey.excluding_taint = taint.key + (taint.value.empty() ? "" : "=" + taint.value) + ":" + taint.effect;
      }
      continue;
    }
    Candidate candidate;
    candidate.node = &node;
    candidate.index = index;
    candidate.group = group;
    candidate.faults = FaultsOf(node, pods->role, effective.environment);
    candidate.kind = weights.Qualifies(candidate.faults);
    candidate.size_known = node.size_known;
    candidate.fits = std::min(Times(OfferedCpu(node, policy), survey.cpu), Times(OfferedMemory(node, policy), survey.memory));
    ++survey.by_faults[candidate.faults];
    if (candidate.kind) ++survey.qualified;
    if (!candidate.size_known) survey.every_size_known = false;
    survey.candidates.push_back(candidate);
  }
  return survey;
}

}  // namespace dm::requirements

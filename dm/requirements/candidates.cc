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

Home PlainHome(const std::string& ns) {
  const std::string name = ns.empty() ? "default" : ns;
  return {name, {{"kubernetes.io/metadata.name", name}}};
}

void AddKeys(const PodSpec& pod, const PodSpec& other, const Home& home, std::vector<std::string>& keys) {
  for (const auto& term : pod.required_anti_affinity) {
    if (!InNamespaces(term, home) || !term.selector.Matches(other.labels)) continue;
    if (std::find(keys.begin(), keys.end(), term.topology_key) == keys.end()) keys.push_back(term.topology_key);
  }
}

void AddPorts(const PodSpec& pod, const PodSpec& other, std::vector<std::string>& keys) {
  if (pod.SharesHostPort(other)) keys.emplace_back(kNodeItself);
}

}  // namespace

Home HomeOf(const ClusterView& view, const std::string& ns) {
  Home home = PlainHome(ns);
  const auto known = view.namespaces.find(home.ns);
  if (known != view.namespaces.end()) home.labels.insert(known->second.begin(), known->second.end());
  return home;
}

bool InNamespaces(const kube::api::PodAffinityTerm& term, const Home& home) {
  if (term.namespaces.empty() && !term.namespace_selector) return true;
  if (std::find(term.namespaces.begin(), term.namespaces.end(), home.ns) != term.namespaces.end()) return true;
  return term.namespace_selector && term.namespace_selector->Matches(home.labels);
}

std::vector<std::string> RepelledBy(const RoleNodes& one, const RoleNodes& other) {
  std::vector<std::string> keys;
  AddKeys(one.pods->pod, other.pods->pod, one.home, keys);
  AddKeys(other.pods->pod, one.pods->pod, one.home, keys);
  AddPorts(one.pods->pod, other.pods->pod, keys);
  return keys;
}

bool Repels(const PodSpec& pod, const PodSpec& other, const Home& home) {
  return std::any_of(pod.required_anti_affinity.begin(), pod.required_anti_affinity.end(), [&](const auto& term) {
    return InNamespaces(term, home) && term.selector.Matches(other.labels);
  });
}

bool AttractsAll(const PodSpec& pod, const kube::api::Labels& others, const Home& home) {
  return std::all_of(pod.required_affinity.begin(), pod.required_affinity.end(),
                     [&](const auto& term) { return InNamespaces(term, home) && term.selector.Matches(others); });
}

Spreading SpreadingOf(const PodSpec& pod, const Home& home) {
  Spreading spreading;
  AddKeys(pod, pod, home, spreading.exclusive);
  AddPorts(pod, pod, spreading.exclusive);
  for (const auto& spread : pod.topology_spread) {
    if (spread.hard && spread.selector.Matches(pod.labels)) spreading.hard.push_back(spread);
  }
  return spreading;
}

Offer RoleNodes::OfferOf(const Candidate& candidate, Measure measure) const {
  Offer offer{candidate.node->cpu, candidate.node->memory, candidate.node->pods};
  const NodeUsage* usage = free && measure == Measure::kOffered ? view->usage[candidate.index].get() : nullptr;
  if (usage == nullptr) return offer;
  const Reserved others = usage->ByOthers(cluster);
  return {offer.cpu - others.cpu, offer.memory - others.memory, offer.pods - others.pods};
}

int RoleNodes::WithFault(KindFault fault, bool qualifying) const {
  int count = 0;
  for (unsigned faults = 0; faults < by_faults.size(); ++faults) {
    if (Has(static_cast<FaultSet>(faults), fault) && ((faults & denying) == 0) == qualifying) count += by_faults[faults];
  }
  return count;
}

namespace {

std::int32_t Fits(const Offer& offer, const RoleNodes& role) {
  const std::int32_t fits = std::min(Times(offer.cpu, role.cpu), Times(offer.memory, role.memory));
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(offer.pods, 0, fits));
}

}  // namespace

RoleNodes SurveyNodes(const desired::RolePods* pods, const std::string& ns, const ClusterView& view,
                      std::shared_ptr<const NodeGroups> groups, const Policy& policy, const Effective& effective,
                      const KindWeights& weights) {
  RoleNodes survey;
  if (pods == nullptr) return survey;
  survey.deployed = true;
  survey.role = pods->role;
  survey.replicas = pods->replicas;
  survey.pods = pods;
  survey.view = &view;
  survey.home = HomeOf(view, ns);
  survey.cluster = OwnerOf(survey.home.ns, pods->pod.labels);
  survey.free = policy.capacity_free && view.usage_known;
  survey.spreading = SpreadingOf(pods->pod, survey.home);
  survey.cpu = pods->pod.TotalCpu();
  survey.memory = pods->pod.TotalMemory();
  survey.groups = std::move(groups);
  survey.denying = weights.denying;
  survey.candidates.reserve(view.nodes.size());
  PodFilter filter(pods->pod, *survey.groups);
  survey.of_lot.resize(survey.groups->lots());
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
    Candidate& candidate = survey.of_lot[survey.groups->lot_of[index]];
    if (candidate.node == nullptr) {
      candidate.group = group;
      candidate.faults = FaultsOf(node, pods->role, effective.environment);
      candidate.kind = weights.Qualifies(candidate.faults);
      candidate.size_known = node.size_known;
      candidate.fits = Fits({node.cpu, node.memory, node.pods}, survey);
    }
    candidate.node = &node;
    candidate.index = index;
    candidate.fits_now = survey.free && view.usage[index] ? Fits(survey.OfferOf(candidate), survey) : candidate.fits;
    ++survey.by_faults[candidate.faults];
    if (candidate.kind) ++survey.qualified;
    if (!candidate.size_known) survey.every_size_known = false;
    survey.candidates.push_back(candidate);
  }
  return survey;
}

}  // namespace dm::requirements

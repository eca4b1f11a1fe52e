// Which nodes can take a role's pods now (candidates), and how many pods the scheduler could place on them.
// Follows the scheduler's filters: Ready, unschedulable, node selector and required affinity, taints; then
// anti-affinity against its own kind and hard topology spread. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dm/desired/render.h"
#include "dm/requirements/kind.h"
#include "dm/requirements/node_groups.h"
#include "dm/requirements/policy.h"
#include "dm/requirements/view.h"

namespace dm::requirements {

enum class Count { kAll, kQualified };
// kHosts: any node holds any number of pods. kSize: as many as its allocatable does, which does not pass. kOffered: as many as
// what the policy measures does.
enum class Measure { kHosts, kSize, kOffered };

struct Candidate {            // small: there are thousands
  const NodeView* node = nullptr;
  std::uint32_t index = 0;    // of the node in the view
  std::uint32_t group = 0;    // of nodes that are alike
  std::int32_t fits = 0;      // how many of the role's pods its allocatable holds
  std::int32_t fits_now = 0;  // … and what it offers under the policy's measure: the same, or less under `free`
  FaultSet faults = 0;
  bool kind = false;          // qualifies by kind
  bool size_known = false;    // the node says what it can allocate
};

// How a role's pods keep away from each other.
struct Spreading {
  // One pod a value: topology keys of required anti-affinity against itself, and kNodeItself where they want ports of the node.
  std::vector<std::string> exclusive;
  std::vector<kube::api::TopologySpread> hard;
  bool Apart() const { return !exclusive.empty(); }   // by whatever key: at most one pod a domain
};
// The namespace that the pods live in.
struct Home {
  std::string ns;
  kube::api::Labels labels;
};
Home HomeOf(const ClusterView& view, const std::string& ns);
bool InNamespaces(const kube::api::PodAffinityTerm& term, const Home& home);
Spreading SpreadingOf(const kube::api::PodSpec& pod, const Home& home);
// Does the first pod's required anti-affinity keep the second one away from its domain?
bool Repels(const kube::api::PodSpec& pod, const kube::api::PodSpec& other, const Home& home);
// Do pods with these labels, in the same namespace, match every term of its required affinity? The scheduler counts no others.
bool AttractsAll(const kube::api::PodSpec& pod, const kube::api::Labels& others, const Home& home);

// How many of the role's pods the candidate holds by that measure, where it says what it can allocate.
inline std::int32_t FitsOf(const Candidate& candidate, Measure measure) {
  return measure == Measure::kOffered ? candidate.fits_now : candidate.fits;
}
// What a node has for pods under the policy's measure; below zero where more is reserved than there is.
struct Offer {
  kube::api::Quantity cpu, memory;
  std::int64_t pods = 0;
};

struct RoleNodes {
  bool deployed = false;
  const desired::RolePods* pods = nullptr;     // never null when deployed, as `view`
  const ClusterView* view = nullptr;
  Home home;
  std::string cluster;                         // namespace/name, as OwnerOf says it of a pod
  bool free = false;                           // what others reserve on the nodes is taken away
  Role role = Role::kMaster;
  int replicas = 0;
  Spreading spreading;
  kube::api::Quantity cpu, memory;        // of one whole pod, sidecars included
  std::vector<Candidate> candidates;      // in the view's order: by name
  std::shared_ptr<const NodeGroups> groups;
  std::vector<Candidate> of_lot;          // one of each lot of the groups; without a node where none of it is a candidate
  int qualified = 0;                      // of the candidates, by kind
  FaultSet denying = 0;                   // the faults that disqualify
  std::array<int, 1u << kKindFaults> by_faults{};      // candidates by the set of their faults
  std::array<int, static_cast<unsigned>(Exclusion::kCount)> excluded{};
  std::string excluding_taint;            // the first one met
  bool every_size_known = true;

  int Excluded(Exclusion why) const { return excluded[static_cast<unsigned>(why)]; }
  Offer OfferOf(const Candidate& candidate, Measure measure = Measure::kOffered) const;
  // Candidates with the fault, of those that qualify or of those that do not.
  int WithFault(KindFault fault, bool qualifying) const;
};

// `groups` are the view's, told apart once for all roles.
RoleNodes SurveyNodes(const desired::RolePods* pods, const std::string& ns, const ClusterView& view,
                      std::shared_ptr<const NodeGroups> groups, const Policy& policy, const Effective& effective,
                      const KindWeights& weights);

// How many of the role's pods could be placed, at most `replicas`.
std::int64_t Placeable(const RoleNodes& nodes, Count which, Measure measure);

// The topology keys by whose domains a pod of the one role and one of the other keep apart; kNodeItself for a port of the node
// that both want.
std::vector<std::string> RepelledBy(const RoleNodes& one, const RoleNodes& other);

}  // namespace dm::requirements

// Which nodes can take a role's pods now (candidates), and how many pods the scheduler could place on them.
// Follows the scheduler's filters: Ready, unschedulable, node selector and required affinity, taints; then
// anti-affinity against its own kind and hard topology spread. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dm/desired/render.h"
#include "dm/requirements/kind.h"
#include "dm/requirements/policy.h"
#include "dm/requirements/view.h"

namespace dm::requirements {

struct Candidate {
  const NodeView* node = nullptr;
  FaultSet faults = 0;
  bool kind = false;          // qualifies by kind
  bool size_known = false;    // the node says what it can allocate
  std::int64_t fits = 0;      // how many of the role's pods its allocatable holds
};

enum class Exclusion : unsigned { kNotReady, kUnschedulable, kSelector, kTaint, kCount };

// How a role's pods keep away from each other.
struct Spreading {
  std::vector<std::string> exclusive;     // topology keys of required anti-affinity against itself: one pod a value
  std::vector<kube::api::TopologySpread> hard;
  bool OneAHost() const { return !exclusive.empty(); }
};
Spreading SpreadingOf(const kube::api::PodSpec& pod, const std::string& ns);
// Does the first pod's required anti-affinity keep the second one away from its domain?
bool Repels(const kube::api::PodSpec& pod, const kube::api::PodSpec& other, const std::string& ns);

struct RoleNodes {
  bool deployed = false;
  Role role = Role::kMaster;
  int replicas = 0;
  Spreading spreading;
  kube::api::Quantity cpu, memory;        // of one whole pod, sidecars included
  std::vector<Candidate> candidates;      // in the view's order: by name
  int qualified = 0;                      // of the candidates, by kind
  std::array<int, static_cast<unsigned>(Exclusion::kCount)> excluded{};
  std::string excluding_taint;            // the first one met
  bool every_size_known = true;

  int Excluded(Exclusion why) const { return excluded[static_cast<unsigned>(why)]; }
};

RoleNodes SurveyNodes(const desired::RolePods* pods, const std::string& ns, const ClusterView& view,
                      const Policy& policy, const Effective& effective, const KindWeights& weights);

enum class Count { kAll, kQualified };
enum class Measure { kHosts, kSize };     // kHosts: any node holds any number of pods
// How many of the role's pods could be placed, at most `replicas`.
std::int64_t Placeable(const RoleNodes& nodes, Count which, Measure measure);

// The value of a topology key on a node, a view into it; a node without the label is a domain of its own, by its name.
std::string_view DomainOf(const NodeView& node, const std::string& topology_key);
// What the node offers under the policy's measure.
kube::api::Quantity OfferedCpu(const NodeView& node, const Policy& policy);
kube::api::Quantity OfferedMemory(const NodeView& node, const Policy& policy);

}  // namespace dm::requirements

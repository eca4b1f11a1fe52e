#include "dm/requirements/capacity.h"

#include <algorithm>
#include <unordered_set>

#include "dm/requirements/seating.h"

namespace dm::requirements {

namespace {

using Order = std::vector<const RoleNodes*>;

constexpr std::string_view kHostname = "kubernetes.io/hostname";

bool Holds(const Candidate& candidate) { return candidate.kind && (candidate.fits_now > 0 || !candidate.size_known); }

// Of the nodes that qualify and hold a pod of the role, as many as are wanted, on as many hosts if they must be.
bool HasHosts(const RoleNodes& role, std::int64_t wanted, bool apart) {
  const std::string key(kHostname);
  std::unordered_set<std::string_view> hosts;
  std::int64_t nodes = 0;
  for (const Candidate& candidate : role.candidates) {
    if (!Holds(candidate)) continue;
    ++nodes;
    if (apart) hosts.insert(DomainOf(*candidate.node, key));
    if ((apart ? static_cast<std::int64_t>(hosts.size()) : nodes) >= wanted) return true;
  }
  return false;
}

// Does every pod find a place when each has a host of its own? Then how they are placed does not matter.
bool OneEachSuffices(const Order& roles) {
  std::int64_t pods = 0;
  bool apart = false;
  for (const RoleNodes* role : roles) {
    pods += role->replicas;
    const auto& pod = role->pods->pod;
    if (NeedsSeating(*role)) return false;
    for (const auto& term : pod.required_anti_affinity) {
      if (term.topology_key != kHostname) return false;
      apart = true;
    }
  }
  return std::all_of(roles.begin(), roles.end(), [&](const RoleNodes* role) { return HasHosts(*role, pods, apart); });
}

std::optional<Shared> Try(const Order& order, bool tight) {
  const auto placed = Seat(order, {.measure = Measure::kOffered, .tight = tight});
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (placed[i] < order[i]->replicas) return Shared{order[i]->role, placed[i], order[i]->replicas};
  }
  return std::nullopt;
}

}  // namespace

Measure MeasureOfKind(const RoleNodes& nodes) {
  return nodes.spreading.Apart() || !nodes.spreading.hard.empty() ? Measure::kHosts : Measure::kSize;
}

bool KindShort(const RoleNodes& nodes) {
  if (nodes.candidates.empty() || nodes.replicas <= 0) return false;
  if (nodes.qualified == 0) return true;
  if (nodes.qualified == static_cast<int>(nodes.candidates.size())) return false;
  const Measure measure = MeasureOfKind(nodes);
  return Placeable(nodes, Count::kQualified, measure) < nodes.replicas &&
         Placeable(nodes, Count::kAll, measure) >= nodes.replicas;
}

std::optional<Shared> SharedShortage(const std::vector<const RoleNodes*>& roles) {
  if (roles.size() < 2 || OneEachSuffices(roles)) return std::nullopt;
  Order large_first = roles;
  std::stable_sort(large_first.begin(), large_first.end(), [](const auto* a, const auto* b) { return a->cpu > b->cpu; });
  Order scarce_first = roles;
  std::stable_sort(scarce_first.begin(), scarce_first.end(), [](const auto* a, const auto* b) { return a->qualified < b->qualified; });
  std::vector<const Order*> orders = {&roles};
  if (large_first != roles) orders.push_back(&large_first);
  if (scarce_first != roles && scarce_first != large_first) orders.push_back(&scarce_first);
  std::optional<Shared> shortage;
  bool fits = false;
  for (const bool tight : {false, true}) {
    for (const Order* order : orders) {
      const auto tried = Try(*order, tight);
      if (!tried) {
        fits = true;
        if (tight || shortage) break;        // the one that fits, or by luck: known
      } else if (!shortage) {
        shortage = tried;
        if (fits) break;
      }
    }
    if (fits) break;
  }
  if (shortage) shortage->by_luck = fits;
  return shortage;
}

}  // namespace dm::requirements

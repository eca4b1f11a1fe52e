// How many of a role's pods its candidates hold, under anti-affinity and hard spread. Counting stops at what is wanted, and
// nodes that are alike are asked for their domain once, so that large clusters cost little.
#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "dm/requirements/candidates.h"

namespace dm::requirements {

namespace {

// How many of the role's pods a candidate holds; 0 for one that is not asked for.
std::int64_t Room(const RoleNodes& nodes, const Candidate& candidate, Count which, Measure measure) {
  if (which == Count::kQualified && !candidate.kind) return 0;
  return measure == Measure::kHosts || !candidate.size_known ? nodes.replicas : candidate.fits;
}

// The values of one topology key on the candidates' nodes.
class Domains {
 public:
  Domains(const RoleNodes& nodes, const std::string& key) : key_(key), known_(nodes.groups->first.size()), nodes_(nodes) {}

  // nullopt: each node of the candidate's group is in a domain of its own.
  const std::optional<std::string_view>& OfGroup(std::uint32_t group) {
    Known& known = known_[group];
    if (!known.asked) {
      known.asked = true;
      known.domain = DomainOfGroup(*nodes_.groups->first[group], key_);
    }
    return known.domain;
  }
  std::string_view Of(const Candidate& candidate) const { return DomainOf(*candidate.node, key_); }

 private:
  struct Known {
    bool asked = false;
    std::optional<std::string_view> domain;
  };
  const std::string& key_;
  std::vector<Known> known_;      // by group
  const RoleNodes& nodes_;
};

// Domains with room, at most as many as there are replicas.
std::int64_t DistinctDomains(const RoleNodes& nodes, const std::string& key, Count which, Measure measure) {
  Domains domains(nodes, key);
  std::vector<bool> counted(nodes.groups->first.size());
  std::unordered_set<std::string_view> seen;
  for (const Candidate& candidate : nodes.candidates) {
    if (counted[candidate.group] || Room(nodes, candidate, which, measure) <= 0) continue;
    const auto& shared = domains.OfGroup(candidate.group);
    if (shared) counted[candidate.group] = true;
    seen.insert(shared ? *shared : domains.Of(candidate));
    if (static_cast<std::int64_t>(seen.size()) >= nodes.replicas) break;
  }
  return static_cast<std::int64_t>(seen.size());
}

using RoomByDomain = std::unordered_map<std::string_view, std::int64_t>;

RoomByDomain SumByDomain(const RoleNodes& nodes, const std::string& key, Count which, Measure measure) {
  Domains domains(nodes, key);
  std::vector<std::int64_t*> sums(nodes.groups->first.size());     // a map's values stay where they are
  RoomByDomain room;
  for (const Candidate& candidate : nodes.candidates) {
    if (which == Count::kQualified && !candidate.kind) continue;
    std::int64_t*& sum = sums[candidate.group];
    if (sum != nullptr) {
      *sum += Room(nodes, candidate, which, measure);
    } else if (const auto& shared = domains.OfGroup(candidate.group)) {
      sum = &room[*shared];
      *sum += Room(nodes, candidate, which, measure);
    } else {
      room[domains.Of(candidate)] += Room(nodes, candidate, which, measure);
    }
  }
  return room;
}

// Hard spread lets a domain hold at most `skew` more than the emptiest one; with fewer domains than minDomains the
// emptiest counts as holding none.
std::int64_t SpreadRoom(const RoleNodes& nodes, const kube::api::TopologySpread& spread, Count which, Measure measure) {
  // With as many domains that have room as there are pods, one pod goes into each.
  const std::int64_t distinct = DistinctDomains(nodes, spread.topology_key, which, measure);
  if (spread.max_skew >= 1 && distinct >= nodes.replicas) return nodes.replicas;
  const RoomByDomain domains = SumByDomain(nodes, spread.topology_key, which, measure);
  if (domains.empty()) return 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const auto& [value, room] : domains) least = std::min(least, room);
  if (static_cast<int>(domains.size()) < spread.min_domains) least = 0;
  std::int64_t sum = 0;
  for (const auto& [value, room] : domains) sum += std::min(room, least + spread.max_skew);
  return sum;
}

}  // namespace

std::int64_t Placeable(const RoleNodes& nodes, Count which, Measure measure) {
  const std::int64_t wanted = nodes.replicas;
  std::int64_t room = 0;
  for (const Candidate& candidate : nodes.candidates) {
    room += std::min(Room(nodes, candidate, which, measure), wanted);
    if (room >= wanted) break;
  }
  for (const std::string& key : nodes.spreading.exclusive) room = std::min(room, DistinctDomains(nodes, key, which, measure));
  for (const auto& spread : nodes.spreading.hard) room = std::min(room, SpreadRoom(nodes, spread, which, measure));
  return std::min(room, wanted);
}

}  // namespace dm::requirements

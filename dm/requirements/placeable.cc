// How many of a role's pods its candidates hold. The plain case, of at most one topology key that they keep apart by, is
// counted: counting stops at what is wanted, and nodes that are alike are asked for their domain once, so that large
// clusters cost little. All else is tried.
#include <algorithm>
#include <unordered_set>

#include "dm/requirements/candidates.h"
#include "dm/requirements/seating.h"

namespace dm::requirements {

namespace {

// How many of the role's pods a candidate holds; 0 for one that is not asked for.
std::int64_t Room(const RoleNodes& nodes, const Candidate& candidate, Count which, Measure measure) {
  if (which == Count::kQualified && !candidate.kind) return 0;
  return measure == Measure::kHosts || !candidate.size_known ? nodes.replicas : FitsOf(candidate, measure);
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

 private:
  struct Known {
    bool asked = false;
    std::optional<std::string_view> domain;
  };
  const std::string& key_;
  std::vector<Known> known_;      // by group
  const RoleNodes& nodes_;
};

// Domains with room: each holds one pod. A node without the label is in none, and holds as many as it has room for. Never
// more than there are replicas.
std::int64_t DistinctDomains(const RoleNodes& nodes, const std::string& key, Count which, Measure measure) {
  Domains domains(nodes, key);
  std::vector<bool> counted(nodes.groups->first.size());
  std::unordered_set<std::string_view> seen;
  std::int64_t outside = 0;
  for (const Candidate& candidate : nodes.candidates) {
    if (counted[candidate.group]) continue;
    const std::int64_t room = Room(nodes, candidate, which, measure);
    if (room <= 0) continue;
    if (const auto& shared = domains.OfGroup(candidate.group)) {
      counted[candidate.group] = true;
      seen.insert(*shared);
    } else if (const auto own = LabelOf(*candidate.node, key)) {
      seen.insert(*own);
    } else {
      outside += std::min<std::int64_t>(room, nodes.replicas);
    }
    if (outside + static_cast<std::int64_t>(seen.size()) >= nodes.replicas) return nodes.replicas;
  }
  return outside + static_cast<std::int64_t>(seen.size());
}

}  // namespace

std::int64_t Placeable(const RoleNodes& nodes, Count which, Measure measure) {
  const std::int64_t wanted = nodes.replicas;
  std::int64_t room = 0;
  for (const Candidate& candidate : nodes.candidates) {
    room += std::min(Room(nodes, candidate, which, measure), wanted);
    if (room >= wanted) break;
  }
  room = std::min(room, wanted);
  if (room == 0) return 0;
  if (NeedsSeating(nodes)) return std::min(room, SeatAlone(nodes, which, measure));
  for (const std::string& key : nodes.spreading.exclusive) room = std::min(room, DistinctDomains(nodes, key, which, measure));
  return room;
}

}  // namespace dm::requirements

#include "dm/requirements/seating.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

namespace dm::requirements {

namespace {

using kube::api::Quantity;

constexpr int kNoLabel = -1;
constexpr int kEnough = 100;         // of so many nodes that can take a pod the best is taken; the scheduler does alike

// One hard topology spread of a role, with the pods counted for it.
struct Spread {
  const kube::api::TopologySpread* constraint = nullptr;
  std::size_t key = 0;
  bool counts_self = false;
  std::unordered_map<int, std::int64_t> pods = {}; // by domain; every domain that the scheduler counts has an entry
  std::int64_t least = 0;                          // in the emptiest domain, before the pod that is being placed
};

struct Room {
  Quantity cpu, memory;
  std::int64_t pods = 0;
  int wanted_by = 0;             // roles that could stand here
  bool known = false;
};

struct Guest {
  const RoleNodes* nodes = nullptr;
  std::vector<const Candidate*> choices = {};
  std::vector<std::pair<std::size_t, std::size_t>> repelled_by = {}; // (role, key): their pods in the same domain
  std::vector<std::size_t> drawn_to = {};                            // keys of required affinity
  std::vector<std::size_t> drawn_by = {};                            // roles that all terms of it match
  std::vector<Spread> spreads = {};
};

class Table {
 public:
  // `alone`: the amounts do not count, only how many pods of its role a candidate holds.
  Table(const std::vector<const RoleNodes*>& order, const SeatingRules& rules, bool alone)
      : rules_(rules), alone_(alone), view_(*order.front()->view), rooms_(view_.nodes.size()) {
    for (const RoleNodes* nodes : order) guests_.push_back({.nodes = nodes});
    for (std::size_t role = 0; role < guests_.size(); ++role) Invite(role);
    seated_.assign(guests_.size(), std::vector<std::unordered_map<int, std::int64_t>>(keys_.size()));
    for (Guest& guest : guests_) CountDomains(guest);
  }

  std::int64_t SeatAll(std::size_t role) {
    std::int64_t placed = 0;
    while (placed < guests_[role].nodes->replicas && SeatOne(role)) ++placed;
    return placed;
  }

 private:
  std::size_t KeyIndex(const std::string& key) {
    const auto found = std::find(keys_.begin(), keys_.end(), key);
    if (found != keys_.end()) return static_cast<std::size_t>(found - keys_.begin());
    keys_.push_back(key);
    ids_.emplace_back();
    return keys_.size() - 1;
  }

  int DomainOfNode(const NodeView& node, std::size_t key) {
    const auto label = node.node->meta.labels.find(keys_[key]);
    if (label == node.node->meta.labels.end()) return kNoLabel;
    auto& ids = ids_[key];
    return ids.try_emplace(label->second, static_cast<int>(ids.size())).first->second;
  }

  // What keeps a role's pods away from nodes and other pods.
  void Invite(std::size_t role) {
    Guest& guest = guests_[role];
    const RoleNodes& nodes = *guest.nodes;
    for (std::size_t other = 0; other < guests_.size(); ++other) {
      for (const auto& key : RepelledBy(nodes, *guests_[other].nodes)) guest.repelled_by.emplace_back(other, KeyIndex(key));
    }
    const auto& terms = nodes.pods->pod.required_affinity;
    for (const auto& term : terms) guest.drawn_to.push_back(KeyIndex(term.topology_key));
    for (std::size_t other = 0; other < guests_.size(); ++other) {
      const auto& labels = guests_[other].nodes->pods->pod.labels;
      const bool all = std::all_of(terms.begin(), terms.end(), [&](const auto& term) {
        return InNamespaces(term, nodes.home) && term.selector.Matches(labels);
      });
      if (all) guest.drawn_by.push_back(other);
    }
    for (const auto& constraint : nodes.pods->pod.topology_spread) {
      if (!constraint.hard) continue;
      guest.spreads.push_back({.constraint = &constraint, .key = KeyIndex(constraint.topology_key),
                               .counts_self = constraint.selector.Matches(nodes.pods->pod.labels)});
    }
    for (const Candidate& candidate : nodes.candidates) {
      if (rules_.which == Count::kQualified && !candidate.kind) continue;
      if (rules_.measure != Measure::kHosts && candidate.size_known && FitsOf(candidate, rules_.measure) <= 0) continue;
      guest.choices.push_back(&candidate);
      Room& room = rooms_[candidate.index];
      ++room.wanted_by;
      if (room.known) continue;
      room = RoomOf(nodes, candidate);
    }
  }

  Room RoomOf(const RoleNodes& nodes, const Candidate& candidate) const {
    Room room{Quantity::Max(), Quantity::Max(), std::numeric_limits<std::int32_t>::max(), 1, true};
    if (rules_.measure == Measure::kHosts) return room;
    const Offer offer = nodes.OfferOf(candidate, rules_.measure);
    room.pods = offer.pods;
    if (!candidate.size_known) return room;
    if (alone_) {
      room.pods = FitsOf(candidate, rules_.measure);
    } else {
      room.cpu = offer.cpu;
      room.memory = offer.memory;
    }
    return room;
  }

  // Is the node one whose domains and pods count for the spread? It has every key of the pod's hard spreads.
  bool Counts(const Guest& guest, const Spread& spread, const NodeView& node) {
    const auto labelled = [&](const Spread& s) { return DomainOfNode(node, s.key) != kNoLabel; };
    return std::all_of(guest.spreads.begin(), guest.spreads.end(), labelled) &&
           (!spread.constraint->honors_affinity || guest.nodes->pods->pod.SelectsNode(*node.node));
  }

  void CountDomains(Guest& guest) {
    for (Spread& spread : guest.spreads) {
      for (const auto& node : view_.nodes) {
        if (Counts(guest, spread, *node)) spread.pods.try_emplace(DomainOfNode(*node, spread.key), 0);
      }
    }
  }

  static std::int64_t Least(const Spread& spread) {
    if (static_cast<int>(spread.pods.size()) < spread.constraint->min_domains) return 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (const auto& [domain, pods] : spread.pods) least = std::min(least, pods);
    return spread.pods.empty() ? 0 : least;
  }

  static std::int64_t At(const std::unordered_map<int, std::int64_t>& counts, int domain) {
    const auto found = counts.find(domain);
    return found == counts.end() ? 0 : found->second;
  }

  bool Drawn(const Guest& guest, std::size_t role, const NodeView& node) {
    if (guest.drawn_to.empty()) return true;
    bool beside = true, alone = true;
    for (const std::size_t key : guest.drawn_to) {
      const int domain = DomainOfNode(node, key);
      if (domain == kNoLabel) return false;
      std::int64_t pods = 0;
      for (const std::size_t other : guest.drawn_by) {
        pods += At(seated_[other][key], domain);
        alone = alone && seated_[other][key].empty();
      }
      beside = beside && pods > 0;
    }
    // The first of pods that are drawn to each other may go anywhere.
    return beside || (alone && std::find(guest.drawn_by.begin(), guest.drawn_by.end(), role) != guest.drawn_by.end());
  }

  // May a pod of the role go to the node now? `crowd`: pods of its kind that are near, which a spread wants to be few.
  bool Takes(const Guest& guest, std::size_t role, const Candidate& candidate, std::int64_t& crowd) {
    const Room& room = rooms_[candidate.index];
    if (room.cpu < guest.nodes->cpu || room.memory < guest.nodes->memory || room.pods < 1) return false;
    const NodeView& node = *candidate.node;
    for (const auto& [other, key] : guest.repelled_by) {
      const int domain = DomainOfNode(node, key);
      if (domain != kNoLabel && At(seated_[other][key], domain) > 0) return false;
    }
    crowd = 0;
    for (const Spread& spread : guest.spreads) {
      const int domain = DomainOfNode(node, spread.key);
      if (domain == kNoLabel) return false;
      const std::int64_t pods = At(spread.pods, domain);
      if (pods + (spread.counts_self ? 1 : 0) - spread.least > spread.constraint->max_skew) return false;
      crowd += pods;
    }
    return Drawn(guest, role, node);
  }

  bool SeatOne(std::size_t role) {
    Guest& guest = guests_[role];
    for (Spread& spread : guest.spreads) spread.least = Least(spread);
    const Candidate* best = nullptr;
    std::int64_t best_crowd = 0;
    int takes = 0;
    for (const Candidate* candidate : guest.choices) {
      std::int64_t crowd = 0;
      if (!Takes(guest, role, *candidate, crowd)) continue;
      if (best == nullptr || Better(*candidate, crowd, *best, best_crowd)) {
        best = candidate;
        best_crowd = crowd;
      }
      if (++takes == kEnough) break;
    }
    if (best == nullptr) return false;
    Occupy(role, *best);
    return true;
  }

  // Nodes that fewer roles can use go first, then emptier domains, then the tightest or the roomiest.
  bool Better(const Candidate& a, std::int64_t crowd_a, const Candidate& b, std::int64_t crowd_b) const {
    const Room &room_a = rooms_[a.index], &room_b = rooms_[b.index];
    if (room_a.wanted_by != room_b.wanted_by) return room_a.wanted_by < room_b.wanted_by;
    if (crowd_a != crowd_b) return crowd_a < crowd_b;
    if (room_a.cpu != room_b.cpu) return rules_.tight ? room_a.cpu < room_b.cpu : room_a.cpu > room_b.cpu;
    return rules_.tight ? room_a.pods < room_b.pods : room_a.pods > room_b.pods;
  }

  void Occupy(std::size_t role, const Candidate& candidate) {
    const RoleNodes& nodes = *guests_[role].nodes;
    Room& room = rooms_[candidate.index];
    room.cpu = room.cpu - nodes.cpu;
    room.memory = room.memory - nodes.memory;
    --room.pods;
    for (std::size_t key = 0; key < keys_.size(); ++key) {
      const int domain = DomainOfNode(*candidate.node, key);
      if (domain != kNoLabel) ++seated_[role][key][domain];
    }
    for (Guest& guest : guests_) {
      for (Spread& spread : guest.spreads) {
        if (!spread.constraint->selector.Matches(nodes.pods->pod.labels) || !Counts(guest, spread, *candidate.node)) continue;
        ++spread.pods[DomainOfNode(*candidate.node, spread.key)];
      }
    }
  }

  const SeatingRules rules_;
  const bool alone_;
  const ClusterView& view_;
  std::vector<std::string> keys_;                                            // topology keys that somebody asks for
  std::vector<std::unordered_map<std::string_view, int>> ids_;               // by key: numbers of the labels' values
  std::vector<Guest> guests_;
  std::vector<Room> rooms_;                                                  // by the node's index in the view
  std::vector<std::vector<std::unordered_map<int, std::int64_t>>> seated_;   // pods by role, key, domain
};

}  // namespace

bool NeedsSeating(const RoleNodes& nodes) {
  const auto hard = [](const auto& spread) { return spread.hard; };
  const auto& pod = nodes.pods->pod;
  return nodes.spreading.exclusive.size() > 1 || !pod.required_affinity.empty() ||
         std::any_of(pod.topology_spread.begin(), pod.topology_spread.end(), hard);
}

std::int64_t SeatAlone(const RoleNodes& nodes, Count which, Measure measure) {
  std::int64_t most = 0;
  for (const bool tight : {false, true}) {
    if (most == nodes.replicas) break;
    most = std::max(most, Table({&nodes}, {.which = which, .measure = measure, .tight = tight}, true).SeatAll(0));
  }
  return most;
}

std::vector<std::int64_t> Seat(const std::vector<const RoleNodes*>& order, const SeatingRules& rules) {
  Table table(order, rules, false);
  std::vector<std::int64_t> placed;
  for (std::size_t role = 0; role < order.size(); ++role) placed.push_back(table.SeatAll(role));
  return placed;
}

}  // namespace dm::requirements

#include "dm/requirements/seating.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <utility>

#include "dm/requirements/places.h"
#include "dm/requirements/topology.h"

namespace dm::requirements {

namespace {

using kube::api::Quantity;

constexpr int kEnough = 100;         // of so many places that can take a pod the best is taken; the scheduler does alike

// One hard topology spread of a role.
struct Spread {
  const kube::api::TopologySpread* constraint = nullptr;
  std::size_t key = 0;
  bool counts_self = false;
  std::vector<bool> counts = {};       // the pods of which roles
  SpreadCounts pods = {};
  std::int64_t least = 0;              // in the emptiest domain, before the pod that is being placed
};

struct Guest {
  const RoleNodes* nodes = nullptr;
  std::vector<std::pair<std::size_t, std::size_t>> repelled_by = {}; // (role, key): their pods in the same domain
  std::vector<std::size_t> drawn_to = {};                            // keys of required affinity
  std::vector<std::size_t> drawn_by = {};                            // roles that all terms of it match
  std::vector<Spread> spreads = {};
};

// The largest amount of which both are multiples.
Quantity CommonStep(Quantity a, Quantity b) {
  kube::api::Int128 x = a.nano(), y = b.nano();
  while (y != 0) x = std::exchange(y, x % y);
  return Quantity::FromNano(x);
}

// Pods of one role by the domains of one key; `asked`: somebody wants to know.
struct Seated {
  bool asked = false;
  PodCounts pods = {};
};

class Table {
 public:
  // `alone`: the amounts do not count, only how many pods of its role a candidate holds.
  Table(const std::vector<const RoleNodes*>& order, const SeatingRules& rules, bool alone)
      : rules_(rules), alone_(alone), view_(*order.front()->view), groups_(*order.front()->groups), topology_(view_, groups_) {
    for (const RoleNodes* nodes : order) {
      guests_.push_back({.nodes = nodes});
      step_ = CommonStep(step_, nodes->memory);
    }
    for (std::size_t role = 0; role < guests_.size(); ++role) Ask(role);
    seated_.assign(guests_.size(), std::vector<Seated>(topology_.keys()));
    for (Guest& guest : guests_) {
      for (const auto& [other, key] : guest.repelled_by) seated_[other][key].asked = true;
      for (const std::size_t other : guest.drawn_by) {
        for (const std::size_t key : guest.drawn_to) seated_[other][key].asked = true;
      }
      for (Spread& spread : guest.spreads) CountDomains(guest, spread);
    }
    SortIntoPlaces();
  }

  // How many more find a place.
  std::int64_t SeatMore(std::size_t role, std::int64_t placed) {
    std::int64_t more = 0;
    while (placed + more < guests_[role].nodes->replicas && SeatOne(role)) ++more;
    return more;
  }
  // Do pods of another role have to stand beside this one's?
  bool Draws(std::size_t role) const {
    for (std::size_t other = 0; other < guests_.size(); ++other) {
      const auto& by = guests_[other].drawn_by;
      if (other != role && std::find(by.begin(), by.end(), role) != by.end()) return true;
    }
    return false;
  }

 private:
  // What keeps a role's pods away from nodes and other pods.
  void Ask(std::size_t role) {
    Guest& guest = guests_[role];
    const RoleNodes& nodes = *guest.nodes;
    for (std::size_t other = 0; other < guests_.size(); ++other) {
      for (const auto& key : RepelledBy(nodes, *guests_[other].nodes)) guest.repelled_by.emplace_back(other, topology_.KeyIndex(key));
    }
    const auto& terms = nodes.pods->pod.required_affinity;
    for (const auto& term : terms) guest.drawn_to.push_back(topology_.KeyIndex(term.topology_key));
    for (std::size_t other = 0; other < guests_.size(); ++other) {
      const auto& labels = guests_[other].nodes->pods->pod.labels;
      if (!terms.empty() && AttractsAll(nodes.pods->pod, labels, nodes.home)) guest.drawn_by.push_back(other);
    }
    for (const auto& constraint : nodes.pods->pod.topology_spread) {
      if (!constraint.hard) continue;
      Spread& spread = guest.spreads.emplace_back(Spread{.constraint = &constraint, .key = topology_.KeyIndex(constraint.topology_key)});
      for (const Guest& other : guests_) spread.counts.push_back(constraint.selector.Matches(other.nodes->pods->pod.labels));
      spread.counts_self = spread.counts[role];
    }
  }

  // Is the node one whose domains and pods count for the spread? It has every key of the pod's hard spreads.
  bool Counts(const Guest& guest, const Spread& spread, std::uint32_t node) {
    const auto labelled = [&](const Spread& s) { return topology_.Of(s.key, node) != kNoDomain; };
    return std::all_of(guest.spreads.begin(), guest.spreads.end(), labelled) &&
           (!spread.constraint->honors_affinity || guest.nodes->pods->pod.SelectsNode(*view_.nodes[node]->node));
  }

  // Whether a node is labelled is the same for its group; whether the pod selects it, mostly.
  void CountDomains(const Guest& guest, Spread& spread) {
    enum class Answer : std::uint8_t { kNotAsked, kCounts, kDoesNot };
    const PodFilter filter(guest.nodes->pods->pod, groups_);
    std::vector<Answer> answers(groups_.first.size());
    for (std::uint32_t lot = 0; lot < groups_.lots(); ++lot) {
      const auto nodes = groups_.Lot(lot);
      const std::uint32_t group = groups_.of[nodes.front()];
      if (!topology_.AlikeInLot(spread.key, lot) || filter.AsksEach(*groups_.first[group]->traits)) {
        for (const std::uint32_t node : nodes) {
          if (Counts(guest, spread, node)) spread.pods.AddDomain(topology_.Of(spread.key, node), 1);
        }
        continue;
      }
      Answer& answer = answers[group];
      if (answer == Answer::kNotAsked) answer = Counts(guest, spread, nodes.front()) ? Answer::kCounts : Answer::kDoesNot;
      if (answer == Answer::kCounts) spread.pods.AddDomain(topology_.Of(spread.key, nodes.front()), static_cast<std::int64_t>(nodes.size()));
    }
  }

  bool Invited(const Candidate& candidate) const {
    return (rules_.which != Count::kQualified || candidate.kind) &&
           (rules_.measure == Measure::kHosts || !candidate.size_known || FitsOf(candidate, rules_.measure) > 0);
  }

  // Lots as a whole, where every node of them is in the same case.
  void SortIntoPlaces() {
    std::vector<bool> one_by_one(groups_.lots());
    for (const Guest& guest : guests_) {
      const PodFilter filter(guest.nodes->pods->pod, groups_);
      std::vector<bool> asks_each;
      for (const NodeView* first : groups_.first) asks_each.push_back(filter.AsksEach(*first->traits));
      for (std::uint32_t lot = 0; lot < groups_.lots(); ++lot) {
        if (asks_each[groups_.of[groups_.Lot(lot).front()]]) one_by_one[lot] = true;
      }
    }
    KeepApartWhatOthersUse(one_by_one);
    bool all_whole = true;
    Place place;
    for (std::uint32_t lot = 0; lot < groups_.lots(); ++lot) {
      for (std::size_t key = 0; key < topology_.keys(); ++key) one_by_one[lot] = one_by_one[lot] || !topology_.AlikeInLot(key, lot);
      all_whole = all_whole && !one_by_one[lot];
      if (one_by_one[lot]) continue;
      std::uint32_t open_to = 0;
      for (std::size_t role = 0; role < guests_.size(); ++role) {
        const Candidate& candidate = guests_[role].nodes->of_lot[lot];
        if (candidate.node != nullptr && Invited(candidate)) open_to |= std::uint32_t{1} << role;
      }
      if (open_to == 0) continue;
      const RoleNodes& nodes = *guests_[static_cast<std::size_t>(std::countr_zero(open_to))].nodes;
      DescribeUntouched(nodes, nodes.of_lot[lot], groups_.Lot(lot).front(), open_to, place);
      places_.AddAll(places_.Find(place), groups_.Lot(lot));
    }
    if (!all_whole) SortOneByOne(one_by_one);
  }

  // Nodes of a lot are of one size; what others have left of it is each node's own.
  void KeepApartWhatOthersUse(std::vector<bool>& one_by_one) const {
    if (rules_.measure != Measure::kOffered || !guests_.front().nodes->free) return;
    for (std::uint32_t node = 0; node < view_.nodes.size(); ++node) {
      if (view_.usage[node]) one_by_one[groups_.lot_of[node]] = true;
    }
  }

  void SortOneByOne(const std::vector<bool>& lots) {
    struct Node {
      std::uint32_t open_to = 0;
      std::size_t role = 0;                   // the first that it is open to, and the node as its candidate
      const Candidate* candidate = nullptr;
    };
    std::vector<Node> nodes(view_.nodes.size());
    for (std::size_t role = 0; role < guests_.size(); ++role) {
      for (const Candidate& candidate : guests_[role].nodes->candidates) {
        if (!lots[groups_.lot_of[candidate.index]] || !Invited(candidate)) continue;
        Node& node = nodes[candidate.index];
        if (node.open_to == 0) node = {0, role, &candidate};
        node.open_to |= std::uint32_t{1} << role;
      }
    }
    Place place;
    for (std::uint32_t index = 0; index < nodes.size(); ++index) {
      const Node& node = nodes[index];
      if (node.open_to == 0) continue;
      DescribeUntouched(*guests_[node.role].nodes, *node.candidate, index, node.open_to, place);
      places_.Add(places_.Find(place), index);
    }
  }

  void DescribeUntouched(const RoleNodes& nodes, const Candidate& candidate, std::uint32_t node, std::uint32_t open_to, Place& place) {
    place.cpu = place.memory = Quantity::Max();
    place.pods = std::numeric_limits<std::int32_t>::max();
    place.open_to = open_to;
    place.domains.resize(topology_.keys());
    for (std::size_t key = 0; key < topology_.keys(); ++key) place.domains[key] = topology_.Of(key, node);
    if (rules_.measure == Measure::kHosts) return;
    const Offer offer = nodes.OfferOf(candidate, rules_.measure);
    place.pods = static_cast<std::int32_t>(std::clamp<std::int64_t>(offer.pods, 0, place.pods));
    if (!candidate.size_known) return;
    if (alone_) {
      place.pods = FitsOf(candidate, rules_.measure);
    } else {
      place.cpu = offer.cpu;
      place.memory = Usable(offer.memory);
    }
  }

  // Of the memory as much as pods can take in sum: the rest, which differs from host to host, would make each its own place.
  Quantity Usable(Quantity memory) const {
    if (step_.IsZero() || step_.IsNegative() || memory.IsNegative()) return memory;
    return Quantity::FromNano(memory.nano() - memory.nano() % step_.nano());
  }

  bool Drawn(const Guest& guest, std::size_t role, const Place& place) const {
    if (guest.drawn_to.empty()) return true;
    bool beside = true, alone = true;
    for (const std::size_t key : guest.drawn_to) {
      if (place.domains[key] == kNoDomain) return false;
      std::int64_t pods = 0;
      for (const std::size_t other : guest.drawn_by) {
        pods += seated_[other][key].pods.At(place.domains[key]);
        alone = alone && !seated_[other][key].pods.Any();
      }
      beside = beside && pods > 0;
    }
    // To pods of somebody else's, or of a role that is not seated here: where those stand is not known.
    if (guest.drawn_by.empty()) return true;
    // The first of pods that are drawn to each other may go anywhere.
    return beside || (alone && std::find(guest.drawn_by.begin(), guest.drawn_by.end(), role) != guest.drawn_by.end());
  }

  // May a pod of the role go there now? `crowd`: pods of its kind that are near, which a spread wants to be few.
  bool Takes(const Guest& guest, std::size_t role, const Place& place, std::int64_t& crowd) const {
    if (place.cpu < guest.nodes->cpu || place.memory < guest.nodes->memory || place.pods < 1) return false;
    for (const auto& [other, key] : guest.repelled_by) {
      if (seated_[other][key].pods.At(place.domains[key]) > 0) return false;
    }
    crowd = 0;
    for (const Spread& spread : guest.spreads) {
      const Domain domain = place.domains[spread.key];
      if (domain == kNoDomain) return false;
      const std::int64_t pods = spread.pods.At(domain);
      if (pods + (spread.counts_self ? 1 : 0) - spread.least > spread.constraint->max_skew) return false;
      crowd += pods;
    }
    return Drawn(guest, role, place);
  }

  bool SeatOne(std::size_t role) {
    Guest& guest = guests_[role];
    for (Spread& spread : guest.spreads) spread.least = spread.pods.domains() < spread.constraint->min_domains ? 0 : spread.pods.Least();
    std::optional<std::size_t> best;
    std::int64_t best_crowd = 0;
    int takes = 0;
    for (std::size_t step = 0; step < places_.size() && takes < kEnough; ++step) {
      const std::size_t place = rules_.tight ? places_.size() - 1 - step : step;      // those where pods stand come last
      if (places_.Empty(place) || ((places_[place].open_to >> role) & 1) == 0) continue;
      std::int64_t crowd = 0;
      if (!Takes(guest, role, places_[place], crowd)) continue;
      ++takes;
      if (best && !Better(place, crowd, *best, best_crowd)) continue;
      best = place;
      best_crowd = crowd;
    }
    if (!best) return false;
    Occupy(role, *best);
    return true;
  }

  // Nodes that fewer roles can use go first, then emptier domains, then the tightest or the roomiest, then the first by name.
  bool Better(std::size_t one, std::int64_t one_crowd, std::size_t other, std::int64_t other_crowd) const {
    const Place &a = places_[one], &b = places_[other];
    if (const int roles_a = std::popcount(a.open_to), roles_b = std::popcount(b.open_to); roles_a != roles_b) return roles_a < roles_b;
    if (one_crowd != other_crowd) return one_crowd < other_crowd;
    if (a.cpu != b.cpu) return rules_.tight ? a.cpu < b.cpu : a.cpu > b.cpu;
    if (a.pods != b.pods) return rules_.tight ? a.pods < b.pods : a.pods > b.pods;
    return places_.First(one) < places_.First(other);
  }

  void Occupy(std::size_t role, std::size_t number) {
    const RoleNodes& nodes = *guests_[role].nodes;
    const std::uint32_t node = places_.TakeFirst(number);
    Place place = places_[number];
    place.cpu = place.cpu - nodes.cpu;
    place.memory = place.memory - nodes.memory;
    --place.pods;
    const auto number_own = [&](std::size_t key) {
      if (place.domains[key] == kOwnDomain) place.domains[key] = topology_.NewDomain(key);
    };
    for (std::size_t key = 0; key < topology_.keys(); ++key) {
      if (!seated_[role][key].asked || place.domains[key] == kNoDomain) continue;
      number_own(key);
      seated_[role][key].pods.Add(place.domains[key]);
    }
    for (Guest& guest : guests_) {
      for (Spread& spread : guest.spreads) {
        if (!spread.counts[role] || !Counts(guest, spread, node)) continue;
        number_own(spread.key);
        spread.pods.AddPod(place.domains[spread.key]);
      }
    }
    places_.Add(places_.Find(place), node);
  }

  const SeatingRules rules_;
  const bool alone_;
  const ClusterView& view_;
  const NodeGroups& groups_;
  Topology topology_;
  std::vector<Guest> guests_;
  Quantity step_;                                // of what the roles' pods ask of memory
  std::vector<std::vector<Seated>> seated_;      // by role and key
  Places places_;
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
    most = std::max(most, Table({&nodes}, {.which = which, .measure = measure, .tight = tight}, true).SeatMore(0, 0));
  }
  return most;
}

std::vector<std::int64_t> Seat(const std::vector<const RoleNodes*>& order, const SeatingRules& rules) {
  Table table(order, rules, false);
  std::vector<std::int64_t> placed(order.size());
  // Once more, as the scheduler tries again: for pods that were to stand beside others which had no place yet.
  for (bool more = true; more;) {
    more = false;
    for (std::size_t role = 0; role < order.size(); ++role) {
      const std::int64_t seated = table.SeatMore(role, placed[role]);
      placed[role] += seated;
      more = more || (seated > 0 && table.Draws(role));
    }
  }
  return placed;
}

}  // namespace dm::requirements

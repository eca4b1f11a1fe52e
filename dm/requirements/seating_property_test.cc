// Seating by places, domains in numbers and counts kept up to date must end as looking at every node and every pod that
// stands does, each time anew. Small views by chance; DM_SEED gives another start, a failure names its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "dm/requirements/seating.h"
#include "dm/requirements/testing/chance.h"

namespace dm::requirements {
namespace {

using fixtures::kKeys;
using fixtures::Random;
using kube::api::LabelSelector;
using kube::api::PodSpec;
using kube::api::Quantity;

constexpr unsigned kViews = 4000;

// The reference: no state but where pods stand.
class Plain {
 public:
  Plain(const std::vector<const RoleNodes*>& roles, const SeatingRules& rules, bool alone)
      : roles_(roles), rules_(rules), alone_(alone), view_(*roles.front()->view) {}

  std::vector<std::int64_t> Seat() {
    std::vector<std::int64_t> placed(roles_.size());
    for (bool more = true; more;) {      // what was to stand beside others is tried again
      more = false;
      for (std::size_t role = 0; role < roles_.size(); ++role) {
        while (placed[role] < roles_[role]->replicas && SeatOne(role)) {
          ++placed[role];
          for (std::size_t other = 0; other < roles_.size(); ++other) {
            more = more || (other != role && !Pod(other).required_affinity.empty() && Wants(other, role));
          }
        }
      }
    }
    return placed;
  }

 private:
  struct Standing {
    std::size_t role, node;
  };
  struct Left {
    Quantity cpu, memory;
    std::int64_t pods;
  };

  const PodSpec& Pod(std::size_t role) const { return roles_[role]->pods->pod; }
  const kube::api::Node& Node(std::size_t node) const { return *view_.nodes[node]->node; }
  std::optional<std::string> Label(std::size_t node, const std::string& key) const {
    const auto label = Node(node).meta.labels.find(key);
    return label == Node(node).meta.labels.end() ? std::nullopt : std::optional(label->second);
  }
  bool Together(std::size_t a, std::size_t b, const std::string& key) const { return Label(a, key) && Label(a, key) == Label(b, key); }

  const Candidate* Open(std::size_t role, std::size_t node) const {
    for (const Candidate& c : roles_[role]->candidates) {
      if (c.index != node) continue;
      const bool kind = rules_.which == Count::kAll || c.kind, holds = rules_.measure == Measure::kHosts || !c.size_known || FitsOf(c, rules_.measure) > 0;
      return kind && holds ? &c : nullptr;
    }
    return nullptr;
  }
  int OpenTo(std::size_t node) const {
    int roles = 0;
    for (std::size_t role = 0; role < roles_.size(); ++role) roles += Open(role, node) != nullptr ? 1 : 0;
    return roles;
  }

  Left LeftOn(const Candidate& candidate) const {
    Left left{Quantity::Max(), Quantity::Max(), std::numeric_limits<std::int32_t>::max()};
    if (rules_.measure != Measure::kHosts) {
      const Offer offer = roles_.front()->OfferOf(candidate, rules_.measure);
      left.pods = std::max<std::int64_t>(offer.pods, 0);
      if (candidate.size_known && alone_) left.pods = FitsOf(candidate, rules_.measure);
      if (candidate.size_known && !alone_) left = {offer.cpu, offer.memory, left.pods};
    }
    for (const Standing& pod : standing_) {
      if (pod.node != candidate.index) continue;
      left.cpu = left.cpu - roles_[pod.role]->cpu;
      left.memory = left.memory - roles_[pod.role]->memory;
      --left.pods;
    }
    return left;
  }

  bool KeptAway(std::size_t role, std::size_t node) const {
    const Home& home = roles_[role]->home;
    for (const Standing& pod : standing_) {
      for (const auto& [one, other] : {std::pair(role, pod.role), std::pair(pod.role, role)}) {
        for (const auto& term : Pod(one).required_anti_affinity) {
          if (InNamespaces(term, home) && term.selector.Matches(Pod(other).labels) && Together(node, pod.node, term.topology_key)) return true;
        }
      }
    }
    return false;
  }

  // Is the domain of the node, and the pods on it, what the spread looks at?
  bool Looks(std::size_t role, const kube::api::TopologySpread& spread, std::size_t node) const {
    for (const auto& other : Pod(role).topology_spread) {
      if (other.hard && !Label(node, other.topology_key)) return false;
    }
    return !spread.honors_affinity || Pod(role).SelectsNode(Node(node));
  }

  bool Spreads(std::size_t role, std::size_t node, std::int64_t& crowd) const {
    crowd = 0;
    for (const auto& spread : Pod(role).topology_spread) {
      if (!spread.hard) continue;
      if (!Label(node, spread.topology_key)) return false;
      std::map<std::string, std::int64_t> pods;
      for (std::size_t other = 0; other < view_.nodes.size(); ++other) {
        if (Looks(role, spread, other)) pods[*Label(other, spread.topology_key)];
      }
      for (const Standing& pod : standing_) {
        if (Looks(role, spread, pod.node) && spread.selector.Matches(Pod(pod.role).labels)) ++pods[*Label(pod.node, spread.topology_key)];
      }
      std::int64_t least = std::numeric_limits<std::int64_t>::max();
      for (const auto& [domain, count] : pods) least = std::min(least, count);
      if (static_cast<int>(pods.size()) < spread.min_domains) least = 0;
      const std::int64_t here = pods[*Label(node, spread.topology_key)];
      if (here + (spread.selector.Matches(Pod(role).labels) ? 1 : 0) - least > spread.max_skew) return false;
      crowd += here;
    }
    return true;
  }

  bool Wants(std::size_t role, std::size_t other) const {
    const auto& terms = Pod(role).required_affinity;
    return std::all_of(terms.begin(), terms.end(), [&](const auto& term) {
      return InNamespaces(term, roles_[role]->home) && term.selector.Matches(Pod(other).labels);
    });
  }

  bool Drawn(std::size_t role, std::size_t node) const {
    const auto& terms = Pod(role).required_affinity;
    const auto wanted = [&](std::size_t other) { return Wants(role, other); };
    bool near_all = true, somewhere = false;
    for (const auto& term : terms) {
      if (!Label(node, term.topology_key)) return false;
      bool near = false;
      for (const Standing& pod : standing_) {
        if (!wanted(pod.role)) continue;
        near = near || Together(node, pod.node, term.topology_key);
        somewhere = somewhere || Label(pod.node, term.topology_key);
      }
      near_all = near_all && near;
    }
    bool known = false;            // is anybody here whom it could be near?
    for (std::size_t other = 0; other < roles_.size(); ++other) known = known || wanted(other);
    return near_all || !known || (!somewhere && wanted(role));
  }

  bool SeatOne(std::size_t role) {
    using Rank = std::tuple<int, std::int64_t, Quantity, std::int64_t, std::size_t>;
    std::optional<Rank> best;
    for (std::size_t node = 0; node < view_.nodes.size(); ++node) {
      const Candidate* candidate = Open(role, node);
      std::int64_t crowd = 0;
      if (candidate == nullptr) continue;
      const Left left = LeftOn(*candidate);
      if (left.cpu < roles_[role]->cpu || left.memory < roles_[role]->memory || left.pods < 1) continue;
      if (KeptAway(role, node) || !Spreads(role, node, crowd) || !Drawn(role, node)) continue;
      const Rank rank{OpenTo(node), crowd, rules_.tight ? left.cpu : -left.cpu, rules_.tight ? left.pods : -left.pods, node};
      if (!best || rank < *best) best = rank;
    }
    if (best) standing_.push_back({role, std::get<4>(*best)});
    return best.has_value();
  }

  const std::vector<const RoleNodes*> roles_;
  const SeatingRules rules_;
  const bool alone_;                 // the amounts do not count, only how many pods a candidate holds
  const ClusterView& view_;
  std::vector<Standing> standing_;
};

ClusterView SomeView(Random& random) {
  ClusterView view = fixtures::ViewOf(random, fixtures::SomeNodes(random, 2 + random.Below(12)));
  Usage used;
  for (const auto& node : view.nodes) {
    if (!random.OneIn(6)) continue;
    const Reserved all{Quantity::FromUnits(random.Below(20)), Quantity::FromUnits(std::int64_t{random.Below(4)} << 30), random.Below(8)};
    used[node->node->meta.name] = std::make_shared<const NodeUsage>(NodeUsage{all, {}});
  }
  view.PutUsage(used);
  return view;
}

desired::RolePods SomeRole(Random& random, const std::string& name) {
  desired::RolePods pods = fixtures::SomePods(random);
  pods.replicas = 1 + random.Below(6);
  PodSpec& pod = pods.pod;
  pod.labels["role"] = name;
  const auto selector = [&] {
    LabelSelector some;
    some.match_labels = random.OneIn(4) ? kube::api::Labels{{"app", "x"}} : kube::api::Labels{{"role", std::string(1, "abc"[random.Below(3)])}};
    return some;
  };
  const auto key = [&] { return std::string(kKeys[static_cast<std::size_t>(random.Below(4))]); };
  if (!random.OneIn(3)) {          // else few nodes would be left
    pod.has_required_node_affinity = false;
    pod.required_node_affinity.clear();
    pod.node_selector.clear();
    pod.node_name.clear();
  }
  if (random.OneIn(3)) pod.required_anti_affinity.push_back({selector(), key(), {}, {}});
  if (random.OneIn(6)) pod.required_anti_affinity.push_back({selector(), key(), {random.OneIn(2) ? "dm" : "other"}, {}});
  if (random.OneIn(5)) pod.required_affinity.push_back({selector(), key(), {}, {}});
  if (random.OneIn(9)) pod.required_affinity.push_back({selector(), key(), {}, {}});
  for (int more = random.Below(3); more > 0; --more) {
    pod.topology_spread.push_back({key(), 1 + random.Below(2), !random.OneIn(5), random.Below(4), !random.OneIn(3), selector()});
  }
  return pods;
}

unsigned FirstSeed() {
  const char* given = std::getenv("DM_SEED");
  return given == nullptr ? 1 : static_cast<unsigned>(std::strtoul(given, nullptr, 10));
}

TEST(SeatingByChance, AsLookingAtEveryNodeAndPod) {
  const unsigned first = FirstSeed();
  std::cout << "seeds " << first << " to " << first + kViews - 1 << '\n';
  int all = 0, some = 0, none = 0, needed = 0;
  for (unsigned seed = first; seed < first + kViews; ++seed) {
    Random random{std::mt19937(seed)};
    SCOPED_TRACE("seed " + std::to_string(seed));
    const ClusterView view = SomeView(random);
    const auto groups = std::make_shared<const NodeGroups>(GroupNodes(view));
    Policy policy;
    policy.capacity_free = random.OneIn(3);
    const KindWeights weights = WeighKind(policy, {});
    std::vector<desired::RolePods> pods;
    for (const char* name : {"a", "b", "c"}) pods.push_back(SomeRole(random, name));
    pods.resize(static_cast<std::size_t>(1 + random.Below(3)));
    std::vector<RoleNodes> roles;
    for (const auto& one : pods) roles.push_back(SurveyNodes(&one, "dm", view, groups, policy, {}, weights));
    std::vector<const RoleNodes*> order;
    for (const RoleNodes& role : roles) order.push_back(&role);
    const SeatingRules rules{.which = random.OneIn(3) ? Count::kAll : Count::kQualified,
                             .measure = random.OneIn(3) ? Measure::kHosts : random.OneIn(2) ? Measure::kOffered : Measure::kSize, .tight = random.OneIn(2)};
    const auto placed = Seat(order, rules);
    ASSERT_EQ(placed, Plain(order, rules, false).Seat());
    for (std::size_t role = 0; role < placed.size(); ++role) {
      ++(placed[role] == roles[role].replicas ? all : placed[role] > 0 ? some : none);
      needed += NeedsSeating(roles[role]) ? 1 : 0;
    }
    std::int64_t alone = 0;
    for (const bool tight : {false, true}) {
      alone = std::max(alone, Plain({order.front()}, {.which = rules.which, .measure = rules.measure, .tight = tight}, true).Seat().front());
    }
    ASSERT_EQ(SeatAlone(*order.front(), rules.which, rules.measure), alone);
  }
  EXPECT_GT(all, 1000) << "too few views in which all find a place, for the test to mean much";
  EXPECT_GT(some, 500);
  EXPECT_GT(none, 500);
  EXPECT_GT(needed, 3000);
}

}  // namespace
}  // namespace dm::requirements

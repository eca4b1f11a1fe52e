#include "dm/requirements/capacity.h"

#include <algorithm>
#include <map>
#include <set>

namespace dm::requirements {

namespace {

using kube::api::Quantity;

struct Room {
  Quantity cpu, memory;
  int wanted_by = 0;        // roles that could stand here
};
using Rooms = std::vector<Room>;      // by the node's index in the view

Rooms AllRooms(const std::vector<const RoleNodes*>& roles, const Policy& policy) {
  Rooms rooms(roles.front()->groups->of.size());
  for (const RoleNodes* role : roles) {
    for (const Candidate& candidate : role->candidates) {
      if (!candidate.kind) continue;
      Room& room = rooms[candidate.index];
      room.cpu = candidate.size_known ? OfferedCpu(*candidate.node, policy) : Quantity::Max();
      room.memory = candidate.size_known ? OfferedMemory(*candidate.node, policy) : Quantity::Max();
      ++room.wanted_by;
    }
  }
  return rooms;
}

// A node on which the role's next pod could go.
struct Choice {
  const Candidate* candidate;
  const Room* room;
};

// Nodes that fewer roles can use go first; then the tightest or the roomiest; of equals the first by name.
bool Better(const Choice& a, const Choice& b, bool tight) {
  if (a.room->wanted_by != b.room->wanted_by) return a.room->wanted_by < b.room->wanted_by;
  if (a.room->cpu != b.room->cpu) return tight ? a.room->cpu < b.room->cpu : a.room->cpu > b.room->cpu;
  return a.candidate->index < b.candidate->index;
}

// Room only shrinks and domains only become taken, so that a node which cannot take the role's pod once never can.
std::int64_t PlaceRole(const RoleNodes& role, Rooms& rooms, bool tight) {
  std::vector<Choice> heap;
  for (const Candidate& candidate : role.candidates) {
    const Room& room = rooms[candidate.index];
    if (candidate.kind && room.cpu >= role.cpu && room.memory >= role.memory) heap.push_back({&candidate, &room});
  }
  const auto worse = [&](const Choice& a, const Choice& b) { return Better(b, a, tight); };
  std::make_heap(heap.begin(), heap.end(), worse);
  std::map<std::string, std::set<std::string_view>> taken;     // by exclusive topology key
  std::int64_t placed = 0;
  while (placed < role.replicas && !heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), worse);
    const Choice best = heap.back();
    const NodeView& node = *best.candidate->node;
    const bool blocked = std::any_of(role.spreading.exclusive.begin(), role.spreading.exclusive.end(),
                                     [&](const auto& key) { return taken[key].contains(DomainOf(node, key)); });
    if (blocked) {
      heap.pop_back();
      continue;
    }
    Room& room = rooms[best.candidate->index];
    room.cpu = room.cpu - role.cpu;
    room.memory = room.memory - role.memory;
    for (const auto& key : role.spreading.exclusive) taken[key].insert(DomainOf(node, key));
    ++placed;
    if (room.cpu >= role.cpu && room.memory >= role.memory) {
      std::push_heap(heap.begin(), heap.end(), worse);
    } else {
      heap.pop_back();
    }
  }
  return placed;
}

std::optional<Shared> Try(const std::vector<const RoleNodes*>& order, Rooms rooms, bool tight) {
  for (const RoleNodes* role : order) {
    const std::int64_t placed = PlaceRole(*role, rooms, tight);
    if (placed < role->replicas) return Shared{role->role, placed, role->replicas};
  }
  return std::nullopt;
}

}  // namespace

bool KindShort(const RoleNodes& nodes) {
  if (nodes.candidates.empty() || nodes.replicas <= 0) return false;
  if (nodes.qualified == 0) return true;
  if (nodes.qualified == static_cast<int>(nodes.candidates.size())) return false;
  const bool hosts = nodes.spreading.OneAHost() || !nodes.spreading.hard.empty();
  const Measure measure = hosts ? Measure::kHosts : Measure::kSize;
  return Placeable(nodes, Count::kQualified, measure) < nodes.replicas &&
         Placeable(nodes, Count::kAll, measure) >= nodes.replicas;
}

std::optional<Shared> SharedShortage(const std::vector<const RoleNodes*>& roles, const Policy& policy) {
  if (roles.size() < 2) return std::nullopt;
  // With as many fitting nodes as pods in all, each pod can have a node of its own.
  std::int64_t pods = 0;
  std::int64_t fewest = INT64_MAX;
  for (const RoleNodes* role : roles) {
    pods += role->replicas;
    std::int64_t fitting = 0;
    for (const Candidate& candidate : role->candidates) {
      if (candidate.kind && (candidate.fits > 0 || !candidate.size_known)) ++fitting;
    }
    fewest = std::min(fewest, fitting);
  }
  if (pods <= fewest) return std::nullopt;
  std::vector<const RoleNodes*> large_first = roles;
  std::stable_sort(large_first.begin(), large_first.end(), [](const auto* a, const auto* b) { return a->cpu > b->cpu; });
  std::vector<const RoleNodes*> scarce_first = roles;
  std::stable_sort(scarce_first.begin(), scarce_first.end(), [](const auto* a, const auto* b) { return a->qualified < b->qualified; });
  const Rooms rooms = AllRooms(roles, policy);
  std::optional<Shared> shortage;
  for (const auto* order : {&large_first, &scarce_first}) {
    for (const bool tight : {false, true}) {
      const auto tried = Try(*order, rooms, tight);
      if (!tried) return std::nullopt;
      if (!shortage) shortage = tried;
    }
  }
  return shortage;
}

}  // namespace dm::requirements

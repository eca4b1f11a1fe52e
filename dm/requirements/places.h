// Nodes sorted into places: those that are the same choice for every pod still to come, with as much room, in the same domains,
// and open to the same roles. Thousands of nodes are some dozens of places. Pure; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "dm/requirements/topology.h"
#include "kube/api/quantity.h"

namespace dm::requirements {

struct Place {
  kube::api::Quantity cpu, memory;             // what one node has left
  std::int64_t pods = 0;
  std::uint32_t open_to = 0;                   // roles whose pods could stand here, as bits
  std::vector<Domain> domains = {};            // by topology key

  bool operator==(const Place&) const = default;
};

class Places {
 public:
  // The number of that place, which stays; made where there is none yet.
  std::size_t Find(const Place& place);
  void Add(std::size_t place, std::uint32_t node);
  void AddAll(std::size_t place, std::span<const std::uint32_t> nodes);      // in their order; they must stay where they are
  std::uint32_t TakeFirst(std::size_t place);                       // the node with the lowest index goes
  std::size_t size() const { return places_.size(); }
  const Place& operator[](std::size_t place) const { return places_[place]; }
  bool Empty(std::size_t place) const { return nodes_[place].first == kNobody; }
  std::uint32_t First(std::size_t place) const { return nodes_[place].first; }

 private:
  static constexpr std::uint32_t kNobody = ~0u;
  struct Nodes {
    std::uint32_t first = kNobody;
    std::vector<std::uint32_t> single = {};                         // a heap
    std::vector<std::span<const std::uint32_t>> many = {};          // none is empty
  };
  static void FindFirst(Nodes& nodes);

  std::vector<Place> places_;
  std::vector<Nodes> nodes_;                                        // of each place
  std::unordered_multimap<std::size_t, std::size_t> by_hash_;
};

}  // namespace dm::requirements

#include "dm/requirements/places.h"

#include <algorithm>
#include <functional>

namespace dm::requirements {

namespace {

std::size_t HashOf(const Place& place) {
  std::size_t hash = place.open_to;
  const auto add = [&](std::size_t word) { hash = (hash ^ word) * 0x9e3779b97f4a7c15u; };
  add(static_cast<std::size_t>(place.cpu.nano()));
  add(static_cast<std::size_t>(place.memory.nano()));
  add(static_cast<std::size_t>(place.pods));
  for (const Domain domain : place.domains) add(static_cast<std::size_t>(domain));
  return hash ^ (hash >> 32);
}

}  // namespace

std::size_t Places::Find(const Place& place) {
  const std::size_t hash = HashOf(place);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    if (places_[it->second] == place) return it->second;
  }
  by_hash_.emplace(hash, places_.size());
  places_.push_back(place);
  nodes_.emplace_back();
  return places_.size() - 1;
}

void Places::Add(std::size_t place, std::uint32_t node) {
  Nodes& nodes = nodes_[place];
  nodes.single.push_back(node);
  std::push_heap(nodes.single.begin(), nodes.single.end(), std::greater<>());
  nodes.first = std::min(nodes.first, node);
}

void Places::AddAll(std::size_t place, std::span<const std::uint32_t> nodes) {
  nodes_[place].many.push_back(nodes);
  nodes_[place].first = std::min(nodes_[place].first, nodes.front());
}

std::uint32_t Places::TakeFirst(std::size_t place) {
  Nodes& nodes = nodes_[place];
  const std::uint32_t node = nodes.first;
  if (!nodes.single.empty() && nodes.single.front() == node) {
    std::pop_heap(nodes.single.begin(), nodes.single.end(), std::greater<>());
    nodes.single.pop_back();
  } else {
    const auto found = std::find_if(nodes.many.begin(), nodes.many.end(), [&](const auto& some) { return some.front() == node; });
    *found = found->subspan(1);
    if (found->empty()) nodes.many.erase(found);
  }
  FindFirst(nodes);
  return node;
}

void Places::FindFirst(Nodes& nodes) {
  nodes.first = nodes.single.empty() ? kNobody : nodes.single.front();
  for (const auto& some : nodes.many) nodes.first = std::min(nodes.first, some.front());
}

}  // namespace dm::requirements

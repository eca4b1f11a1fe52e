#include "dm/requirements/node_traits.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace dm::requirements {

namespace {

std::size_t HashOf(const NodeTraits& traits) {
  std::size_t hash = (traits.ready ? 1u : 0u) + (traits.unschedulable ? 2u : 0u);
  const auto add = [&](std::string_view text) { hash = hash * 1'000'003 + std::hash<std::string_view>{}(text); };
  for (const auto& [key, value] : traits.labels) {
    add(key);
    add(value);
  }
  for (const auto& key : traits.own) add(key);
  for (const auto& taint : traits.taints) {
    add(taint.key);
    add(taint.value);
    add(taint.effect);
  }
  return hash;
}

}  // namespace

bool NodeTraits::Owns(const std::string& key) const { return std::binary_search(own.begin(), own.end(), key); }

NodeTraits TraitsOf(const kube::api::Node& node) {
  NodeTraits traits;
  const auto hostname = node.meta.labels.find(kHostnameLabel);
  for (const auto& [key, value] : node.meta.labels) {
    const bool is_own = value == node.meta.name || (hostname != node.meta.labels.end() && value == hostname->second);
    if (is_own) {
      traits.own.push_back(key);
    } else {
      traits.labels.emplace_hint(traits.labels.end(), key, value);
    }
  }
  traits.taints = node.taints;
  traits.unschedulable = node.unschedulable;
  traits.ready = node.ready;
  return traits;
}

std::shared_ptr<const NodeTraits> TraitsPool::Share(NodeTraits traits) {
  const std::size_t hash = HashOf(traits);
  const auto [first, last] = known_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    auto held = it->second.lock();
    if (held && *held == traits) return held;
  }
  if (known_.size() >= sweep_at_) {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, 2 * known_.size());
  }
  // No make_shared: the pool's weak pointer would keep the memory of traits that nobody has any more.
  auto shared = std::shared_ptr<const NodeTraits>(new NodeTraits(std::move(traits)));
  known_.emplace(hash, shared);
  return shared;
}

}  // namespace dm::requirements

#include "dm/requirements/topology.h"

#include <algorithm>

namespace dm::requirements {

Domain Topology::Number(Key& key, std::string_view value) {
  const auto [number, fresh] = key.numbers.try_emplace(value, key.next);
  if (fresh) ++key.next;
  return number->second;
}

std::size_t Topology::KeyIndex(const std::string& label) {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.label == label; });
  if (found != keys_.end()) return static_cast<std::size_t>(found - keys_.begin());
  Key& key = keys_.emplace_back(Key{.label = label, .hostname = label == kHostnameLabel, .itself = label == kNodeItself});
  key.of_group.reserve(groups_.first.size());
  for (const NodeView* first : groups_.first) {
    const auto shared = first->traits->labels.find(label);
    if (shared != first->traits->labels.end()) {
      key.of_group.push_back(Number(key, shared->second));
    } else {
      key.of_group.push_back(key.itself || first->traits->Owns(label) ? kEach : kNoDomain);
    }
  }
  return keys_.size() - 1;
}

Domain Topology::Of(std::size_t index, std::uint32_t node) {
  Key& key = keys_[index];
  const Domain shared = key.of_group[groups_.of[node]];
  if (shared != kEach) return shared;
  if (key.itself) return kOwnDomain;
  if (key.hostname && !groups_.shares_host[node]) return kOwnDomain;
  return Number(key, *LabelOf(*view_.nodes[node], key.label));
}

void PodCounts::Add(Domain domain) {
  const auto index = static_cast<std::size_t>(domain);
  if (index >= pods_.size()) pods_.resize(index + 1);
  ++pods_[index];
}

void SpreadCounts::AddDomain(Domain domain, std::int64_t times) {
  if (domain >= 0) {
    times = 1;
    const auto index = static_cast<std::size_t>(domain);
    if (index >= added_.size()) added_.resize(index + 1);
    if (added_[index]) return;
    added_[index] = true;
  }
  domains_ += times;
  with_[0] += times;
}

void SpreadCounts::AddPod(Domain domain) {
  const auto before = static_cast<std::size_t>(pods_.At(domain));
  pods_.Add(domain);
  if (before + 1 == with_.size()) with_.push_back(0);
  --with_[before];
  ++with_[before + 1];
  while (with_[static_cast<std::size_t>(least_)] == 0) ++least_;      // ends: the pod's domain has some
}

}  // namespace dm::requirements

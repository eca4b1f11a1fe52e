// Domains of topology keys as small numbers, and pods counted by them. A group of nodes is asked once; a node that is a domain
// by itself, as most are by their hostname, gets a number only when a pod stands there that somebody counts. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dm/requirements/node_groups.h"

namespace dm::requirements {

using Domain = std::int32_t;                  // a number from 0 on, or
inline constexpr Domain kNoDomain = -1;       // a node without the label
inline constexpr Domain kOwnDomain = -2;      // of that node alone, with no pod in it that counts

class Topology {
 public:
  // Both must outlive it.
  Topology(const ClusterView& view, const NodeGroups& groups) : view_(view), groups_(groups) {}

  std::size_t KeyIndex(const std::string& key);         // of the same key the same
  std::size_t keys() const { return keys_.size(); }
  // The domain of the view's n-th node.
  Domain Of(std::size_t key, std::uint32_t node);
  // Is one node of the group, and so every one, in the domain that all others of the group are in?
  bool OneForGroup(std::size_t key, std::uint32_t group) const { return keys_[key].of_group[group] != kEach; }
  // Are all nodes of the lot in the same domain, or each in its own?
  bool AlikeInLot(std::size_t key, std::uint32_t lot) const {
    return OneForGroup(key, groups_.of[groups_.Lot(lot).front()]) || keys_[key].itself ||
           (keys_[key].hostname && !groups_.lot_shares_host[lot]);
  }
  Domain NewDomain(std::size_t key) { return keys_[key].next++; }      // of a node that was in its own

 private:
  static constexpr Domain kEach = -3;
  struct Key {
    std::string label;
    bool hostname = false, itself = false;
    Domain next = 0;
    std::unordered_map<std::string_view, Domain> numbers = {};
    std::vector<Domain> of_group = {};
  };
  static Domain Number(Key& key, std::string_view value);

  const ClusterView& view_;
  const NodeGroups& groups_;
  std::vector<Key> keys_;
};

// Pods by the domain they are in.
class PodCounts {
 public:
  std::int64_t At(Domain domain) const {
    return domain < 0 || static_cast<std::size_t>(domain) >= pods_.size() ? 0 : pods_[static_cast<std::size_t>(domain)];
  }
  bool Any() const { return !pods_.empty(); }
  void Add(Domain domain);                     // a number, not kNoDomain or kOwnDomain

 private:
  std::vector<std::int64_t> pods_;
};

// The pods that a hard topology spread counts, and how many are in the emptiest of its domains.
class SpreadCounts {
 public:
  // A domain that the scheduler counts though no pod be there: one that has a number once, kOwnDomain so many times.
  void AddDomain(Domain domain, std::int64_t times);
  void AddPod(Domain domain);                  // to one that was added; a node's own by the number that it has now
  std::int64_t At(Domain domain) const { return pods_.At(domain); }
  std::int64_t domains() const { return domains_; }
  std::int64_t Least() const { return least_; }

 private:
  PodCounts pods_;
  std::vector<bool> added_;                    // by number
  std::vector<std::int64_t> with_{0};          // domains by how many pods they have
  std::int64_t domains_ = 0, least_ = 0;
};

}  // namespace dm::requirements

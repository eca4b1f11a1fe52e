// What an EventRecorder decides, without posting anything: which occurrences become a write, and which. Not
// thread-safe.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/clock.h"

namespace dm::kube {

// A map that forgets the entry that was used least recently.
template <class V>
class RecentMap {
 public:
  explicit RecentMap(std::size_t most) : most_(most) {}

  V& operator[](const std::string& key) {
    if (auto it = index_.find(key); it != index_.end()) {
      order_.splice(order_.begin(), order_, it->second);
      return order_.front().second;
    }
    if (order_.size() >= most_) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    order_.emplace_front(key, V{});
    index_[key] = order_.begin();
    return order_.front().second;
  }
  std::size_t size() const { return order_.size(); }

 private:
  using Order = std::list<std::pair<std::string, V>>;
  const std::size_t most_;
  Order order_;
  std::unordered_map<std::string, typename Order::iterator> index_;
};

// Tokens: `burst` at first, one more each `refill`.
class TokenBucket {
 public:
  static constexpr int kBurst = 25;
  static constexpr base::Duration kRefill = std::chrono::minutes(5);

  bool Take(base::TimePoint now);

 private:
  int tokens_ = kBurst;
  base::TimePoint counted_{};
};

// One series: the same object, type, reason and message.
struct EventSeries {
  std::string name;        // of the Event object; empty: none was tried yet
  bool there = false;      // the server is known to have it; else a write may have got through without its answer
  std::int64_t count = 0;  // occurrences, told or not
  base::WallTime first{};
};

// The text cut to `most` bytes, never inside a character.
std::string CutUtf8(std::string text, std::size_t most);

}  // namespace dm::kube

// WorkQueue: keys to reconcile. A key is handed to one worker at a time; adds while it is in hand collapse into one
// more pass; the earlier of two delays wins; failures back off per key (5 ms · 2ⁿ up to the cap). Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"

namespace dm::kube {

using Key = std::string;  // namespace/name

struct WorkQueueOptions {
  base::Duration backoff_initial = std::chrono::milliseconds(5);
  base::Duration backoff_cap = std::chrono::seconds(60);
  // For histograms, called without a lock: how long a key waited, how long it was in hand.
  std::function<void(base::Duration)> on_waited, on_worked;
};

struct WorkQueueStats {
  std::size_t depth = 0, delayed = 0, in_hand = 0;
  std::uint64_t adds = 0, retries = 0;     // keys put into the queue; AddRateLimited calls
  base::Duration unfinished{}, longest{};  // sum and maximum of the times of what is in hand now
};

class WorkQueue {
 public:
  enum class Priority {
    kLow,
    kNormal
  };  // low: first listing and resync, so that fresh changes overtake after a restart

  explicit WorkQueue(base::Clock& clock, WorkQueueOptions options = {});
  ~WorkQueue();

  // A key has at most one place: an immediate add takes a delayed one's place (the earliest wins), an add with normal
  // priority lifts a low one.
  void Add(const Key& key, Priority priority = Priority::kNormal);
  void AddAfter(const Key& key, base::Duration delay);
  void AddRateLimited(const Key& key, base::Duration at_least = {});  // after the key's backoff
  void Forget(const Key& key);                                        // the key's backoff starts anew

  std::optional<Key> Get(std::stop_token stop);  // blocks; nullopt when stopped or shut down and drained
  void Done(const Key& key);
  void ShutDown();  // no new adds; Get drains what is queued

  std::size_t Depth() const;
  int Failures(const Key& key) const;
  WorkQueueStats Stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::kube

#include "kube/work_queue.h"

#include <algorithm>
#include <map>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/guarded.h"

namespace dm::kube {
namespace {

using base::Duration;
using base::TimePoint;

// What is known of one key. A key stands in at most one of: the order, the delayed ones. In hand it may besides be
// dirty.
struct Entry {
  bool in_hand = false;
  bool dirty = false;  // added while in hand: goes back at Done
  WorkQueue::Priority priority = WorkQueue::Priority::kLow;
  std::optional<std::pair<int, std::uint64_t>> place;  // in the order
  std::optional<TimePoint> due;                        // among the delayed
  int failures = 0;
  TimePoint since{};  // queued, or in hand, since then

  bool Idle() const { return !in_hand && !dirty && !place && !due && failures == 0; }
};

struct State {
  std::unordered_map<Key, Entry> entries;
  std::map<std::pair<int, std::uint64_t>, Key> order;  // (0 normal | 1 low, arrival)
  std::set<std::pair<TimePoint, Key>> delayed;
  std::uint64_t arrivals = 0;
  std::uint64_t retries = 0;
  bool shut_down = false;
  bool ending = false;          // the destructor runs
  std::stop_source timer_wake;  // ends the timer's present sleep
};

int Rank(WorkQueue::Priority priority) { return priority == WorkQueue::Priority::kNormal ? 0 : 1; }

}  // namespace

struct WorkQueue::Impl {
  Impl(base::Clock& clock_in, WorkQueueOptions options_in) : clock(clock_in), options(std::move(options_in)) {}

  void Enqueue(State& state, const Key& key, Entry& entry, Priority priority);
  void Put(const Key& key, Priority priority);
  void PutAfter(State& state, const Key& key, Duration delay);
  void RunTimer();

  base::Clock& clock;
  const WorkQueueOptions options;
  mutable base::Guarded<State> state;
  std::jthread timer;
};

void WorkQueue::Impl::Enqueue(State& s, const Key& key, Entry& entry, Priority priority) {
  if (entry.due) {
    s.delayed.erase({*entry.due, key});
    entry.due.reset();
  }
  const bool waits = entry.place || entry.dirty;
  if (!waits || priority == Priority::kNormal) entry.priority = priority;
  if (entry.in_hand) {
    entry.dirty = true;
    return;
  }
  if (entry.place) {
    if (entry.place->first == Rank(entry.priority)) return;
    s.order.erase(*entry.place);  // lifted
  } else {
    entry.since = clock.Now();
  }
  entry.place = std::pair(Rank(entry.priority), ++s.arrivals);
  s.order.emplace(*entry.place, key);
}

void WorkQueue::Impl::Put(const Key& key, Priority priority) {
  {
    auto locked = state.Lock();
    if (locked->shut_down) return;
    Enqueue(*locked, key, locked->entries[key], priority);
  }
  state.NotifyAll();
}

void WorkQueue::Impl::PutAfter(State& s, const Key& key, Duration delay) {
  Entry& entry = s.entries[key];
  if (entry.place || entry.dirty) return;  // it comes sooner than that
  const TimePoint due = clock.Now() + delay;
  if (entry.due && *entry.due <= due) return;
  if (entry.due) s.delayed.erase({*entry.due, key});
  entry.due = due;
  s.delayed.emplace(due, key);
  if (s.delayed.begin()->second == key) s.timer_wake.request_stop();
}

void WorkQueue::Impl::RunTimer() {
  auto locked = state.Lock();
  while (!locked->ending) {
    bool moved = false;
    while (!locked->delayed.empty() && locked->delayed.begin()->first <= clock.Now()) {
      const Key key = locked->delayed.begin()->second;
      Enqueue(*locked, key, locked->entries[key], Priority::kNormal);
      moved = true;
    }
    if (moved) state.NotifyAll();
    if (locked->delayed.empty()) {
      state.Wait(locked, {}, [](const State& s) { return s.ending || !s.delayed.empty(); });
      continue;
    }
    const TimePoint due = locked->delayed.begin()->first;
    locked->timer_wake = std::stop_source();
    std::stop_token wake = locked->timer_wake.get_token();
    locked.lock().unlock();
    clock.WaitUntil(due, std::move(wake));  // until then, or until something earlier was added
    locked.lock().lock();
  }
}

WorkQueue::WorkQueue(base::Clock& clock, WorkQueueOptions options)
    : impl_(std::make_unique<Impl>(clock, std::move(options))) {
  impl_->timer = std::jthread([impl = impl_.get()] { impl->RunTimer(); });
}

WorkQueue::~WorkQueue() {
  {
    auto state = impl_->state.Lock();
    state->ending = state->shut_down = true;
    state->timer_wake.request_stop();
  }
  impl_->state.NotifyAll();
  impl_->timer.join();
}

void WorkQueue::Add(const Key& key, Priority priority) { impl_->Put(key, priority); }

void WorkQueue::AddAfter(const Key& key, Duration delay) {
  if (delay <= Duration{0}) return impl_->Put(key, Priority::kNormal);
  {
    auto state = impl_->state.Lock();
    if (state->shut_down) return;
    impl_->PutAfter(*state, key, delay);
  }
  impl_->state.NotifyAll();
}

void WorkQueue::AddRateLimited(const Key& key, Duration at_least) {
  Duration delay = impl_->options.backoff_initial;
  {
    auto state = impl_->state.Lock();
    if (state->shut_down) return;
    ++state->retries;
    Entry& entry = state->entries[key];
    const int failures = entry.failures++;
    for (int i = 0; i < failures && delay < impl_->options.backoff_cap; ++i) delay *= 2;
    impl_->PutAfter(*state, key, std::max(std::min(delay, impl_->options.backoff_cap), at_least));
  }
  impl_->state.NotifyAll();
}

void WorkQueue::Forget(const Key& key) {
  auto state = impl_->state.Lock();
  auto it = state->entries.find(key);
  if (it == state->entries.end()) return;
  it->second.failures = 0;
  if (it->second.Idle()) state->entries.erase(it);
}

std::optional<Key> WorkQueue::Get(std::stop_token stop) {
  std::optional<Key> key;
  Duration waited{};
  {
    auto state = impl_->state.Lock();
    impl_->state.Wait(state, stop, [](const State& s) { return !s.order.empty() || s.shut_down; });
    if (stop.stop_requested() || state->order.empty()) return std::nullopt;
    auto first = state->order.begin();
    key = std::move(first->second);
    state->order.erase(first);
    Entry& entry = state->entries.at(*key);
    entry.place.reset();
    entry.in_hand = true;
    const TimePoint now = impl_->clock.Now();
    waited = now - std::exchange(entry.since, now);
  }
  if (impl_->options.on_waited) impl_->options.on_waited(waited);
  return key;
}

void WorkQueue::Done(const Key& key) {
  Duration worked{};
  {
    auto state = impl_->state.Lock();
    auto it = state->entries.find(key);
    if (it == state->entries.end() || !it->second.in_hand) return;
    Entry& entry = it->second;
    worked = impl_->clock.Now() - entry.since;
    entry.in_hand = false;
    if (std::exchange(entry.dirty, false)) {
      impl_->Enqueue(*state, key, entry, entry.priority);
    } else if (entry.Idle()) {
      state->entries.erase(it);
    }
  }
  impl_->state.NotifyAll();
  if (impl_->options.on_worked) impl_->options.on_worked(worked);
}

void WorkQueue::ShutDown() {
  {
    auto state = impl_->state.Lock();
    state->shut_down = true;
    for (const auto& [due, key] : state->delayed) state->entries[key].due.reset();
    state->delayed.clear();
  }
  impl_->state.NotifyAll();
}

std::size_t WorkQueue::Depth() const { return impl_->state.Lock()->order.size(); }

int WorkQueue::Failures(const Key& key) const {
  auto state = impl_->state.Lock();
  auto it = state->entries.find(key);
  return it == state->entries.end() ? 0 : it->second.failures;
}

WorkQueueStats WorkQueue::Stats() const {
  auto state = impl_->state.Lock();
  WorkQueueStats stats;
  stats.depth = state->order.size();
  stats.delayed = state->delayed.size();
  stats.adds = state->arrivals;
  stats.retries = state->retries;
  const TimePoint now = impl_->clock.Now();
  for (const auto& [key, entry] : state->entries) {
    if (!entry.in_hand) continue;
    ++stats.in_hand;
    stats.unfinished += now - entry.since;
    stats.longest = std::max(stats.longest, now - entry.since);
  }
  return stats;
}

}  // namespace dm::kube

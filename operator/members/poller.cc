#include "operator/members/poller.h"

#include <algorithm>

namespace dm::op::members {
namespace {

// A cluster that does not answer costs a thread some seconds each time: up to eight intervals apart, at most 2 minutes.
base::Duration Pause(base::Duration interval, int failures) {
  const int doublings = std::clamp(failures - 2, 0, 3);
  return std::min<base::Duration>(interval * (1 << doublings), std::max<base::Duration>(interval, std::chrono::minutes(2)));
}

// A member that was healthy in the last reading, and is the same process, has been so since then. A stale reading has been
// cleared of the processes that changed, so it may be asked as well.
void KeepSince(Reads& reads, const Reads* before) {
  for (const auto& [pod, health] : reads.health) {
    if (!health.known() || !health.value()) continue;
    auto since = reads.at;
    if (before) {
      if (const auto it = before->healthy_since.find(pod); it != before->healthy_since.end()) since = it->second;
    }
    reads.healthy_since[pod] = since;
  }
  const bool leads = reads.roster.known() && !reads.roster->leader.name.empty();
  if (leads || reads.healthy_since.empty()) return;
  reads.leaderless_since = before && before->leaderless_since ? *before->leaderless_since : reads.at;
}

}  // namespace

Poller::Poller(Dialer dialer, base::Clock& clock, int threads, std::function<void(const std::string& key)> changed,
               ReadLimits limits)
    : dialer_(std::move(dialer)), clock_(clock), count_(threads), changed_(std::move(changed)), limits_(limits) {}

Poller::~Poller() { Stop(); }

void Poller::Start() {
  for (int i = 0; i < count_; ++i) threads_.emplace_back([this](std::stop_token stop) { Run(std::move(stop)); });
}

void Poller::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Poller::Watch(const std::string& key, Target target, base::Duration interval) {
  {
    auto state = state_.Lock();
    Entry& entry = state->entries[key];
    const bool fresh = entry.revision == 0;
    const bool differs = fresh || entry.target != target;
    const auto now = clock_.Now();
    if (!differs && entry.interval == interval) return;
    if (differs) {
      if (entry.latest) {
        // Health is carried over only for processes that are the same.
        auto stale = std::make_shared<Reads>(*entry.latest);
        stale->current = false;
        for (const Address& old : entry.target.masters) {
          const bool same = std::any_of(target.masters.begin(), target.masters.end(), [&](const Address& now_there) {
            return now_there.pod == old.pod && now_there.incarnation == old.incarnation;
          });
          if (!same) stale->healthy_since.erase(old.pod);
        }
        entry.latest = std::move(stale);
      }
      entry.target = std::move(target);
      entry.next = now;
      entry.failures = 0;
      entry.revision = ++state->last_revision;
    } else if (interval < entry.interval) {
      entry.next = std::min(entry.next, now + interval);
    }
    entry.interval = interval;
    ++state->stirred;
    state->stats.clusters = state->entries.size();
  }
  state_.NotifyAll();
}

void Poller::Retarget(const std::string& key, Target target) {
  base::Duration interval{};
  {
    auto state = state_.Lock();
    const auto it = state->entries.find(key);
    if (it == state->entries.end()) return;
    interval = it->second.interval;
  }
  Watch(key, std::move(target), interval);
}

void Poller::Refresh(const std::string& key, base::Duration delay) {
  {
    auto state = state_.Lock();
    const auto it = state->entries.find(key);
    if (it == state->entries.end()) return;
    Entry& entry = it->second;
    if (entry.latest) {
      auto stale = std::make_shared<Reads>(*entry.latest);
      stale->current = false;
      entry.latest = std::move(stale);
    }
    entry.revision = ++state->last_revision;
    entry.next = clock_.Now() + delay;
    entry.failures = 0;
    ++state->stirred;
  }
  state_.NotifyAll();
}

void Poller::Forget(const std::string& key) {
  auto state = state_.Lock();
  state->entries.erase(key);
  state->stats.clusters = state->entries.size();
}

std::shared_ptr<const Reads> Poller::Latest(const std::string& key) const {
  auto state = state_.Lock();
  const auto it = state->entries.find(key);
  return it == state->entries.end() ? nullptr : it->second.latest;
}

PollerStats Poller::Stats() const { return state_.Lock()->stats; }

bool Poller::TakeDue(State& state, std::string& key, Target& target, std::uint64_t& revision, base::Duration& wait) {
  const auto now = clock_.Now();
  Entry* due = nullptr;
  wait = std::chrono::seconds(30);
  for (auto& [name, entry] : state.entries) {
    if (entry.reading) continue;
    if (entry.next > now) {
      wait = std::min<base::Duration>(wait, entry.next - now);
    } else if (!due || entry.next < due->next) {
      due = &entry;
      key = name;
    }
  }
  if (!due) return false;
  due->reading = true;
  target = due->target;
  revision = due->revision;
  return true;
}

void Poller::Finish(const std::string& key, std::uint64_t revision, Reads reads) {
  bool tell = false;
  {
    auto state = state_.Lock();
    ++state->stats.reads;
    const auto it = state->entries.find(key);
    // Forgotten, or overtaken and due again already: the answer is about the past.
    if (it == state->entries.end()) return;
    Entry& entry = it->second;
    entry.reading = false;
    ++state->stirred;
    if (entry.revision != revision) return;
    entry.failures = reads.roster ? 0 : entry.failures + 1;
    if (!reads.roster) ++state->stats.unknown;
    entry.next = clock_.Now() + Pause(entry.interval, entry.failures);
    reads.current = true;
    KeepSince(reads, entry.latest.get());
    tell = !entry.latest || !entry.latest->current || !entry.latest->SameAs(reads);
    entry.latest = std::make_shared<const Reads>(std::move(reads));
    if (tell) ++state->stats.changes;
  }
  state_.NotifyAll();
  if (tell) changed_(key);
}

int Poller::RunDue(std::stop_token stop) {
  int count = 0;
  while (!stop.stop_requested()) {
    std::string key;
    Target target;
    std::uint64_t revision = 0;
    base::Duration wait{};
    {
      auto state = state_.Lock();
      if (!TakeDue(*state, key, target, revision, wait)) return count;
    }
    Finish(key, revision, ReadMembers(target, dialer_, clock_, limits_, stop));
    ++count;
  }
  return count;
}

void Poller::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::string key;
    Target target;
    std::uint64_t revision = 0;
    base::Duration wait{};
    {
      auto state = state_.Lock();
      if (!TakeDue(*state, key, target, revision, wait)) {
        // Woken when the next one is due, or when that may have become another one, or sooner.
        (void)state_.WaitFor(state, stop, wait, [seen = state->stirred](const State& s) { return s.stirred != seen; });
        continue;
      }
    }
    Finish(key, revision, ReadMembers(target, dialer_, clock_, limits_, stop));
  }
}

}  // namespace dm::op::members

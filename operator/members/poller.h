// Poller: reads the members of every cluster on threads of its own, so that a tenant's member that hangs never holds up a
// reconcile. Who reconciles takes the latest reading and never waits; when a reading says something new, the key is handed to
// `changed`. A cluster whose members do not answer is asked less and less often.
//
// Thread-safe. `changed` runs on a polling thread: enqueue and return.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "operator/members/reader.h"

namespace dm::op::members {

struct PollerStats {
  std::uint64_t reads = 0, changes = 0, unknown = 0;
  std::size_t clusters = 0;
};

class Poller {
 public:
  Poller(Dialer dialer, base::Clock& clock, int threads, std::function<void(const std::string& key)> changed,
         ReadLimits limits = {});
  ~Poller();

  void Start();
  void Stop();

  // Whom to ask for `key`, and how often at most. A target that differs from the one before is read at once, and until then
  // Latest() is not current.
  void Watch(const std::string& key, Target target, base::Duration interval);
  // As Watch, for a cluster that is watched already; else nothing.
  void Retarget(const std::string& key, Target target);
  // What was read may be overtaken (we changed something): until it has been read again, `delay` from now, it is not current.
  void Refresh(const std::string& key, base::Duration delay = {});
  void Forget(const std::string& key);

  // Null until the first reading.
  std::shared_ptr<const Reads> Latest(const std::string& key) const;
  PollerStats Stats() const;

  // Reads what is due now on the calling thread; the number of clusters read. For tests.
  int RunDue(std::stop_token stop = {});

 private:
  struct Entry {
    Target target;
    base::Duration interval{};
    base::TimePoint next{};
    std::uint64_t revision = 0;      // another one for each Watch of a new target and each Refresh
    bool reading = false;
    int failures = 0;                // readings in a row without a roster
    std::shared_ptr<const Reads> latest;
  };
  struct State {
    std::map<std::string, Entry> entries;
    std::uint64_t last_revision = 0;
    std::uint64_t stirred = 0;                       // raised whenever another reading may be the next that is due
    PollerStats stats;
  };

  void Run(std::stop_token stop);
  // Takes the entry that has been due the longest; false when there is none (then `wait` says how long until one is).
  bool TakeDue(State& state, std::string& key, Target& target, std::uint64_t& revision, base::Duration& wait);
  void Finish(const std::string& key, std::uint64_t revision, Reads reads);

  const Dialer dialer_;
  base::Clock& clock_;
  const int count_;
  const std::function<void(const std::string&)> changed_;
  const ReadLimits limits_;
  base::Guarded<State> state_;
  std::vector<std::jthread> threads_;
};

}  // namespace dm::op::members

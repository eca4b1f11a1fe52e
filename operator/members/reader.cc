#include "operator/members/reader.h"

#include <set>

namespace dm::op::members {
namespace {

template <class T>
Known<T> AsKnown(base::Result<T> result) {
  if (!result) return Known<T>::Unknown(result.error().ToString());
  return Known<T>::Of(std::move(*result));
}

class Reading {
 public:
  Reading(const Target& target, const Dialer& dialer, base::Clock& clock, const ReadLimits& limits, std::stop_token stop)
      : target_(target), dialer_(dialer), clock_(clock), limits_(limits), stop_(std::move(stop)),
        end_(clock.Now() + limits.all) {}

  Reads Run() {
    if (const Address* answers = Look()) {
      ReadRest(Client(*answers));
      // What hundreds of tasks do takes its time, and nothing may be taken away on the word of a list that has become old meanwhile.
      if (clock_.Now() - reads_.at > limits_.lasts) {
        end_ = clock_.Now() + limits_.all;
        Look();
      }
    }
    return std::move(reads_);
  }

 private:
  bool OutOfTime() const { return clock_.Now() >= end_ || stop_.stop_requested(); }
  MemberClient Client(const Address& address) const {
    return MemberClient(dialer_(address, target_.credentials), limits_.each);
  }

  // Health and members; the master that gave the list, null when none did.
  const Address* Look() {
    bool healthy = false;
    reads_.at = clock_.Now();
    for (auto master = target_.masters.rbegin(); master != target_.masters.rend(); ++master) {
      if (!healthy) reads_.at = clock_.Now();
      reads_.health[master->pod] = Health(*master);
      healthy |= reads_.Healthy(master->pod);
    }
    return ReadRoster();
  }

  Known<bool> Health(const Address& master) const {
    if (OutOfTime()) return Known<bool>::Unknown("there was no time left to ask it");
    return AsKnown(Client(master).Health(stop_));
  }

  const Address* ReadRoster() {
    std::string why = target_.masters.empty() ? "no dm-master pod has an address" : "no dm-master says that it is healthy";
    for (const Address& master : target_.masters) {
      if (!reads_.Healthy(master.pod)) continue;
      if (OutOfTime()) {
        why = "there was no time left to ask";
        break;
      }
      auto roster = Client(master).List(stop_, limits_.each + std::chrono::seconds(target_.masters.size()));
      if (!roster) {
        why = master.pod + ": " + roster.error().ToString();
        continue;
      }
      roster->answered_by = master.pod;
      reads_.roster = Known<Roster>::Of(std::move(*roster));
      return &master;
    }
    reads_.roster = Known<Roster>::Unknown(why);
    reads_.cluster_id = Known<std::string>::Unknown(why);
    reads_.sources = Known<std::vector<Source>>::Unknown(why);
    reads_.subtasks = Known<std::vector<Subtask>>::Unknown(why);
    return nullptr;
  }

  void ReadRest(const MemberClient& client) {
    reads_.cluster_id = AsKnown(client.ClusterId(stop_));
    if (OutOfTime()) {
      reads_.sources = Known<std::vector<Source>>::Unknown("there was no time left to ask");
      return;
    }
    reads_.sources = AsKnown(client.Sources(stop_));
    if (target_.subtasks) reads_.subtasks = Subtasks(client);
  }

  Known<std::vector<Subtask>> Subtasks(const MemberClient& client) const {
    using Out = Known<std::vector<Subtask>>;
    if (!reads_.sources) return Out::Unknown(reads_.sources.why());
    std::set<std::string> tasks;
    for (const Source& source : *reads_.sources) tasks.insert(source.tasks.begin(), source.tasks.end());
    if (tasks.size() > limits_.max_tasks) return Out::Unknown("there are more tasks than can be looked at");
    std::vector<Subtask> all;
    for (const std::string& task : tasks) {
      if (OutOfTime()) return Out::Unknown("there was no time left to look at every task");
      auto some = client.Subtasks(task, stop_);
      // A task that went away between the two calls disturbs nobody.
      if (!some && some.error().code == base::Code::kNotFound) continue;
      if (!some) return Out::Unknown(some.error().ToString());
      all.insert(all.end(), some->begin(), some->end());
    }
    return Out::Of(std::move(all));
  }

  const Target& target_;
  const Dialer& dialer_;
  base::Clock& clock_;
  const ReadLimits& limits_;
  std::stop_token stop_;
  base::TimePoint end_;
  Reads reads_;
};

}  // namespace

Reads ReadMembers(const Target& target, const Dialer& dialer, base::Clock& clock, const ReadLimits& limits,
                  std::stop_token stop) {
  return Reading(target, dialer, clock, limits, std::move(stop)).Run();
}

}  // namespace dm::op::members

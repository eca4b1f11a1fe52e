// DmModel: what dm-masters and dm-workers do, as far as an operator can tell: etcd's membership and quorum, leadership and
// eviction, registration of workers, sources with a task each. The rules are those of recorded clusters (docs: a removed member never starts on its old
// data, a lost directory is refused, membership changes are refused while somebody is unhealthy or has only just come).
// Time is a number of seconds. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operator/members/types.h"

namespace dm::op::lifecycle::testing {

// What lies on a master's volume.
struct Disk {
  int founding = 0;                          // of which cluster: the how-manieth that was ever started; 0: empty
  std::uint64_t member = 0;
  std::set<std::string> aside;               // directories removed-<tag>
};

class DmModel {
 public:
  struct Process {
    bool running = false;
    int since = 0;                           // when it became healthy
    bool evicted = false;
    bool removed = false;                    // no member any more; it does not end by itself
    std::string crash;                       // why it does not run
  };

  // A master's start script and process, tried once a second until it runs. `line` and `removed` as in the ConfigMap.
  void StartMaster(const std::string& pod, Disk& disk, const std::string& line, const std::string& removed, int now);
  void StopMaster(const std::string& pod);
  void StartWorker(const std::string& pod, int now);
  void StopWorker(const std::string& pod);
  void Elect();                              // once a second

  bool Quorum() const;
  bool Healthy(const std::string& pod) const;
  std::string leader() const { return leader_; }
  bool Lists(const std::string& pod) const { return members_.contains(pod); }
  std::size_t members() const { return members_.size(); }
  int bootstraps() const { return bootstraps_; }
  const std::map<std::string, Process>& masters() const { return masters_; }
  std::uint64_t cluster() const { return cluster_; }

  // The users' side of sources. Each has one task, t-<source>, which runs in Sync.
  void AddSource(const std::string& name, const std::string& worker = {});   // bound to that one if it is free, else to any
  void RemoveSource(const std::string& name) { sources_.erase(name); }
  void PauseTask(const std::string& source, bool on);
  void SetUnit(const std::string& source, const std::string& unit, const std::string& stage = "Running");
  void Load(const std::string& worker, bool on);   // its source, which is added if it has none
  void FinishLoads();
  std::string HolderOf(const std::string& source) const { return sources_.at(source).worker; }
  std::string HeldBy(const std::string& worker) const;
  struct Source {
    std::string worker, last;                // bound to; empty: to none
    std::string unit = "Sync", stage = "Running";
    bool paused = false;                     // by its user
    std::string loader;                      // in Load: the worker whose disk has the dump
  };
  const std::map<std::string, Source>& sources() const { return sources_; }
  // The next transfer is cut off in the middle, as when the leader dies: tasks are paused, nothing has moved.
  bool cut_transfer = false;

  // The mutations; "" or DM's refusal.
  std::string Evict(const std::string& pod);
  std::string CancelEvict(const std::string& pod);
  std::string DeleteMaster(const std::string& pod, int now);
  std::string DeleteWorker(const std::string& pod);
  std::string TransferSource(const std::string& source, const std::string& worker);
  std::string ResumeTask(const std::string& source);

  // As the reader would have it for these pods.
  members::Reads Read(const std::set<std::string>& pods, int now) const;

 private:
  std::string Unstable(const std::string& except, int now) const;
  void Bind();                               // every source without a worker to a free one
  bool Free(const std::string& worker) const;
  void ReadWorkers(members::Reads& reads, members::Roster& roster) const;

  std::string Crash(const std::string& pod, Disk& disk, const std::string& line, const std::string& removed, int now);

  std::uint64_t cluster_ = 0, next_ = 1000;
  int bootstraps_ = 0;
  std::set<std::string> initial_;            // names that the cluster was started with
  std::map<std::string, std::uint64_t> members_;   // etcd's list
  std::set<std::string> started_;            // members that have run once
  std::map<std::string, Process> masters_;   // pods that exist
  std::map<std::string, bool> workers_;      // registered: online
  std::map<std::string, int> worker_runs_;   // processes, and of which founding they know
  std::map<std::string, Source> sources_;
  std::string leader_;
  mutable std::optional<int> leaderless_;   // of the readings: since when healthy masters have no leader
};

}  // namespace dm::op::lifecycle::testing

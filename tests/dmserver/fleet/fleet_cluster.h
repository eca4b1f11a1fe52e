// FleetCluster: one DM cluster of a Fleet. The state and what DM does to it are the stand-in's own (cluster_state.h); in the
// place of processes, disks and consensus there is what Kubernetes says of the pods: a master runs from the moment its pod has
// an address, does what its start script would do (the line of the bootstrap ConfigMap, or its data), and a quorum is a
// majority of members that run. Thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "dm/words.h"
#include "tests/dmserver/answering_master.h"

namespace dm::standin {

class FleetCluster {
 public:
  FleetCluster(std::string name, base::Clock& clock) : names_{std::move(name)}, clock_(clock) {}

  // What Kubernetes says.
  void SetLines(std::map<std::string, std::string> lines);        // data of the bootstrap ConfigMap: pod → line
  void Run(Role role, const std::string& pod);
  void Stop(Role role, const std::string& pod);

  // For the masters that answer; `pod` is the one that is asked.
  base::Json State() const { return state_.Lock()->dm; }
  bool Serves(const std::string& pod) const;                      // it has joined; before that the port is not open
  bool Removed(const std::string& pod) const;
  bool AwaitQuorum(base::Duration timeout, std::stop_token stop) const;
  base::Result<Outcome> Change(const std::function<Outcome(base::Json&)>& change, base::Duration timeout, std::stop_token stop);
  base::Result<Outcome> RemoveMember(const std::string& name, const std::string& asked);
  void SetEvicted(const std::string& pod, bool evicted);
  const Names& names() const { return names_; }

 private:
  struct Data {
    base::Json dm;                                 // null until the first masters have started
    std::map<std::string, std::string> lines;
    std::set<std::string> masters, workers;        // pods that run
    std::map<std::string, std::string> data;       // master pod → its member id, "" when removed: what lies on its volume
    std::set<std::string> evicted;
  };
  void Settle(Data& state);
  void StartMaster(Data& state, const std::string& pod);
  void Publish(Data& state);
  void Elect(Data& state);
  void KeepWorkers(Data& state);
  bool Quorum(const Data& state) const;
  std::string Host(Role role, const std::string& pod, int port) const;

  const Names names_;
  base::Clock& clock_;
  mutable base::Guarded<Data> state_;
};

}  // namespace dm::standin

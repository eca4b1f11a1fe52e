#include "operator/lifecycle/testing/dm_model.h"

#include <algorithm>

#include "base/strings.h"

namespace dm::op::lifecycle::testing {
namespace {

std::set<std::string> NamesIn(std::string_view list) {
  std::set<std::string> names;
  for (const auto part : base::Split(list, ',')) names.emplace(part.substr(0, part.find_first_of("=.")));
  return names;
}

}  // namespace

// Why it does not start; empty: it does.
std::string DmModel::Crash(const std::string& pod, Disk& disk, const std::string& line, const std::string& removed, int now) {
  if (!removed.empty() && disk.aside.insert(removed).second) disk.founding = 0;
  if (disk.founding != 0) {
    const auto it = members_.find(pod);
    if (disk.founding != bootstraps_ || it == members_.end() || it->second != disk.member) return "a removed member does not start on its old data";
    return {};
  }
  if (base::StartsWith(line, "bootstrap ")) {
    const auto names = NamesIn(std::string_view(line).substr(10, line.find('\n') - 10));
    const bool alone = std::none_of(masters_.begin(), masters_.end(), [](const auto& item) { return item.second.running; });
    if (names != initial_ || (alone && started_.contains(pod))) {
      ++bootstraps_;
      initial_ = names;
      members_.clear();
      started_.clear();
      workers_.clear();
      sources_.clear();
      // Ids follow from the addresses: the same members give the same ids, every time.
      cluster_ = std::hash<std::string>{}(line.substr(0, line.find('\n')));
      for (const auto& name : names) members_[name] = std::hash<std::string>{}(name);
    } else if (started_.contains(pod) || !members_.contains(pod)) {
      return "member has already been bootstrapped";
    }
  } else if (base::StartsWith(line, "join ")) {
    if (members_.contains(pod)) return "missing data or joining a duplicate member";
    if (!Quorum()) return "fail to join: no quorum";
    if (const auto who = Unstable("", now); !who.empty()) return "fail to join: unhealthy cluster";
    members_[pod] = ++next_;
  } else {
    return "waiting for its line";
  }
  disk.founding = bootstraps_;
  disk.member = members_.at(pod);
  return {};
}

void DmModel::StartMaster(const std::string& pod, Disk& disk, const std::string& line, const std::string& removed, int now) {
  if (masters_[pod].running || masters_[pod].removed) return;
  const std::string crash = Crash(pod, disk, line, removed, now);
  masters_[pod] = {crash.empty(), now, false, false, crash};
  if (crash.empty()) started_.insert(pod);
}

void DmModel::StopMaster(const std::string& pod) {
  masters_.erase(pod);
  if (leader_ == pod) leader_.clear();
}

void DmModel::StartWorker(const std::string& pod, int) {
  if (leader_.empty()) return;
  // Started once, it knows that cluster's masters only: another one at their addresses is none of its own.
  const auto [run, started] = worker_runs_.emplace(pod, bootstraps_);
  if (run->second == bootstraps_) workers_[pod] = true;
}

void DmModel::StopWorker(const std::string& pod) {
  worker_runs_.erase(pod);
  if (const auto it = workers_.find(pod); it != workers_.end()) it->second = false;
  for (auto& [name, source] : sources_) {
    if (source.worker == pod) source.worker.clear();
  }
  Bind();
}

bool DmModel::Quorum() const {
  std::size_t up = 0;
  for (const auto& [name, id] : members_) {
    const auto it = masters_.find(name);
    up += it != masters_.end() && it->second.running;
  }
  return !members_.empty() && up >= members_.size() / 2 + 1;
}

bool DmModel::Healthy(const std::string& pod) const {
  const auto it = masters_.find(pod);
  return it != masters_.end() && it->second.running && members_.contains(pod) && Quorum();
}

void DmModel::Elect() {
  Bind();
  if (!Quorum()) {
    leader_.clear();
    return;
  }
  if (!leader_.empty() && Healthy(leader_) && !masters_.at(leader_).evicted) return;
  leader_.clear();
  for (const auto& [name, id] : members_) {
    if (Healthy(name) && !masters_.at(name).evicted) {
      leader_ = name;
      return;
    }
  }
}

std::string DmModel::Unstable(const std::string& except, int now) const {
  for (const auto& [name, id] : members_) {
    if (name != except && (!Healthy(name) || now - masters_.at(name).since < 5)) return name;
  }
  return {};
}

std::string DmModel::Evict(const std::string& pod) {
  const auto it = masters_.find(pod);
  if (it == masters_.end() || !it->second.running) return "connection refused";
  it->second.evicted = true;
  return {};
}

std::string DmModel::CancelEvict(const std::string& pod) {
  const auto it = masters_.find(pod);
  if (it == masters_.end() || !it->second.running) return "connection refused";
  it->second.evicted = false;
  return {};
}

std::string DmModel::DeleteMaster(const std::string& pod, int now) {
  if (!Quorum() || leader_.empty()) return "master is not leader, and can't forward request to leader";
  if (!members_.contains(pod)) return {};
  // One that is down is no part of the majority, so it may go whoever else is down.
  const auto process = masters_.find(pod);
  const bool down = process == masters_.end() || !process->second.running;
  if (const auto who = Unstable(pod, now); !who.empty() && !down) return "etcdserver: unhealthy cluster";
  members_.erase(pod);
  if (auto it = masters_.find(pod); it != masters_.end() && it->second.running) it->second = {false, 0, false, true, "removed"};
  if (leader_ == pod) leader_.clear();
  return {};
}

std::string DmModel::DeleteWorker(const std::string& pod) {
  if (leader_.empty()) return "no leader";
  const auto it = workers_.find(pod);
  if (it == workers_.end()) return {};
  if (it->second) return "dm-worker is still online";
  workers_.erase(it);
  return {};
}

members::Reads DmModel::Read(const std::set<std::string>& pods, int now) const {
  using members::Known;
  members::Reads reads;
  reads.current = true;
  reads.at = base::TimePoint(std::chrono::seconds(now));
  bool any = false;
  for (const auto& pod : pods) {
    const auto it = masters_.find(pod);
    const bool running = it != masters_.end() && it->second.running;
    reads.health[pod] = running ? Known<bool>::Of(Healthy(pod)) : Known<bool>::Unknown("connection refused");
    if (!Healthy(pod)) continue;
    any = true;
    reads.healthy_since[pod] = base::TimePoint(std::chrono::seconds(it->second.since));
  }
  const std::string why = "no dm-master says that it is healthy";
  reads.roster = Known<members::Roster>::Unknown(any ? "master is not leader, and can't forward request to leader" : why);
  reads.cluster_id = Known<std::string>::Unknown(why);
  if (any && leader_.empty()) {
    if (!leaderless_) leaderless_ = now;
    reads.leaderless_since = base::TimePoint(std::chrono::seconds(*leaderless_));
  } else {
    leaderless_.reset();
  }
  if (!any || leader_.empty()) return reads;
  members::Roster roster;
  roster.leader = {leader_, leader_ + ":8261"};
  for (const auto& [name, id] : members_) {
    roster.masters.push_back({name, std::to_string(id), Healthy(name), "http://" + name + ":8291", "http://" + name + ":8261"});
  }
  ReadWorkers(reads, roster);
  reads.roster = Known<members::Roster>::Of(std::move(roster));
  reads.cluster_id = Known<std::string>::Of(std::to_string(cluster_));
  return reads;
}

}  // namespace dm::op::lifecycle::testing

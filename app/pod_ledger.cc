#include "app/pod_ledger.h"

#include "kube/reflector.h"

namespace dm::app {

using requirements::Reserved;

void PodLedger::Take(const Held& held) {
  const Reserved reserved{held.cpu, held.memory, 1};
  Sum& sum = held.node->second;
  sum.all -= reserved;
  sum.made.reset();
  made_.reset();
  if (held.owned) {
    held.cluster->second -= reserved;
    if (held.cluster->second.pods == 0) sum.clusters.erase(held.cluster);
  }
  if (sum.all.pods == 0) sums_.erase(held.node);
}

bool PodLedger::Put(const kube::api::PodRequests& pod) {
  const std::string key = pod.Key();
  if (!pod.Counts()) return Remove(key);
  unreadable_.erase(key);
  const std::string owner = requirements::OwnerOf(pod.ns, pod.labels);
  const auto found = pods_.find(key);
  if (found != pods_.end()) {
    const Held& held = found->second;
    if (held.node->first == pod.node && held.cpu == pod.cpu && held.memory == pod.memory &&
        (held.owned ? held.cluster->first : std::string()) == owner) {
      return false;
    }
    Take(held);
  }
  const Reserved reserved{pod.cpu, pod.memory, 1};
  Held held{pod.cpu, pod.memory, sums_.try_emplace(pod.node).first, {}, !owner.empty()};
  Sum& sum = held.node->second;
  sum.all += reserved;
  sum.made.reset();
  if (held.owned) {
    held.cluster = sum.clusters.try_emplace(owner).first;
    held.cluster->second += reserved;
  }
  pods_.insert_or_assign(key, held);
  made_.reset();
  return true;
}

bool PodLedger::Remove(const std::string& key) {
  const bool was_unreadable = unreadable_.erase(key) > 0;
  const auto found = pods_.find(key);
  if (found == pods_.end()) return was_unreadable;
  Take(found->second);
  pods_.erase(found);
  return true;
}

bool PodLedger::Put(const base::Json& object) {
  const auto pod = kube::api::ParsePodRequests(object);
  if (pod) return Put(*pod);
  kube::LogUnreadable(object, pod.error());
  const std::string key = kube::KeyOfObject(object);
  const bool known = unreadable_.contains(key);
  Remove(key);                                       // what was read of it before holds no longer
  unreadable_.insert(key);
  return !known;
}

UsageNow PodLedger::Now() {
  if (!unreadable_.empty()) return {nullptr, "the requests of pod " + *unreadable_.begin() + " cannot be read"};
  return {Sums(), {}};
}

UsagePtr PodLedger::Sums() {
  if (made_) return made_;
  auto usage = std::make_shared<requirements::Usage>();
  for (auto& [node, sum] : sums_) {
    if (!sum.made) {
      auto made = std::make_shared<requirements::NodeUsage>();
      made->all = sum.all;
      made->clusters.assign(sum.clusters.begin(), sum.clusters.end());
      sum.made = std::move(made);
    }
    usage->emplace_hint(usage->end(), node, sum.made);
  }
  made_ = std::move(usage);
  return made_;
}

}  // namespace dm::app

// Stores: what the API server has that concerns DMClusters, watched, and held packed (kept.h) until its cluster is looked at.
//
// Reflectors: DMClusters of all namespaces; StatefulSets, Services, ConfigMaps, PodDisruptionBudgets, pods and claims with
// v1's labels (app.kubernetes.io/managed-by=tidb-operator, name=dm-cluster), nothing else.
//
// Thread-safe after Start. `changed` is called on the reflectors' threads: enqueue and return.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/view_assembly.h"
#include "base/clock.h"
#include "base/random.h"
#include "kube/reflector.h"
#include "kube/store.h"
#include "operator/kept.h"

namespace dm::op {

inline constexpr char kChildLabels[] = "app.kubernetes.io/managed-by=tidb-operator,app.kubernetes.io/name=dm-cluster";

class Stores {
 public:
  // namespace/name of the DMCluster that an object belongs to, by its label; empty: none.
  static std::string ClusterOf(const KeptMeta& child);

  using Changed = std::function<void(const std::string& cluster, bool initial)>;
  Stores(net::Transport& transport, base::Clock& clock, base::Random& random, Changed changed);

  void Start();
  void Stop();
  bool Synced() const;
  std::string WhyNotSynced() const;                 // "statefulsets have not been listed yet (…)"
  std::vector<app::WatchState> Watches() const;

  kube::Store<Kept> clusters, sets, services, config_maps, budgets, pods, claims;

 private:
  struct Named {
    std::string resource;
    std::unique_ptr<kube::Reflector> reflector;
    std::function<bool()> synced;
  };
  using Keep = base::Result<Kept> (*)(const base::Json& object, base::TextPacker& packer);
  void Watch(const kube::Resource& resource, kube::Store<Kept>& store, Keep keep, bool child);

  net::Transport& transport_;
  base::Clock& clock_;
  base::Random& random_;
  const Changed changed_;
  base::TimePoint started_;
  std::vector<Named> reflectors_;
};

}  // namespace dm::op

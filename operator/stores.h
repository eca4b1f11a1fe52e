// Stores: what the API server has that concerns DMClusters, watched. Objects whose every field may matter (they are compared
// with what is desired) are kept as packed text and parsed when their cluster is looked at; the rest as trimmed structs: with
// a thousand clusters of three masters and two workers this is most of the operator's memory (docs/performance.md).
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
#include "base/packed_text.h"
#include "base/random.h"
#include "kube/api/object_meta.h"
#include "kube/api/pod_spec.h"
#include "kube/reflector.h"
#include "kube/store.h"
#include "operator/lifecycle/observed.h"

namespace dm::op {

// An object as JSON, without managedFields, and what is asked of it without a look into that.
struct Kept {
  kube::api::ObjectMeta meta;      // name, namespace, uid, versions, deletion and the label of the cluster; the text has the rest
  std::string kind;
  std::size_t notes = 0;           // a hash of labels and annotations
  base::PackedText text;
};
// `packer`: the one for objects of this kind.
base::Result<Kept> ParseKept(const base::Json& object, base::TextPacker& packer);
base::Result<base::Json> ObjectOf(const Kept& kept);
// ParsePod and ParseClaim without what nobody here asks for: containers' resources, affinities, others' labels and annotations.
base::Result<kube::api::Pod> ParseTrimmedPod(const base::Json& object);
base::Result<lifecycle::Claim> ParseTrimmedClaim(const base::Json& object);

inline constexpr char kChildLabels[] = "app.kubernetes.io/managed-by=tidb-operator,app.kubernetes.io/name=dm-cluster";

class Stores {
 public:
  // namespace/name of the DMCluster that an object belongs to, by its label; empty: none.
  static std::string ClusterOf(const kube::api::ObjectMeta& child);

  using Changed = std::function<void(const std::string& cluster, bool initial)>;
  Stores(net::Transport& transport, base::Clock& clock, base::Random& random, Changed changed);

  void Start();
  void Stop();
  bool Synced() const;
  std::string WhyNotSynced() const;                 // "statefulsets have not been listed yet (…)"
  std::vector<app::WatchState> Watches() const;

  kube::Store<Kept> clusters, sets, services, config_maps, budgets;
  kube::Store<kube::api::Pod> pods;
  kube::Store<lifecycle::Claim> claims;

 private:
  struct Named {
    std::string resource;
    std::unique_ptr<kube::Reflector> reflector;
    std::function<bool()> synced;
  };
  template <class T>
  void Watch(const kube::Resource& resource, kube::Store<T>& store, typename kube::StoreConsumer<T>::Parse parse, bool child);

  net::Transport& transport_;
  base::Clock& clock_;
  base::Random& random_;
  const Changed changed_;
  base::TimePoint started_;
  std::vector<Named> reflectors_;
};

}  // namespace dm::op

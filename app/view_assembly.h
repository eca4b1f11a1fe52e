// ViewAssembly: reflectors of nodes, storage classes and namespaces, and the ClusterView made of them, always a whole and
// consistent with one policy. A change of what rules read leads to a new view within milliseconds; heartbeats lead to none.
//
// Where the policy measures what is free, the pods of all nodes are watched too, and views follow them a second later at most
// (Kubernetes' pods change all the time); else none of them is asked for.
//
// Threads: one a reflector and one that builds; readers take pointers. Handlers run on the building thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/pod_watch.h"
#include "app/view_builder.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/random.h"
#include "kube/reflector.h"

namespace dm::app {

// What judging needs, together: the view's nodes were judged by this policy.
struct Surroundings {
  std::shared_ptr<const requirements::ClusterView> view;   // never null
  std::shared_ptr<const requirements::Policy> policy;      // null until the first good one
};

struct WatchState {
  std::string resource;              // nodes | storageclasses | namespaces
  kube::ReflectorHealth health;
  base::Duration silence{0};         // since the last word from the server (or since Start)
};

class ViewAssembly {
 public:
  using Handler = std::function<void(const ViewChange&)>;

  ViewAssembly(net::Transport& transport, base::Clock& clock, base::Random& random);
  ~ViewAssembly();

  void OnChange(Handler handler);                // before Start
  void Start();
  void Stop();
  void SetPolicy(std::shared_ptr<const requirements::Policy> policy);   // all nodes are judged anew

  Surroundings Now() const { return now_.Copy(); }
  std::shared_ptr<const requirements::ClusterView> Snapshot() const { return Now().view; }
  // Everything but pods has been listed and there is a policy; else the reason is WhyNotReady's. Without pods NodeCapacity is
  // not checked, which is no reason to judge nothing.
  bool Ready() const { return WhyNotReady().empty(); }
  std::string WhyNotReady() const;
  std::vector<WatchState> Watches() const;      // but that of pods
  std::size_t PodsHeld() const { return pods_.pods(); }
  base::Duration Silence(const std::string& resource) const;
  // Has a change been waiting for a view for minutes? What liveness asks: it is about our own thread only.
  bool Stuck() const;

 private:
  struct Pending {
    bool dirty = true;
    bool pods = false;                           // what runs on the nodes changed
    base::TimePoint dirty_since{};
    std::shared_ptr<const requirements::Policy> policy;
    NodeNews nodes;                              // in the order in which the watch told them
    void Mark(base::TimePoint now);
  };
  template <class T>
  class Notifying;
  template <class T>
  void Watch(const kube::Resource& resource, kube::Store<T>& store, typename kube::StoreConsumer<T>::Parse parse);
  void MarkDirty();
  void MarkPods(bool whole);
  void AwaitNews(std::stop_token stop);
  void Note(const kube::Change<kube::api::Node>& change);
  void Run(std::stop_token stop);
  void Rebuild();

  struct NamedReflector {
    std::string resource;
    std::unique_ptr<kube::Reflector> reflector;
  };

  net::Transport& transport_;
  base::Clock& clock_;
  base::Random& random_;
  base::TimePoint started_;
  kube::Store<kube::api::Node> nodes_;
  kube::Store<kube::api::StorageClass> classes_;
  kube::Store<kube::api::Namespace> namespaces_;
  std::vector<Handler> handlers_;
  ViewBuilder builder_;                          // of the building thread alone
  base::Guarded<Pending> pending_;
  base::Guarded<Surroundings> now_;
  std::vector<NamedReflector> reflectors_;
  PodWatch pods_;
  std::jthread thread_;
};

}  // namespace dm::app

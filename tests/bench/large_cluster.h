// A large Kubernetes cluster for the benchmarks, always the same: nodes as a cloud's are (22 labels each, mixed operating
// systems, sizes, taints), storage classes, namespaces, and DMClusters. One thread.
#pragma once

#include <string>
#include <vector>

#include "app/view_builder.h"
#include "dm/requirements/evaluate.h"
#include "kube/store.h"

namespace dm::bench {

inline constexpr int kNodes = 5000;
inline constexpr int kClusters = 200;
inline constexpr int kNamespaces = 100;

// As the API server sends it, with conditions, addresses, images and annotations. `version` becomes the resourceVersion.
base::Json NodeJson(int number, int version = 1);
base::Json StorageClassJson(const std::string& name);
base::Json NamespaceJson(int number);

// A production cluster; `patch` is merged into it (RFC 7386).
DMCluster Production(int masters, int workers, const base::Json& patch = base::Json::object());

// What a process of ours holds of the cluster: reflectors' stores and the view made of them.
struct Held {
  kube::Store<kube::api::Node> nodes;
  kube::Store<kube::api::StorageClass> classes;
  kube::Store<kube::api::Namespace> namespaces;
  app::NodeNews news;                      // as ViewAssembly gathers them
  app::ViewBuilder builder;
  std::shared_ptr<const requirements::Policy> policy = std::make_shared<const requirements::Policy>();
  std::shared_ptr<const requirements::ClusterView> view;

  Held();
  void Upsert(const base::Json& node);
  app::ViewChange Build();
};

}  // namespace dm::bench

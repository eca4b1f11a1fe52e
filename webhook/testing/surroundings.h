// A cluster for tests of judging: nodes, classes, namespaces and a policy, without watches.
#pragma once

#include <string>

#include "app/testing/objects.h"
#include "app/view_assembly.h"

namespace dm::webhook::testing {

inline app::Surroundings ClusterWith(int nodes, const std::string& policy_text = {}) {
  app::NodeNews node_list;
  kube::Snapshot<kube::api::StorageClass> class_list;
  kube::Snapshot<kube::api::Namespace> namespace_list;
  for (int i = 0; i < nodes; ++i) {
    auto node = *app::ParseTrimmedNode(app::testing::NodeJson("node-" + std::to_string(i)));
    const std::string name = node.meta.name;     // the right side of an assignment is evaluated first
    node_list.changed[name] = std::make_shared<const kube::api::Node>(std::move(node));
  }
  auto item = *kube::api::ParseStorageClass(app::testing::StorageClassJson("fast"));
  class_list.items["fast"] = std::make_shared<const kube::api::StorageClass>(std::move(item));
  auto shop = *app::ParseTrimmedNamespace(app::testing::NamespaceJson("shop"));
  namespace_list.items["shop"] = std::make_shared<const kube::api::Namespace>(std::move(shop));
  node_list.synced = class_list.synced = namespace_list.synced = true;
  app::Surroundings around;
  around.policy = std::make_shared<const requirements::Policy>(*requirements::ParsePolicy(policy_text));
  around.view = app::ViewBuilder().Build(node_list, class_list, namespace_list, around.policy).view;
  return around;
}

}  // namespace dm::webhook::testing

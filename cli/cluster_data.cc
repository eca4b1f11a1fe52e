#include "cli/cluster_data.h"

#include <algorithm>

#include "base/strings.h"
#include "kube/api/namespace.h"

namespace dm::cli {

namespace {

using base::Code;
using base::Json;
using requirements::ClusterView;

base::Result<std::vector<Json>> Read(const std::vector<std::string>& files, const std::string& kind) {
  auto loaded = Load(files, kDataLimits);
  if (!loaded) return base::Propagate(loaded);
  std::vector<Json> objects;
  for (Item& item : loaded->items) {
    if (item.kind() == kind) objects.push_back(std::move(item.value));
  }
  if (objects.empty()) return base::Fail(Code::kInvalid, base::Join(files, ", ") + ": holds no object of kind " + kind);
  return objects;
}

}  // namespace

base::Result<void> AddNodes(ClusterView& view, const std::vector<Json>& objects, const requirements::Policy& policy,
                            const std::string& where) {
  view.nodes_known = true;
  for (const Json& object : objects) {
    auto node = kube::api::ParseNode(object);
    if (!node) return base::Propagate(node, where + ": node");
    view.nodes.push_back(requirements::Judge(std::make_shared<const kube::api::Node>(*std::move(node)), policy));
  }
  std::stable_sort(view.nodes.begin(), view.nodes.end(),
                   [](const auto& a, const auto& b) { return a->node->meta.name < b->node->meta.name; });
  return {};
}

base::Result<void> AddClasses(ClusterView& view, const std::vector<Json>& objects, const std::string& where) {
  view.classes_known = true;
  for (const Json& object : objects) {
    auto entry = kube::api::ParseStorageClass(object);
    if (!entry) return base::Propagate(entry, where + ": storage class");
    const std::string name = entry->meta.name;
    view.classes[name] = std::make_shared<const kube::api::StorageClass>(*std::move(entry));
  }
  return {};
}

base::Result<void> AddNamespaces(ClusterView& view, const std::vector<Json>& objects, const std::string& where) {
  view.namespaces_known = true;
  for (const Json& object : objects) {
    auto entry = kube::api::ParseNamespace(object);
    if (!entry) return base::Propagate(entry, where + ": namespace");
    view.namespaces[entry->meta.name] = entry->meta.labels;
    view.namespaces[entry->meta.name].emplace("kubernetes.io/metadata.name", entry->meta.name);   // the API server sets it
  }
  return {};
}

base::Result<ClusterView> ReadView(const DataFiles& files, const requirements::Policy& policy) {
  ClusterView view;
  if (!files.nodes.empty()) {
    const auto objects = Read(files.nodes, "Node");
    if (!objects) return base::Propagate(objects, "--nodes");
    if (auto added = AddNodes(view, *objects, policy, "--nodes"); !added) return base::Propagate(added);
  }
  if (!files.classes.empty()) {
    const auto objects = Read(files.classes, "StorageClass");
    if (!objects) return base::Propagate(objects, "--storage-classes");
    if (auto added = AddClasses(view, *objects, "--storage-classes"); !added) return base::Propagate(added);
  }
  if (!files.namespaces.empty()) {
    const auto objects = Read(files.namespaces, "Namespace");
    if (!objects) return base::Propagate(objects, "--namespaces");
    if (auto added = AddNamespaces(view, *objects, "--namespaces"); !added) return base::Propagate(added);
  }
  return view;
}

}  // namespace dm::cli

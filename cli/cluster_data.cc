#include "cli/cluster_data.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "dm/requirements/policy.h"
#include "kube/api/namespace.h"

namespace dm::cli {

namespace {

using base::Code;
using base::Json;
using requirements::ClusterView;

// Objects by kind; at least one of `kind`.
base::Result<std::map<std::string, std::vector<Json>>> Read(const std::vector<std::string>& files, const std::string& kind) {
  auto loaded = Load(files, kDataLimits);
  if (!loaded) return base::Propagate(loaded);
  std::map<std::string, std::vector<Json>> objects;
  for (Item& item : loaded->items) {
    std::string its_kind = item.kind();
    objects[std::move(its_kind)].push_back(std::move(item.value));
  }
  if (!objects.contains(kind)) return base::Fail(Code::kInvalid, base::Join(files, ", ") + ": holds no object of kind " + kind);
  return objects;
}

// Without any pod in them the files say nothing of what runs: most likely pods were not asked for.
app::UsageNow UsageOf(const std::map<std::string, std::vector<Json>>& objects) {
  const auto pods = objects.find("Pod");
  if (pods == objects.end()) return {nullptr, "--nodes gives no pods (kubectl get nodes,pods -A -o json gives both)"};
  app::PodLedger ledger;
  for (const Json& pod : pods->second) ledger.Put(pod);
  return ledger.Now();
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

void AddUsage(ClusterView& view, const app::UsageNow& now) {
  if (now.usage) {
    view.PutUsage(*now.usage);
  } else {
    view.MissUsage(now.missing);
  }
}

base::Result<ClusterView> ReadView(const DataFiles& files, const requirements::Policy& policy) {
  ClusterView view;
  if (!files.nodes.empty()) {
    const auto objects = Read(files.nodes, "Node");
    if (!objects) return base::Propagate(objects, "--nodes");
    if (auto added = AddNodes(view, objects->at("Node"), policy, "--nodes"); !added) return base::Propagate(added);
    if (policy.capacity_free) AddUsage(view, UsageOf(*objects));
  }
  if (!files.classes.empty()) {
    const auto objects = Read(files.classes, "StorageClass");
    if (!objects) return base::Propagate(objects, "--storage-classes");
    if (auto added = AddClasses(view, objects->at("StorageClass"), "--storage-classes"); !added) return base::Propagate(added);
  }
  if (!files.namespaces.empty()) {
    const auto objects = Read(files.namespaces, "Namespace");
    if (!objects) return base::Propagate(objects, "--namespaces");
    if (auto added = AddNamespaces(view, objects->at("Namespace"), "--namespaces"); !added) return base::Propagate(added);
  }
  return view;
}

}  // namespace dm::cli

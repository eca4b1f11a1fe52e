#include "webhook/live_lookup.h"

#include <algorithm>

#include "app/dm_resource.h"
#include "app/view_builder.h"

namespace dm::webhook {
namespace {

using base::Json;
using requirements::ClusterView;
using requirements::LiveClaim;

bool Carries(const kube::api::Labels& labels, const kube::api::Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& want) {
    const auto found = labels.find(want.first);
    return found != labels.end() && found->second == want.second;
  });
}

std::string SelectorOf(const std::string& cluster) {
  std::string selector;
  for (const auto& [key, value] : SelectorLabels(cluster, Role::kMaster)) {
    if (key == "app.kubernetes.io/component") continue;   // all roles at once
    selector += (selector.empty() ? "" : ",") + key + "=" + value;
  }
  return selector;
}

}  // namespace

base::Result<Json> LiveLookup::Cluster(const std::string& ns, const std::string& name) const {
  return client_.Get(app::DMClusters(), ns, name);
}

base::Result<ViewPtr> LiveLookup::WithNamespace(const ViewPtr& view, const std::string& ns) const {
  const auto object = client_.Get(kube::resources::kNamespaces, {}, ns);
  if (!object) {
    if (object.error().code == base::Code::kNotFound) return view;
    return base::Propagate(object, "looking up the namespace " + ns);
  }
  const auto parsed = kube::api::ParseNamespace(*object);
  if (!parsed) return base::Propagate(parsed, "looking up the namespace " + ns);
  auto copy = std::make_shared<ClusterView>(*view);
  copy->namespaces[ns] = parsed->meta.labels;
  return ViewPtr(std::move(copy));
}

base::Result<ViewPtr> LiveLookup::WithClasses(const ViewPtr& view) const {
  const auto objects = client_.List(kube::resources::kStorageClasses, {});
  if (!objects) return base::Propagate(objects, "looking up the storage classes");
  auto copy = std::make_shared<ClusterView>(*view);
  copy->classes.clear();
  for (const Json& object : *objects) {
    auto parsed = kube::api::ParseStorageClass(object);
    if (!parsed) continue;
    const std::string name = parsed->meta.name;
    copy->classes[name] = std::make_shared<const kube::api::StorageClass>(std::move(*parsed));
  }
  return ViewPtr(std::move(copy));
}

base::Result<ViewPtr> LiveLookup::WithNodes(const ViewPtr& view, const requirements::Policy& policy) const {
  const auto objects = client_.List(kube::resources::kNodes, {});
  if (!objects) return base::Propagate(objects, "looking up the nodes");
  auto copy = std::make_shared<ClusterView>(*view);
  copy->nodes.clear();
  for (const Json& object : *objects) {
    auto parsed = app::ParseTrimmedNode(object);
    if (!parsed) continue;
    copy->nodes.push_back(requirements::Judge(std::make_shared<const kube::api::Node>(std::move(*parsed)), policy));
  }
  std::sort(copy->nodes.begin(), copy->nodes.end(), [](const auto& a, const auto& b) { return a->node->meta.name < b->node->meta.name; });
  // The watch of pods comes from the same server, and what they reserve was told by nodes of before.
  if (copy->usage_known) copy->MissUsage("the watches of nodes and pods have fallen silent");
  return ViewPtr(std::move(copy));
}

base::Result<std::vector<LiveClaim>> LiveLookup::Claims(const std::string& ns, const std::string& cluster) const {
  const auto objects = client_.List(kube::resources::kPersistentVolumeClaims, ns, SelectorOf(cluster));
  if (!objects) return base::Propagate(objects, "looking up the claims of " + ns + "/" + cluster);
  std::vector<LiveClaim> claims;
  for (const Json& object : *objects) {
    const auto meta = kube::api::ParseObjectMeta(object);
    if (!meta) continue;
    for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
      if (Carries(meta->labels, SelectorLabels(cluster, role))) claims.push_back(requirements::ReadLiveClaim(object, role));
    }
  }
  return claims;
}

}  // namespace dm::webhook

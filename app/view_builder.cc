#include "app/view_builder.h"

#include <algorithm>

#include "base/strings.h"
#include "dm/requirements/node_groups.h"

namespace dm::app {
namespace {

using requirements::ClusterView;
using requirements::NodeView;

void KeepOurAnnotations(kube::api::ObjectMeta& meta) {
  std::erase_if(meta.annotations, [](const auto& entry) { return !base::StartsWith(entry.first, "dm.pingcap.com/"); });
}

using NodeViews = std::vector<std::shared_ptr<const NodeView>>;

// The nodes before with the news in them; both are in the order of names.
NodeViews Merge(const NodeNews& news, const NodeViews& before, const requirements::Policy& policy, requirements::TraitsPool& traits,
                ViewChange& change) {
  NodeViews merged;
  merged.reserve(before.size() + news.changed.size());
  auto old = before.begin();
  const auto copy_until = [&](auto end) {
    merged.insert(merged.end(), old, end);
    old = end;
  };
  for (const auto& [name, node] : news.changed) {
    copy_until(std::lower_bound(old, before.end(), name, [](const auto& view, const std::string& text) { return view->node->meta.name < text; }));
    const bool held = old != before.end() && (*old)->node->meta.name == name;
    if (node == nullptr) {
      if (held) change.nodes.push_back(name);
    } else if (held && ((*old)->node == node || SameToRules(*(*old)->node, *node))) {
      merged.push_back(*old);
    } else {
      merged.push_back(requirements::Judge(node, policy, &traits));
      change.nodes.push_back(name);
    }
    if (held) ++old;
  }
  copy_until(before.end());
  return merged;
}

void BuildClasses(const kube::Snapshot<kube::api::StorageClass>& classes, const ClusterView& before, ClusterView& view,
                  ViewChange& change) {
  for (const auto& [name, item] : classes.items) {
    const auto old = before.classes.find(name);
    const bool same = old != before.classes.end() && (old->second == item || SameToRules(*old->second, *item));
    if (!same) change.classes.push_back(name);
    view.classes.emplace(name, same ? old->second : item);
  }
  for (const auto& [name, item] : before.classes) {
    if (!classes.items.contains(name)) change.classes.push_back(name);
  }
}

void BuildNamespaces(const kube::Snapshot<kube::api::Namespace>& namespaces, const ClusterView& before, ClusterView& view,
                     ViewChange& change) {
  for (const auto& [name, item] : namespaces.items) {
    const auto old = before.namespaces.find(name);
    if (old == before.namespaces.end() || old->second != item->meta.labels) change.namespaces.push_back(name);
    view.namespaces.emplace(name, item->meta.labels);
  }
  for (const auto& [name, labels] : before.namespaces) {
    if (!namespaces.items.contains(name)) change.namespaces.push_back(name);
  }
}

}  // namespace

bool SameToRules(const kube::api::Node& a, const kube::api::Node& b) {
  return a.meta.uid == b.meta.uid && a.meta.labels == b.meta.labels && a.meta.annotations == b.meta.annotations &&
         a.meta.deletion_timestamp == b.meta.deletion_timestamp && a.os_image == b.os_image &&
         a.kernel_version == b.kernel_version && a.operating_system == b.operating_system &&
         a.architecture == b.architecture && a.cpu == b.cpu && a.memory == b.memory && a.pods == b.pods &&
         a.taints == b.taints && a.unschedulable == b.unschedulable && a.ready == b.ready;
}

bool SameToRules(const kube::api::StorageClass& a, const kube::api::StorageClass& b) {
  return a.meta.uid == b.meta.uid && a.meta.labels == b.meta.labels && a.meta.annotations == b.meta.annotations &&
         a.meta.creation_timestamp == b.meta.creation_timestamp && a.provisioner == b.provisioner &&
         a.parameters == b.parameters && a.volume_binding_mode == b.volume_binding_mode &&
         a.reclaim_policy == b.reclaim_policy && a.allow_volume_expansion == b.allow_volume_expansion;
}

bool SameToRules(const kube::api::Namespace& a, const kube::api::Namespace& b) { return a.meta.labels == b.meta.labels; }

base::Result<kube::api::Node> ParseTrimmedNode(const base::Json& object) {
  auto node = kube::api::ParseNode(object);
  if (node) KeepOurAnnotations(node->meta);
  return node;
}

base::Result<kube::api::Namespace> ParseTrimmedNamespace(const base::Json& object) {
  auto parsed = kube::api::ParseNamespace(object);
  if (parsed) KeepOurAnnotations(parsed->meta);
  return parsed;
}

ViewBuilder::ViewBuilder()
    : view_(std::make_shared<const ClusterView>()), policy_(std::make_shared<const requirements::Policy>()) {}

ViewBuilder::Built ViewBuilder::Build(const NodeNews& nodes, const kube::Snapshot<kube::api::StorageClass>& classes,
                                      const kube::Snapshot<kube::api::Namespace>& namespaces,
                                      const std::shared_ptr<const requirements::Policy>& policy, const UsageNow& usage) {
  Built built;
  ViewChange& change = built.change;
  change.policy = policy && policy != policy_;
  if (change.policy) policy_ = policy;
  auto view = std::make_shared<ClusterView>();
  view->nodes_known = nodes.synced;
  view->classes_known = classes.synced;
  view->namespaces_known = namespaces.synced;
  change.known = view->nodes_known != view_->nodes_known || view->classes_known != view_->classes_known ||
                 view->namespaces_known != view_->namespaces_known;
  view->nodes = Merge(nodes, view_->nodes, *policy_, traits_, change);
  if (change.policy) {
    for (auto& node : view->nodes) node = requirements::Judge(node->node, *policy_, &traits_);
  }
  const bool same_nodes = change.nodes.empty() && !change.policy;
  view->groups = same_nodes ? view_->groups : std::make_shared<const requirements::NodeGroups>(requirements::GroupNodes(*view));
  BuildClasses(classes, *view_, *view, change);
  BuildNamespaces(namespaces, *view_, *view, change);
  change.usage = usage.usage != usage_.usage || usage.missing != usage_.missing;
  if (change.usage) usage_ = usage;
  if (usage.usage) {
    view->PutUsage(*usage.usage);
  } else {
    view->MissUsage(usage.missing);
  }
  change.known = change.known || view->usage_known != view_->usage_known;
  if (change.Any()) view_ = std::move(view);
  built.view = view_;
  return built;
}

}  // namespace dm::app

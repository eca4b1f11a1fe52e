#include "dm/requirements/view.h"

#include <algorithm>
#include <functional>

#include "dm/requirements/kind.h"
#include "dm/requirements/network.h"
#include "dm/requirements/os.h"
#include "dm/requirements/policy.h"

namespace dm::requirements {

const kube::api::StorageClass* ClusterView::DefaultClass() const {
  const kube::api::StorageClass* best = nullptr;
  for (const auto& [name, entry] : classes) {
    if (!entry->IsDefault()) continue;
    // The newest wins, as in Kubernetes; RFC 3339 in UTC sorts as text. The map is in the order of names: of two equally
    // old ones the first stays.
    if (best == nullptr || entry->meta.creation_timestamp > best->meta.creation_timestamp) best = entry.get();
  }
  return best;
}

void ClusterView::PutUsage(const Usage& by_node) {
  usage.assign(nodes.size(), nullptr);
  auto entry = by_node.begin();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string& name = nodes[i]->node->meta.name;
    while (entry != by_node.end() && entry->first < name) ++entry;
    if (entry != by_node.end() && entry->first == name) usage[i] = entry->second;
  }
  usage_known = true;
  usage_missing.clear();
}

void ClusterView::MissUsage(std::string why) {
  usage.clear();
  usage_known = false;
  usage_missing = std::move(why);
}

namespace {

std::int32_t WholePods(kube::api::Quantity pods) {
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  const kube::api::Quantity one = kube::api::Quantity::FromUnits(1);
  return pods.IsNegative() ? 0 : static_cast<std::int32_t>(std::min<kube::api::Int128>(pods.nano() / one.nano(), kMost));
}

}  // namespace

std::shared_ptr<const NodeView> Judge(std::shared_ptr<const kube::api::Node> node, const Policy& policy, TraitsPool* pool) {
  auto view = std::make_shared<NodeView>();
  view->os = JudgeOs(*node, policy);
  view->network_gbps = NetworkGbps(*node);
  NodeTraits traits = TraitsOf(*node);
  view->traits = pool != nullptr ? pool->Share(std::move(traits)) : std::make_shared<const NodeTraits>(std::move(traits));
  view->cpu = node->cpu.value_or(kube::api::Quantity());
  view->memory = node->memory.value_or(kube::api::Quantity());
  if (node->pods) view->pods = WholePods(*node->pods);
  view->size_known = node->cpu.has_value() && node->memory.has_value();
  const auto host = node->meta.labels.find(kHostnameLabel);
  if (host != node->meta.labels.end()) view->hostname = std::hash<std::string>{}(host->second) | 1;
  view->node = std::move(node);
  view->kind_faults = KindFaults(*view);
  return view;
}

}  // namespace dm::requirements

#include "dm/desired/render.h"

#include <iterator>
#include <utility>

#include "dm/desired/config_map.h"
#include "dm/desired/monitor.h"
#include "dm/desired/pod_template.h"
#include "dm/desired/services.h"
#include "dm/desired/stateful_set.h"

namespace dm::desired {
namespace {

// The pods as rules and scheduler see them. What cannot be read of the passed-through parts is a problem of the component,
// and the pods are judged without it.
kube::api::PodSpec ReadPod(Role role, const Json& pod_template, Objects& objects) {
  auto pod = kube::api::ParsePodSpec(pod_template);
  if (!pod) {
    objects.problems.push_back({"spec." + std::string(RoleName(role)), "", "no pod can be made of it: " + pod.error().message, false});
    Json plain = pod_template;
    for (const char* key : {"affinity", "topologySpreadConstraints", "tolerations", "initContainers"}) plain["spec"].erase(key);
    plain["spec"]["containers"] = Json::array({plain["spec"]["containers"][0]});
    pod = kube::api::ParsePodSpec(plain);
  }
  return pod ? *std::move(pod) : kube::api::PodSpec();
}

RolePods PodsOf(const Context& context, const Json& pod_template, Objects& objects) {
  const Component& component = context.component();
  RolePods pods;
  pods.role = context.role;
  pods.replicas = component.replicas;
  pods.main_container = context.Title();
  pods.claim = Claim{context.names.ClaimTemplate(context.role), component.storage_class, component.storage_size};
  if (!pods.claim->size) {
    if (auto standard = Quantity::Parse(kDefaultStorage)) pods.claim->size = *standard;
  }
  pods.pod = ReadPod(context.role, pod_template, objects);
  return pods;
}

void RenderRole(const Context& context, Objects& objects, std::vector<Json>& stateful_sets) {
  objects.manifests.push_back(PeerService(context));
  if (context.role == Role::kMaster) objects.manifests.push_back(ClientService(context));
  objects.manifests.push_back(ConfigMap(context));
  if (WantsDisruptionBudget(context)) objects.manifests.push_back(DisruptionBudget(context));
  Json pod_template = PodTemplate(context);
  objects.roles.push_back(PodsOf(context, pod_template, objects));
  stateful_sets.push_back(StatefulSet(context, std::move(pod_template)));
}

}  // namespace

const RolePods* Objects::Find(Role role) const {
  for (const RolePods& pods : roles) {
    if (pods.role == role) return &pods;
  }
  return nullptr;
}

const Json* Objects::FindManifest(std::string_view kind, std::string_view name) const {
  for (const Json& manifest : manifests) {
    const Json* found = base::FindPath(manifest, {"metadata", "name"});
    if (base::GetStringOr(manifest, "kind") == kind && found != nullptr && *found == name) return &manifest;
  }
  return nullptr;
}

Objects Render(const DMCluster& cluster, const RenderFacts& facts) {
  Objects objects;
  std::vector<Json> stateful_sets;
  RenderRole(Context(cluster, facts, Role::kMaster), objects, stateful_sets);
  if (cluster.has_worker) RenderRole(Context(cluster, facts, Role::kWorker), objects, stateful_sets);
  if (WantsMonitor(cluster)) {
    for (Json& object : MonitorObjects(cluster, facts)) objects.manifests.push_back(std::move(object));
    Json pod_template = MonitorTemplate(cluster);
    objects.roles.push_back(MonitorPods(cluster));
    objects.roles.back().pod = ReadPod(Role::kMonitor, pod_template, objects);
    stateful_sets.push_back(MonitorSet(cluster, std::move(pod_template)));
  }
  objects.manifests.insert(objects.manifests.end(), std::make_move_iterator(stateful_sets.begin()),
                           std::make_move_iterator(stateful_sets.end()));
  return objects;
}

}  // namespace dm::desired

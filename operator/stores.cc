#include "operator/stores.h"

#include "app/dm_resource.h"
#include "kube/client.h"

namespace dm::op {
namespace {

// The status that we wrote comes back as an event: that is no news. What a user may change (spec, labels, annotations) is.
bool IsNews(const kube::Change<Kept>& change) {
  if (!change.before || !change.now) return true;
  const auto& a = change.before->meta;
  const auto& b = change.now->meta;
  return a.uid != b.uid || a.generation != b.generation || change.before->notes != change.now->notes ||
         a.being_deleted != b.being_deleted;
}

}  // namespace

std::string Stores::ClusterOf(const KeptMeta& child) {
  return child.cluster.empty() ? std::string() : child.ns + "/" + child.cluster;
}

void Stores::Watch(const kube::Resource& resource, kube::Store<Kept>& store, Keep keep, bool child) {
  store.OnChange([this, child](const kube::Change<Kept>& change) {
    if (!child && !IsNews(change)) return;
    const std::string key = child ? ClusterOf(change.any().meta) : change.any().meta.Key();
    if (!key.empty()) changed_(key, change.initial);
    // Relabelled by hand: whose it was lacks it now.
    if (!child || !change.before) return;
    if (const std::string before = ClusterOf(change.before->meta); !before.empty() && before != key) changed_(before, change.initial);
  });
  kube::ReflectorOptions options;
  options.resource = resource;
  if (child) options.label_selector = kChildLabels;
  auto parse = [keep, packer = std::make_shared<base::TextPacker>()](const base::Json& object) { return keep(object, *packer); };
  reflectors_.push_back({resource.plural, kube::Reflect(transport_, std::move(options), store, std::move(parse), clock_, random_),
                         [&store] { return store.Synced(); }});
}

Stores::Stores(net::Transport& transport, base::Clock& clock, base::Random& random, Changed changed)
    : transport_(transport), clock_(clock), random_(random), changed_(std::move(changed)), started_(clock.Now()) {
  using namespace kube::resources;
  Watch(kStatefulSets, sets, ParseKept, true);
  Watch(kServices, services, ParseKept, true);
  Watch(kConfigMaps, config_maps, KeepConfigMap, true);
  Watch(kPodDisruptionBudgets, budgets, ParseKept, true);
  Watch(kPods, pods, KeepPod, true);
  Watch(kPersistentVolumeClaims, claims, KeepClaim, true);
  Watch(app::DMClusters(), clusters, ParseKept, false);
}

void Stores::Start() {
  for (auto& named : reflectors_) named.reflector->Start();
}

void Stores::Stop() {
  for (auto& named : reflectors_) named.reflector->Stop();
}

bool Stores::Synced() const {
  for (const auto& named : reflectors_) {
    if (!named.synced()) return false;
  }
  return true;
}

std::string Stores::WhyNotSynced() const {
  std::string missing;
  for (const auto& named : reflectors_) {
    if (named.synced()) continue;
    missing += (missing.empty() ? "" : "; ") + named.resource + " have not been listed yet";
    if (const auto health = named.reflector->Health(); !health.last_error.empty()) missing += " (" + health.last_error + ")";
  }
  return missing;
}

std::vector<app::WatchState> Stores::Watches() const {
  std::vector<app::WatchState> out;
  const auto now = clock_.Now();
  for (const auto& named : reflectors_) {
    app::WatchState state;
    state.resource = named.resource;
    state.health = named.reflector->Health();
    state.silence = now - std::max(state.health.last_contact, started_);
    out.push_back(std::move(state));
  }
  return out;
}

}  // namespace dm::op

#include "operator/stores.h"

#include <nlohmann/json.hpp>

#include "app/dm_resource.h"
#include "kube/client.h"

namespace dm::op {
namespace {

// The status that we wrote comes back as an event: that is no news. What a user may change (spec, labels, annotations) is.
bool IsNews(const kube::Change<Kept>& change) {
  if (!change.before || !change.now) return true;
  const auto& a = change.before->meta;
  const auto& b = change.now->meta;
  return a.uid != b.uid || a.generation != b.generation || a.annotations != b.annotations || a.labels != b.labels ||
         a.deletion_timestamp != b.deletion_timestamp;
}

}  // namespace

base::Result<Kept> ParseKept(const base::Json& object) {
  auto meta = kube::api::ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  Kept kept;
  kept.meta = std::move(*meta);
  kept.kind = base::GetStringOr(object, "kind");
  kept.text = base::DumpJson(object);
  return kept;
}

base::Result<kube::api::Pod> ParseTrimmedPod(const base::Json& object) {
  auto pod = kube::api::ParsePod(object);
  if (!pod) return base::Propagate(pod);
  pod->spec = {};
  std::erase_if(pod->meta.annotations, [](const auto& note) { return note.first != lifecycle::kAuthorityMark; });
  return pod;
}

std::string Stores::ClusterOf(const kube::api::ObjectMeta& child) {
  const auto it = child.labels.find("app.kubernetes.io/instance");
  return it == child.labels.end() || it->second.empty() ? std::string() : child.ns + "/" + it->second;
}

template <class T>
void Stores::Watch(const kube::Resource& resource, kube::Store<T>& store, typename kube::StoreConsumer<T>::Parse parse, bool child) {
  store.OnChange([this, child](const kube::Change<T>& change) {
    if constexpr (std::is_same_v<T, Kept>) {
      if (!child && !IsNews(change)) return;
    }
    const std::string key = child ? ClusterOf(change.any().meta) : change.any().meta.Key();
    if (!key.empty()) changed_(key, change.initial);
  });
  kube::ReflectorOptions options;
  options.resource = resource;
  if (child) options.label_selector = kChildLabels;
  reflectors_.push_back({resource.plural, kube::Reflect(transport_, std::move(options), store, std::move(parse), clock_, random_),
                         [&store] { return store.Synced(); }});
}

Stores::Stores(net::Transport& transport, base::Clock& clock, base::Random& random, Changed changed)
    : transport_(transport), clock_(clock), random_(random), changed_(std::move(changed)), started_(clock.Now()) {
  using namespace kube::resources;
  Watch<Kept>(kStatefulSets, sets, ParseKept, true);
  Watch<Kept>(kServices, services, ParseKept, true);
  Watch<Kept>(kConfigMaps, config_maps, ParseKept, true);
  Watch<Kept>(kPodDisruptionBudgets, budgets, ParseKept, true);
  Watch<kube::api::Pod>(kPods, pods, ParseTrimmedPod, true);
  Watch<lifecycle::Claim>(kPersistentVolumeClaims, claims, lifecycle::ParseClaim, true);
  Watch<Kept>(app::DMClusters(), clusters, ParseKept, false);
}

void Stores::Start() {
  started_ = clock_.Now();
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

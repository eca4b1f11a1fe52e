#include "operator/stores.h"

#include <nlohmann/json.hpp>

#include "app/dm_resource.h"
#include "base/strings.h"
#include "kube/client.h"

namespace dm::op {
namespace {

constexpr char kInstance[] = "app.kubernetes.io/instance";
constexpr char kOurs[] = "dm.pingcap.com/";    // annotations

// The status that we wrote comes back as an event: that is no news. What a user may change (spec, labels, annotations) is.
bool IsNews(const kube::Change<Kept>& change) {
  if (!change.before || !change.now) return true;
  const auto& a = change.before->meta;
  const auto& b = change.now->meta;
  return a.uid != b.uid || a.generation != b.generation || change.before->notes != change.now->notes ||
         a.deletion_timestamp != b.deletion_timestamp;
}

std::size_t HashOf(const kube::api::ObjectMeta& meta) {
  std::string all;
  for (const auto* notes : {&meta.labels, &meta.annotations}) {
    for (const auto& [key, value] : *notes) (all += key).append(1, '\0').append(value).append(1, '\0');
    all += '\1';
  }
  return std::hash<std::string>()(all);
}

void TrimLabels(kube::api::ObjectMeta& meta) {
  std::erase_if(meta.labels, [](const auto& label) { return label.first != kInstance; });
}

}  // namespace

base::Result<Kept> ParseKept(const base::Json& object, base::TextPacker& packer) {
  auto meta = kube::api::ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  Kept kept;
  kept.meta = std::move(*meta);
  kept.notes = HashOf(kept.meta);
  TrimLabels(kept.meta);
  kept.meta.annotations.clear();
  kept.meta.owners = {};
  kept.meta.creation_timestamp = {};
  kept.kind = base::GetStringOr(object, "kind");
  kept.text = packer.Pack(base::DumpJson(object));
  return kept;
}

base::Result<base::Json> ObjectOf(const Kept& kept) {
  const auto text = kept.text.Unpack();
  if (!text) return base::Propagate(text);
  return base::ParseJson(*text);
}

base::Result<kube::api::Pod> ParseTrimmedPod(const base::Json& object) {
  auto pod = kube::api::ParsePod(object);
  if (!pod) return base::Propagate(pod);
  pod->spec = {};
  TrimLabels(pod->meta);
  pod->meta.owners = {};
  std::erase_if(pod->meta.annotations, [](const auto& note) { return note.first != lifecycle::kAuthorityMark; });
  return pod;
}

base::Result<lifecycle::Claim> ParseTrimmedClaim(const base::Json& object) {
  auto claim = lifecycle::ParseClaim(object);
  if (!claim) return base::Propagate(claim);
  TrimLabels(claim->meta);
  std::erase_if(claim->meta.annotations, [](const auto& note) {
    return note.first != lifecycle::kSelectedNode && !base::StartsWith(note.first, kOurs);
  });
  return claim;
}

std::string Stores::ClusterOf(const kube::api::ObjectMeta& child) {
  const auto it = child.labels.find(kInstance);
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
  const auto keep = [] {
    return [packer = std::make_shared<base::TextPacker>()](const base::Json& object) { return ParseKept(object, *packer); };
  };
  Watch<Kept>(kStatefulSets, sets, keep(), true);
  Watch<Kept>(kServices, services, keep(), true);
  Watch<Kept>(kConfigMaps, config_maps, keep(), true);
  Watch<Kept>(kPodDisruptionBudgets, budgets, keep(), true);
  Watch<kube::api::Pod>(kPods, pods, ParseTrimmedPod, true);
  Watch<lifecycle::Claim>(kPersistentVolumeClaims, claims, ParseTrimmedClaim, true);
  Watch<Kept>(app::DMClusters(), clusters, keep(), false);
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

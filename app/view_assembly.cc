#include "app/view_assembly.h"

#include <algorithm>
#include <type_traits>

#include "app/duration.h"
#include "base/log.h"
#include "kube/client.h"

namespace dm::app {
namespace {

// Changes that come this close together make one view: hundreds of nodes that register at once cost a few builds.
constexpr auto kGather = std::chrono::milliseconds(20);
// Pods come, go and are resized somewhere at any time: their changes wait for each other.
constexpr auto kGatherPods = std::chrono::seconds(1);
// How often one looks whether the watch of pods has fallen silent, or why it cannot list.
constexpr auto kLookAtPods = std::chrono::seconds(5);
constexpr auto kStuck = std::chrono::minutes(2);   // a build takes milliseconds

}  // namespace

// Feeds the store and tells of every end of a list, even of an empty one, which changes nothing but "known".
template <class T>
class ViewAssembly::Notifying final : public kube::ObjectConsumer {
 public:
  Notifying(ViewAssembly& assembly, kube::Store<T>& store, typename kube::StoreConsumer<T>::Parse parse)
      : assembly_(assembly), inner_(store, std::move(parse)) {}
  void Begin() override { inner_.Begin(); }
  void Item(const base::Json& object) override { inner_.Item(object); }
  void ItemUnreadable(const base::Json& part, const base::Error& why) override { inner_.ItemUnreadable(part, why); }
  void End(const std::string& version) override {
    inner_.End(version);
    if constexpr (std::is_same_v<T, kube::api::Node>) assembly_.pending_.Lock()->nodes.synced = true;   // all of it has been told
    assembly_.MarkDirty();
  }
  void Apply(const base::Json& object, const std::string& version) override { inner_.Apply(object, version); }
  void Remove(const base::Json& object, const std::string& version) override { inner_.Remove(object, version); }

 private:
  ViewAssembly& assembly_;
  kube::StoreConsumer<T> inner_;
};

template <class T>
void ViewAssembly::Watch(const kube::Resource& resource, kube::Store<T>& store, typename kube::StoreConsumer<T>::Parse parse) {
  store.OnChange([this](const kube::Change<T>& change) {
    if (change.before && change.now && SameToRules(*change.before, *change.now)) return;
    if constexpr (std::is_same_v<T, kube::api::Node>) Note(change);
    MarkDirty();
  });
  kube::ReflectorOptions options;
  options.resource = resource;
  reflectors_.push_back({resource.plural, std::make_unique<kube::Reflector>(
                                              transport_, options, std::make_unique<Notifying<T>>(*this, store, std::move(parse)),
                                              clock_, random_)});
}

ViewAssembly::ViewAssembly(net::Transport& transport, base::Clock& clock, base::Random& random)
    : transport_(transport), clock_(clock), random_(random), started_(clock.Now()),
      pods_(transport, clock, random, [this](bool whole) { MarkPods(whole); }) {
  now_.Set({std::make_shared<const requirements::ClusterView>(), nullptr});
  pending_.Lock()->dirty_since = started_;
  Watch<kube::api::Node>(kube::resources::kNodes, nodes_, ParseTrimmedNode);
  Watch<kube::api::StorageClass>(kube::resources::kStorageClasses, classes_, kube::api::ParseStorageClass);
  Watch<kube::api::Namespace>(kube::resources::kNamespaces, namespaces_, ParseTrimmedNamespace);
}

ViewAssembly::~ViewAssembly() { Stop(); }

void ViewAssembly::OnChange(Handler handler) { handlers_.push_back(std::move(handler)); }

void ViewAssembly::Start() {
  pending_.Lock()->dirty_since = clock_.Now();
  thread_ = std::jthread([this](std::stop_token stop) { Run(std::move(stop)); });
  for (auto& named : reflectors_) named.reflector->Start();
  pods_.Start();
}

void ViewAssembly::Stop() {
  pods_.Stop();
  for (auto& named : reflectors_) named.reflector->Stop();
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void ViewAssembly::Pending::Mark(base::TimePoint now) {
  if (!dirty) dirty_since = now;
  dirty = true;
}

void ViewAssembly::SetPolicy(std::shared_ptr<const requirements::Policy> policy) {
  pods_.Want(policy && policy->capacity_free);
  {
    auto pending = pending_.Lock();
    pending->policy = std::move(policy);
    pending->Mark(clock_.Now());
  }
  pending_.NotifyAll();
}

void ViewAssembly::Note(const kube::Change<kube::api::Node>& change) {
  pending_.Lock()->nodes.changed.insert_or_assign(change.any().meta.name, change.now);
}

void ViewAssembly::MarkDirty() {
  pending_.Lock()->Mark(clock_.Now());
  pending_.NotifyAll();
}

void ViewAssembly::MarkPods(bool whole) {
  if (whole) return MarkDirty();
  pending_.Lock()->pods = true;
  pending_.NotifyAll();
}

bool ViewAssembly::Stuck() const {
  auto pending = pending_.Lock();
  return pending->dirty && clock_.Now() - pending->dirty_since > kStuck;
}

void ViewAssembly::AwaitNews(std::stop_token stop) {
  const auto any = [](const Pending& p) { return p.dirty || p.pods; };
  auto pending = pending_.Lock();
  if (pending->policy && pending->policy->capacity_free) {
    pending_.WaitFor(pending, stop, kLookAtPods, any);
  } else {
    pending_.Wait(pending, stop, any);
  }
  if (pending->pods) pending_.WaitFor(pending, std::move(stop), kGatherPods, [](const Pending& p) { return p.dirty; });
}

void ViewAssembly::Run(std::stop_token stop) {
  while (true) {
    AwaitNews(stop);
    if (stop.stop_requested()) return;
    Rebuild();
    auto pending = pending_.Lock();
    pending_.WaitFor(pending, stop, kGather, [](const Pending&) { return false; });
    if (stop.stop_requested()) return;
  }
}

void ViewAssembly::Rebuild() {
  std::shared_ptr<const requirements::Policy> policy;
  NodeNews news;
  {
    auto pending = pending_.Lock();
    pending->dirty = pending->pods = false;
    policy = pending->policy;
    news.synced = pending->nodes.synced;
    news.changed.swap(pending->nodes.changed);
  }
  const UsageNow usage = policy && policy->capacity_free ? pods_.Now() : UsageNow{};
  const auto built = builder_.Build(news, *classes_.Read(), *namespaces_.Read(), policy, usage);
  if (!built.change.Any()) return;
  now_.Set({built.view, policy});
  base::LogDebug("a new view of the cluster", {{"nodes", std::to_string(built.view->nodes.size())},
                                               {"changed_nodes", std::to_string(built.change.nodes.size())},
                                               {"changed_classes", std::to_string(built.change.classes.size())},
                                               {"changed_namespaces", std::to_string(built.change.namespaces.size())}});
  for (const Handler& handler : handlers_) handler(built.change);
}

std::string ViewAssembly::WhyNotReady() const {
  const Surroundings now = Now();
  std::string missing;
  for (const WatchState& watch : Watches()) {
    const bool known = watch.resource == "nodes"            ? now.view->nodes_known
                       : watch.resource == "storageclasses" ? now.view->classes_known
                                                            : now.view->namespaces_known;
    if (known) continue;
    missing += (missing.empty() ? "" : "; ") + watch.resource + " have not been listed yet";
    if (!watch.health.last_error.empty()) missing += " (" + watch.health.last_error + ")";
  }
  if (!now.policy) missing += std::string(missing.empty() ? "" : "; ") + "there is no good policy yet";
  return missing;
}

std::vector<WatchState> ViewAssembly::Watches() const {
  const base::TimePoint now = clock_.Now();
  std::vector<WatchState> states;
  for (const auto& named : reflectors_) {
    WatchState state{named.resource, named.reflector->Health(), {}};
    state.silence = now - std::max(state.health.last_contact, started_);
    states.push_back(std::move(state));
  }
  return states;
}

base::Duration ViewAssembly::Silence(const std::string& resource) const {
  for (const WatchState& watch : Watches()) {
    if (watch.resource == resource) return watch.silence;
  }
  return base::Duration::max();
}

}  // namespace dm::app

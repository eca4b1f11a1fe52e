#include "cli/live.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "app/dm_resource.h"
#include "app/version.h"
#include "dm/words.h"
#include "kube/client.h"
#include "kube/config.h"

namespace dm::cli {

namespace {

using base::Json;

constexpr auto kTimeout = std::chrono::seconds(15);
constexpr int kMaxSelected = 500;    // of a page; of a list by fields (events of one object) one is enough

class KubeCluster final : public LiveCluster {
 public:
  KubeCluster(std::unique_ptr<net::Transport> transport, std::string server, std::string default_ns)
      : transport_(std::move(transport)), client_(*transport_, kTimeout), server_(std::move(server)), default_ns_(std::move(default_ns)) {}

  base::Result<std::vector<Json>> Nodes() override { return List(kube::resources::kNodes, {}); }
  base::Result<std::vector<Json>> StorageClasses() override { return List(kube::resources::kStorageClasses, {}); }
  base::Result<std::vector<Json>> Namespaces() override { return List(kube::resources::kNamespaces, {}); }

  base::Result<app::UsageNow> PodUsage() override {
    const std::string first = kube::resources::kPods.Path({}) + "?limit=" + std::to_string(kMaxSelected) +
                              "&fieldSelector=" + net::PercentEncode(app::kPlacedPods);
    app::PodLedger ledger;              // a page at a time: the pods of a large cluster together fill gigabytes
    std::string next;
    bool restarted = false;
    for (;;) {
      const auto page = client_.Raw("GET", next.empty() ? first : first + "&continue=" + net::PercentEncode(next), {}, "application/json", stop_);
      if (!page && page.error().code == base::Code::kGone && !next.empty() && !std::exchange(restarted, true)) {
        ledger = {};                    // a page's token lives five minutes
        next.clear();
        continue;
      }
      if (!page) return base::Propagate(page);
      if (const Json* items = base::Find(*page, "items"); items != nullptr && items->is_array()) {
        for (const Json& pod : *items) ledger.Put(pod);
      }
      const Json* meta = base::Find(*page, "metadata");
      next = meta == nullptr ? std::string() : base::GetStringOr(*meta, "continue");
      if (next.empty()) return ledger.Now();
    }
  }

  base::Result<Json> Cluster(const std::string& ns, const std::string& name) override { return Get(app::DMClusters(), ns, name); }

  base::Result<Json> Get(const kube::Resource& resource, const std::string& ns, const std::string& name) override {
    return client_.Get(resource, ns, name, stop_);
  }

  base::Result<std::vector<Json>> List(const kube::Resource& resource, const std::string& ns, const std::string& labels = {},
                                       const std::string& fields = {}) override {
    if (fields.empty()) return client_.List(resource, ns, labels, stop_);
    std::string target = resource.Path(ns) + "?limit=" + std::to_string(kMaxSelected) + "&fieldSelector=" + net::PercentEncode(fields);
    if (!labels.empty()) target += "&labelSelector=" + net::PercentEncode(labels);
    auto list = client_.Raw("GET", target, {}, "application/json", stop_);
    if (!list) return base::Propagate(list);
    std::vector<Json> items;
    if (const Json* found = base::Find(*list, "items"); found != nullptr && found->is_array()) {
      for (const Json& item : *found) items.push_back(item);
    }
    return items;
  }

  base::Result<std::vector<requirements::LiveClaim>> Claims(const std::string& ns, const std::string& cluster) override {
    const auto objects = List(kube::resources::kPersistentVolumeClaims, ns, "app.kubernetes.io/instance=" + cluster);
    if (!objects) return base::Propagate(objects);
    return LiveClaimsOf(*objects, cluster);
  }

  base::Result<void> DryRun(const Json& object) override {
    kube::ApplyOptions options;
    options.field_manager = "kubectl-dm";
    options.dry_run = true;
    const auto answer = client_.Apply(app::DMClusters(), object, options, stop_);
    if (!answer) return base::Propagate(answer);
    return {};
  }

  std::string DefaultNamespace() const override { return default_ns_; }
  std::string Name() const override { return server_; }
  void StopWith(std::stop_token stop) override { stop_ = std::move(stop); }

 private:
  std::unique_ptr<net::Transport> transport_;
  kube::Client client_;
  std::string server_, default_ns_;
  std::stop_token stop_;
};

}  // namespace

std::vector<requirements::LiveClaim> LiveClaimsOf(const std::vector<Json>& objects, const std::string& cluster) {
  std::vector<requirements::LiveClaim> claims;
  for (const Json& object : objects) {
    const auto meta = kube::api::ParseObjectMeta(object);
    if (!meta) continue;
    for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
      const auto wanted = SelectorLabels(cluster, role);
      const auto component = meta->labels.find("app.kubernetes.io/component");
      if (component == meta->labels.end() || component->second != wanted.at("app.kubernetes.io/component")) continue;
      claims.push_back(requirements::ReadLiveClaim(object, role));
    }
  }
  return claims;
}

base::Result<std::unique_ptr<LiveCluster>> Connect(const LiveOptions& options) {
  kube::ConfigOptions config_options;
  config_options.kubeconfig = options.kubeconfig;
  config_options.context = options.context;
  config_options.server = options.server;
  config_options.ns = options.ns;
  config_options.user_agent = "kubectl-dm/" + std::string(app::Version());
  auto config = kube::LoadConfig(config_options);
  if (!config) return base::Propagate(config);
  return ClusterBehind(kube::MakeTransport(*config), config->server, config->ns.empty() ? "default" : config->ns);
}

std::unique_ptr<LiveCluster> ClusterBehind(std::unique_ptr<net::Transport> transport, std::string server, std::string default_ns) {
  return std::make_unique<KubeCluster>(std::move(transport), std::move(server), std::move(default_ns));
}

}  // namespace dm::cli

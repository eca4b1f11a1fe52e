#include "cli/live.h"

#include <nlohmann/json.hpp>

#include "app/dm_resource.h"
#include "app/version.h"
#include "dm/words.h"
#include "kube/client.h"
#include "kube/config.h"

namespace dm::cli {

namespace {

using base::Json;

constexpr auto kTimeout = std::chrono::seconds(15);

class KubeCluster final : public LiveCluster {
 public:
  KubeCluster(kube::Config config, std::unique_ptr<net::Transport> transport)
      : config_(std::move(config)), transport_(std::move(transport)), client_(*transport_, kTimeout) {}

  base::Result<std::vector<Json>> Nodes() override { return client_.List(kube::resources::kNodes, {}); }
  base::Result<std::vector<Json>> StorageClasses() override { return client_.List(kube::resources::kStorageClasses, {}); }
  base::Result<std::vector<Json>> Namespaces() override { return client_.List(kube::resources::kNamespaces, {}); }

  base::Result<Json> Cluster(const std::string& ns, const std::string& name) override {
    return client_.Get(app::DMClusters(), ns, name);
  }

  base::Result<std::vector<requirements::LiveClaim>> Claims(const std::string& ns, const std::string& cluster) override {
    const auto objects = client_.List(kube::resources::kPersistentVolumeClaims, ns, "app.kubernetes.io/instance=" + cluster);
    if (!objects) return base::Propagate(objects);
    std::vector<requirements::LiveClaim> claims;
    for (const Json& object : *objects) {
      const auto meta = kube::api::ParseObjectMeta(object);
      if (!meta) continue;
      for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
        const auto wanted = SelectorLabels(cluster, role);
        const auto component = meta->labels.find("app.kubernetes.io/component");
        if (component == meta->labels.end() || component->second != wanted.at("app.kubernetes.io/component")) continue;
        requirements::LiveClaim claim{role, meta->name, {}, std::nullopt};
        if (const Json* capacity = base::FindPath(object, {"status", "capacity", "storage"})) {
          if (const auto amount = kube::api::Quantity::FromJson(*capacity)) claim.capacity = *amount;
        }
        if (const Json* spec = base::Find(object, "spec")) claim.storage_class = base::GetString(*spec, "storageClassName");
        claims.push_back(std::move(claim));
      }
    }
    return claims;
  }

  base::Result<void> DryRun(const Json& object) override {
    kube::ApplyOptions options;
    options.field_manager = "kubectl-dm";
    options.dry_run = true;
    const auto answer = client_.Apply(app::DMClusters(), object, options);
    if (!answer) return base::Propagate(answer);
    return {};
  }

  std::string DefaultNamespace() const override { return config_.ns.empty() ? "default" : config_.ns; }
  std::string Name() const override { return config_.server; }

 private:
  kube::Config config_;
  std::unique_ptr<net::Transport> transport_;
  kube::Client client_;
};

}  // namespace

base::Result<std::unique_ptr<LiveCluster>> Connect(const LiveOptions& options) {
  kube::ConfigOptions config_options;
  config_options.kubeconfig = options.kubeconfig;
  config_options.context = options.context;
  config_options.server = options.server;
  config_options.ns = options.ns;
  config_options.user_agent = "kubectl-dm/" + std::string(app::Version());
  auto config = kube::LoadConfig(config_options);
  if (!config) return base::Propagate(config);
  auto transport = kube::MakeTransport(*config);
  return std::unique_ptr<LiveCluster>(std::make_unique<KubeCluster>(*std::move(config), std::move(transport)));
}

}  // namespace dm::cli

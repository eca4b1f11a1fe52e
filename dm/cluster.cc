// Decode: metadata and the top of the spec; the parts are in decode_*.cc.
#include "dm/cluster.h"

#include "base/strings.h"
#include "dm/checks.h"
#include "dm/decode.h"

namespace dm {
namespace {

using base::Json;

void ReadMeta(Fields& root, DMCluster& cluster) {
  Fields metadata = root.Object("metadata");
  auto meta = kube::api::ParseObjectMeta(*root.object());
  if (meta) {
    cluster.meta = *std::move(meta);
    if (auto wrong = CheckServiceName(cluster.meta.name)) {
      metadata.Problem("name", base::Find(*metadata.object(), "name"), *wrong);
    }
  } else if (!metadata.Has("name") && !root.Has("metadata")) {
    root.Required("metadata", "give the cluster a name: metadata.name");
  } else if (metadata.present() && !metadata.Has("name")) {
    metadata.Required("name", "give the cluster a name");
  } else if (metadata.present()) {
    root.Problem("metadata", nullptr, meta.error().message);
  }
}

void ReadWord(Fields& root, std::string_view key, std::string_view expected) {
  root.String(key, [&](std::string_view text) -> Wrong {
    if (text == expected) return std::nullopt;
    return "must be \"" + std::string(expected) + "\"";
  });
}

// Each is mounted by a volume of its name, which must be a label and not one that the operator mounts.
Wrong CheckVolumeSecret(std::string_view text) {
  if (auto wrong = CheckDnsLabel(text)) return "names a volume too: " + *wrong;
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    if (decode::BuiltInVolumes(role).contains(text)) return "is the name of a volume that the operator mounts: rename the Secret";
  }
  return std::nullopt;
}

void ReadSpec(Fields spec, DMCluster& cluster) {
  using namespace decode;
  ReadPodSettings(spec, cluster);
  if (auto environment = spec.Enum("environment", {"production", "development"})) {
    cluster.environment = *environment == "production" ? Environment::kProduction : Environment::kDevelopment;
  }
  if (spec.Enum("purpose", {"migration", "performance"}) == "performance") cluster.purpose = Purpose::kPerformance;
  cluster.paused = spec.Bool("paused").value_or(false);
  cluster.pv_reclaim_policy = spec.Enum("pvReclaimPolicy", {"", "Retain", "Delete", "Recycle"}).value_or("");
  cluster.timezone = spec.String("timezone", OrEmpty(CheckNotEmpty)).value_or("");
  if (cluster.timezone.empty()) cluster.timezone = "UTC";
  cluster.pod_management_policy = base::GetStringOr(cluster.raw, "podManagementPolicy", "Parallel");
  if (cluster.pod_management_policy.empty()) cluster.pod_management_policy = "Parallel";
  spec.Bool("enablePVReclaim");
  spec.Bool("preferIPv6");
  cluster.tls_client_secrets = spec.Strings("tlsClientSecretNames", CheckVolumeSecret);
  ReadTls(spec.Object("tlsCluster"), cluster);
  ReadUpdatePolicy(spec.Object("updatePolicy"), cluster);
  ReadClaimRetention(spec.Object("persistentVolumeClaimRetentionPolicy"), cluster);
  ReadUpstreams(spec, cluster);
  ReadMonitor(spec.Object("monitor"), cluster);
  ReadDiscovery(spec.Object("discovery"));
  ReadComponent(spec.Object("master"), Role::kMaster, cluster.master);
  cluster.has_worker = spec.Has("worker");
  ReadComponent(spec.Object("worker"), Role::kWorker, cluster.worker);
  for (const Role role : {Role::kMaster, Role::kWorker}) CheckVolumes(cluster, role, spec.out());
  spec.Finish();
}

// A component without a suspendAction of its own follows the cluster's.
void InheritSuspend(DMCluster& cluster) {
  for (Component* component : {&cluster.master, &cluster.worker}) {
    if (base::Find(component->raw, "suspendAction") == nullptr) component->suspended = cluster.suspended;
  }
}

}  // namespace

std::string DMCluster::VersionOf(Role role) const {
  const std::optional<std::string>& own = component(role).version;
  if (own && !own->empty()) return *own;
  return version.value_or("");
}

std::string DMCluster::ImageOf(Role role) const {
  const std::string& base = component(role).base_image;
  const std::string tag = VersionOf(role);
  return tag.empty() ? base : base + ":" + tag;
}

Decoded Decode(const Json& object) {
  Decoded out;
  DMCluster cluster;
  Fields root(&object, "", out);
  if (!root.present()) return out;
  ReadWord(root, "apiVersion", kApiVersion);
  ReadWord(root, "kind", kKind);
  ReadMeta(root, cluster);
  Fields spec = root.Object("spec");
  if (spec.present()) {
    ReadSpec(spec, cluster);
  } else {
    cluster.master.role = Role::kMaster;
    cluster.worker.role = Role::kWorker;
    cluster.master.base_image = cluster.worker.base_image = "pingcap/dm";
    if (!root.Has("spec")) root.Required("spec", "say what is wanted: at least version, master and worker");
  }
  InheritSuspend(cluster);
  Fields status = root.Object("status");   // ours or v1's, as stored: never judged
  if (status.present()) cluster.status = *status.object();
  root.Finish();
  out.cluster = std::move(cluster);
  return out;
}

}  // namespace dm

// spec.master, spec.worker and spec.discovery.
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "dm/checks.h"
#include "dm/decode.h"
#include "dm/toml.h"

namespace dm::decode {
namespace {

using base::Json;

// Where requests and limits were written, for the hint on a key that v1 never had.
void HintResources(Fields& fields) {
  if (!fields.Has("resources")) return;
  fields.Warn("resources", base::Find(*fields.object(), "resources"),
              "unknown field: write its requests and limits directly under " + fields.path());
}

void ReadContainers(Fields& fields, std::string_view key, std::string_view built_in) {
  for (Fields& container : fields.List(key, "name")) {
    const std::string name = base::GetStringOr(*container.object(), "name");
    if (auto wrong = CheckDnsLabel(name)) container.Problem("name", base::Find(*container.object(), "name"), *wrong);
    // A container with the built-in's name is merged into it and needs no image of its own.
    if (!container.Has("image") && name != built_in) container.Required("image", "every additional container needs an image");
    CheckPassThrough(*container.object(), "container", container.path(), fields.out());
  }
}

}  // namespace

std::set<std::string, std::less<>> BuiltInVolumes(Role role) {
  const std::string claim = Names{""}.ClaimTemplate(role);
  return {"annotations", "config", "startup-script", "bootstrap", claim, claim + "-tls"};
}

namespace {

void ReadVolumes(Fields& fields, Role role) {
  const std::string claim = Names{""}.ClaimTemplate(role);
  const auto built_in = BuiltInVolumes(role);
  for (const Fields& volume : fields.List("additionalVolumes", "name")) {
    const std::string name = base::GetStringOr(*volume.object(), "name");
    if (built_in.contains(name)) {
      fields.out().problems.push_back({volume.path(), name, "is the name of a volume that the operator mounts: choose another", false});
    } else if (auto wrong = CheckDnsLabel(name)) {
      fields.out().problems.push_back({volume.path() + ".name", base::Printable(name), *wrong, false});
    }
    CheckPassThrough(*volume.object(), "volume", volume.path(), fields.out());
  }
  const std::set<std::string, std::less<>> taken = {"/etc/podinfo", "/etc/" + claim, "/usr/local/bin", "/var/lib/" + claim,
                                                    "/var/lib/" + claim + "-tls", "/etc/dm-bootstrap"};
  for (const Fields& mount : fields.List("additionalVolumeMounts", "mountPath")) {
    const std::string path = base::GetStringOr(*mount.object(), "mountPath");
    if (taken.contains(path)) {
      fields.out().problems.push_back({mount.path(), path, "is where the operator mounts its own volume: choose another path", false});
    }
    CheckPassThrough(*mount.object(), "volumeMount", mount.path(), fields.out());
  }
}

std::set<std::string, std::less<>> NamesOf(const Json* list) {
  std::set<std::string, std::less<>> names;
  if (list == nullptr || !list->is_array()) return names;
  for (const Json& item : *list) names.insert(base::GetStringOr(item, "name"));
  return names;
}

// Of two variables with one name the later counts, as in a pod: no problem.
void ReadEnvironment(Fields& fields) {
  ReadList(fields, "env", "env", "");
  const Json* list = fields.Raw("env");
  if (list == nullptr || !list->is_array()) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& variable = (*list)[i];
    if (!variable.is_object() || !base::GetStringOr(variable, "name").empty()) continue;
    fields.out().problems.push_back({fields.PathOf("env") + "[" + std::to_string(i) + "].name", "", "every variable needs a name", true});
  }
}

void ReadProbe(Fields probe) {
  probe.Enum("type", {"tcp", "command"});
  probe.Int("initialDelaySeconds", 0, 86400);
  probe.Int("periodSeconds", 1, 86400);
  probe.Finish();
}

// What the three components share beyond PodSettings.
void ReadPodParts(Fields& fields, Role role) {
  const std::string built_in = Names{""}.ClaimTemplate(role);   // container and claim template share their name
  fields.String("image");
  ReadEnvironment(fields);
  ReadList(fields, "envFrom", "envFrom", "");
  ReadContainers(fields, "initContainers", "");
  ReadContainers(fields, "additionalContainers", built_in);
  ReadVolumes(fields, role);
  fields.Int("terminationGracePeriodSeconds", 0, 365 * 86400);
  ReadObject(fields, "securityContext", "securityContext");
  ReadProbe(fields.Object("readinessProbe"));
  fields.Bool("automountServiceAccountToken");
  if (const Json* claims = fields.Raw("claims"); claims != nullptr && !claims->empty()) {
    fields.Problem("claims", claims, "names resource claims of the pod, and DM's pods have none: Kubernetes would refuse them; remove it");
  }
}

void ReadService(Fields service, Component& component) {
  if (service.present()) component.service = *service.object();
  service.Enum("type", {"", "ClusterIP", "NodePort", "LoadBalancer"});
  ReadAnnotations(service);
  ReadLabelMap(service, "labels");
  service.String("loadBalancerIP", OrEmpty(CheckIp));
  service.String("loadBalancerClass", OrEmpty(CheckLabelKey));
  service.String("clusterIP", [](std::string_view text) { return text == "None" ? std::nullopt : OrEmpty(CheckIp)(text); });
  service.String("portName", OrEmpty(CheckDnsLabel));
  service.Int("port", 1, 65535);
  service.Int("masterNodePort", 0, 65535);
  service.Strings("loadBalancerSourceRanges", CheckCidr);
  service.Enum("externalTrafficPolicy", {"", "Cluster", "Local"});
  service.Finish();
}

void ReadConfig(Fields& fields, Component& component) {
  const Json* config = fields.Raw("config");
  if (config == nullptr) return;
  if (const std::string* text = config->get_ptr<const std::string*>()) {
    if (text->size() > kMaxTomlBytes) {
      fields.Problem("config", nullptr, "must be at most " + std::to_string(kMaxTomlBytes) + " bytes: it goes into a ConfigMap");
      return;
    }
    component.config_toml = *text;
    return;
  }
  if (!config->is_object()) {
    fields.Problem("config", config, "must be TOML text, or an object of the same keys");
    return;
  }
  auto toml = ToToml(*config);
  if (!toml) {
    fields.Problem("config", config, toml.error().message);
    return;
  }
  component.config_is_object = true;
  component.config_toml = *std::move(toml);
}

void ReadWorkerOnly(Fields& fields, Component& worker) {
  fields.Bool("recoverFailover");
  Fields failover = fields.Object("failover");
  failover.String("recoverByUID");
  failover.Finish();
  Fields dirs = fields.Object("dataDirs");
  worker.relay_dir = dirs.String("relay", CheckSubPath).value_or("");
  worker.dump_dir = dirs.String("dump", CheckSubPath).value_or("");
  if (!worker.relay_dir.empty() && worker.relay_dir == worker.dump_dir) {
    dirs.Problem("dump", base::Find(*dirs.object(), "dump"), "must differ from relay: DM empties the dump directory before a dump");
  }
  dirs.Finish();
}

}  // namespace

void CheckVolumes(const DMCluster& cluster, Role role, Decoded& out) {
  const Component& component = cluster.component(role);
  if (!component.raw.is_object()) return;
  Fields fields(&component.raw, "spec." + std::string(RoleName(role)), out);
  auto names = NamesOf(base::Find(component.raw, "additionalVolumes"));
  for (const std::string& secret : cluster.tls_client_secrets) {
    if (names.contains(secret)) {
      fields.Problem("additionalVolumes[" + secret + "]", nullptr,
                     base::Printable(secret) + " is the name of a Secret in spec.tlsClientSecretNames too, which is mounted under it: choose another");
    }
  }
  names.insert(cluster.tls_client_secrets.begin(), cluster.tls_client_secrets.end());
  names.merge(BuiltInVolumes(role));
  const base::Json* mounts = base::Find(component.raw, "additionalVolumeMounts");
  if (mounts == nullptr || !mounts->is_array()) return;
  for (const Json& mount : *mounts) {
    if (!mount.is_object() || names.contains(base::GetStringOr(mount, "name"))) continue;
    const std::string at = "additionalVolumeMounts[" + base::Printable(base::GetStringOr(mount, "mountPath")) + "].name";
    const std::string add = "add it to " + fields.PathOf("additionalVolumes") + ", or mount one that is there";
    const Json* name = base::Find(mount, "name");
    if (name == nullptr) {
      fields.Required(at, "every mount names a volume");
    } else if (name->is_string()) {
      fields.Problem(at, name, "is the name of no volume: " + add);
    }
  }
}

Resources ReadResources(Fields& fields) {
  Resources found;
  const auto read = [&](std::string_view key, std::optional<Quantity>& cpu, std::optional<Quantity>& memory) {
    Fields amounts = fields.Object(key);
    if (!amounts.present()) return;
    cpu = amounts.Amount("cpu", "\"16\" or \"16000m\"", true);
    memory = amounts.Amount("memory", "\"32Gi\"", true);
    for (const auto& [resource, value] : amounts.object()->items()) {
      if (resource != "cpu" && resource != "memory") amounts.Amount(resource, "\"1\" or \"1Gi\"", true);
    }
  };
  read("requests", found.cpu_request, found.memory_request);
  read("limits", found.cpu_limit, found.memory_limit);
  const auto exceeds = [&](const char* resource, const std::optional<Quantity>& request, const std::optional<Quantity>& limit) {
    if (!request || !limit || !(*limit < *request)) return;
    fields.Problem(std::string("requests.") + resource, nullptr,
                   "must not exceed the limit " + limit->ToString() + ": lower it or raise limits." + resource);
    fields.out().problems.back().value = request->ToString();
  };
  exceeds("cpu", found.cpu_request, found.cpu_limit);
  exceeds("memory", found.memory_request, found.memory_limit);
  return found;
}

void ReadComponent(Fields fields, Role role, Component& component) {
  component.role = role;
  component.base_image = "pingcap/dm";
  if (!fields.present()) return;
  ReadPodSettings(fields, component);
  ReadPodParts(fields, role);
  const Resources resources = ReadResources(fields);
  component.cpu_request = resources.cpu_request;
  component.memory_request = resources.memory_request;
  component.cpu_limit = resources.cpu_limit;
  component.memory_limit = resources.memory_limit;
  HintResources(fields);

  if (auto replicas = fields.Int("replicas", 0, role == Role::kMaster ? 9 : 1000)) {
    component.replicas = static_cast<int>(*replicas);
    component.replicas_set = true;
  } else if (!fields.Has("replicas")) {
    fields.Required("replicas", "say how many " + std::string(RoleTitle(role)) + " instances are wanted");
  }
  if (auto image = fields.String("baseImage", CheckImageName)) component.base_image = *image;
  if (auto most = fields.Int("maxFailoverCount", 0, 1000)) component.max_failover = static_cast<int>(*most);
  component.storage_class = fields.String("storageClassName", [](std::string_view text) {
    return text.empty() ? std::nullopt : CheckDnsName(text);   // "" means static binding
  });
  fields.String("volumeAttributesClassName", OrEmpty(CheckDnsName));
  component.storage_size = fields.Amount("storageSize", "\"200Gi\"", false);
  component.data_sub_dir = fields.String("dataSubDir", CheckSubPath).value_or("");
  ReadConfig(fields, component);
  Fields budget = fields.Object("podDisruptionBudget");
  component.disruption_budget = budget.Bool("enabled").value_or(true);
  budget.Finish();
  if (role == Role::kMaster) {
    ReadService(fields.Object("service"), component);
    fields.Enum("startUpScriptVersion", {"", "v1"});
  } else {
    ReadWorkerOnly(fields, component);
  }
  fields.Finish();
}

void ReadDiscovery(Fields fields) {
  if (!fields.present()) return;
  PodSettings ignored;
  ReadPodSettings(fields, ignored);
  ReadPodParts(fields, Role::kMaster);
  ReadResources(fields);
  ReadProbe(fields.Object("livenessProbe"));
  fields.String("address");
  fields.Finish();
}

}  // namespace dm::decode

#include "dm/desired/pod_template.h"

#include <algorithm>
#include <initializer_list>

#include "dm/desired/config_map.h"
#include "dm/desired/merge.h"
#include "dm/desired/placement.h"
#include "dm/desired/probes.h"
#include "dm/desired/security.h"

namespace dm::desired {
namespace {

constexpr const char* kBootstrapDir = "/etc/dm-bootstrap";
constexpr std::int64_t kGraceSeconds = 60;   // a stopping worker writes its checkpoints; DM publishes no figure

Json Mount(const std::string& name, const std::string& path) {
  return {{"name", name}, {"mountPath", path}, {"readOnly", true}};
}

Json Variable(const std::string& name, const std::string& value) {
  return {{"name", name}, {"value", value}};
}

Json FieldVariable(const std::string& name, const std::string& path) {
  return {{"name", name}, {"valueFrom", {{"fieldRef", {{"fieldPath", path}}}}}};
}

std::string UserVariable(const Context& context, std::string_view name) {
  const Json* list = ComponentList(context, "env");
  if (list == nullptr) return "";
  for (const Json& variable : *list) {
    if (base::GetStringOr(variable, "name") == name) return base::GetStringOr(variable, "value");
  }
  return "";
}

// gRPC honours proxies, which would break the traffic between members.
std::string NoProxy(const Context& context) {
  std::string hosts = context.names.ClientService() + "," + context.names.PeerService(Role::kMaster) + "," +
                      context.names.PeerService(Role::kWorker) + ",localhost,127.0.0.1";
  if (!context.facts.cluster_domain.empty()) hosts += ",svc." + context.facts.cluster_domain;
  for (const char* name : {"NO_PROXY", "no_proxy"}) {
    const std::string asked = UserVariable(context, name);
    if (!asked.empty()) return asked + "," + hosts;
  }
  return hosts;
}

Json Environment(const Context& context) {
  const Names& names = context.names;
  Json list = Json::array({FieldVariable("NAMESPACE", "metadata.namespace")});
  if (context.role == Role::kMaster) {
    list.push_back(Variable("PEER_SERVICE_NAME", names.PeerService(Role::kMaster)));
    list.push_back(Variable("SERVICE_NAME", names.ClientService()));
  } else {
    list.push_back(Variable("CLUSTER_NAME", names.cluster));
    list.push_back(Variable("HEADLESS_SERVICE_NAME", names.PeerService(Role::kWorker)));
  }
  list.push_back(Variable("SET_NAME", names.StatefulSet(context.role)));
  list.push_back(Variable("TZ", context.cluster.timezone));
  list.push_back(FieldVariable("POD_NAME", "metadata.name"));
  if (const Json* asked = ComponentList(context, "env")) {
    for (const Json& variable : *asked) Upsert(list, variable, "name");
  }
  const bool from_elsewhere = std::any_of(list.begin(), list.end(), [](const Json& variable) {
    return base::GetStringOr(variable, "name") == "NO_PROXY" && variable.contains("valueFrom");
  });
  if (!from_elsewhere) Upsert(list, Variable("NO_PROXY", NoProxy(context)), "name");
  return list;
}

Json Ports(const Context& context) {
  const auto port = [](const char* name, int number) {
    return Json{{"name", name}, {"containerPort", number}, {"protocol", "TCP"}};
  };
  if (context.role == Role::kMaster) return Json::array({port("peer", kMasterPeerPort), port("client", kMasterPort)});
  return Json::array({port("client", kWorkerPort)});
}

Json ConfigVolume(const Context& context, const char* name, const char* key, const std::string& path) {
  return {{"name", name},
          {"configMap", {{"name", context.names.ConfigMap(context.role)},
                         {"items", Json::array({{{"key", key}, {"path", path}}})}}}};
}

std::string ScriptFile(const Context& context) {
  return context.role == Role::kMaster ? "dm_master_start_script.sh" : "dm_worker_start_script.sh";
}

Json Volumes(const Context& context) {
  const std::string title = context.Title();
  Json list = Json::array();
  list.push_back({{"name", "annotations"},
                  {"downwardAPI",
                   {{"items", Json::array({{{"path", "annotations"}, {"fieldRef", {{"fieldPath", "metadata.annotations"}}}}})}}}});
  list.push_back(ConfigVolume(context, "config", "config-file", title + ".toml"));
  list.push_back(ConfigVolume(context, "startup-script", "startup-script", ScriptFile(context)));
  if (context.role == Role::kMaster) {
    list.push_back({{"name", "bootstrap"}, {"configMap", {{"name", context.names.BootstrapConfigMap()}, {"optional", true}}}});
  }
  if (context.cluster.tls) {
    list.push_back({{"name", title + "-tls"}, {"secret", {{"secretName", context.names.ClusterSecret(context.role)}}}});
  }
  for (const std::string& secret : context.cluster.tls_client_secrets) {
    Upsert(list, {{"name", secret}, {"secret", {{"secretName", secret}}}}, "name");
  }
  if (const Json* asked = ComponentList(context, "additionalVolumes")) {
    for (const Json& volume : *asked) Upsert(list, volume, "name");
  }
  return list;
}

Json Mounts(const Context& context) {
  const std::string title = context.Title();
  Json list = Json::array({Mount("annotations", "/etc/podinfo"), Mount("config", "/etc/" + title),
                           Mount("startup-script", "/usr/local/bin")});
  list.push_back({{"name", context.names.ClaimTemplate(context.role)}, {"mountPath", "/var/lib/" + title}});
  // The directory, not one file of it: only so does a change of the ConfigMap reach a running pod.
  if (context.role == Role::kMaster) list.push_back(Mount("bootstrap", kBootstrapDir));
  if (context.cluster.tls) list.push_back(Mount(title + "-tls", "/var/lib/" + title + "-tls"));
  for (const std::string& secret : context.cluster.tls_client_secrets) {
    list.push_back(Mount(secret, "/var/lib/source-tls/" + secret));
  }
  if (const Json* asked = ComponentList(context, "additionalVolumeMounts")) {
    for (const Json& mount : *asked) Upsert(list, mount, "mountPath");
  }
  return list;
}

std::string PullPolicy(const Context& context) {
  const std::string asked = StringSetting(context, "imagePullPolicy");
  return asked.empty() ? "IfNotPresent" : asked;
}

Json MainContainer(const Context& context) {
  Json container = {{"name", context.Title()},
                    {"image", context.cluster.ImageOf(context.role)},
                    {"imagePullPolicy", PullPolicy(context)},
                    {"command", Json::array({"/bin/sh", "/usr/local/bin/" + ScriptFile(context)})},
                    {"ports", Ports(context)},
                    {"env", Environment(context)},
                    {"resources", ContainerResources(context.component().raw)},
                    {"volumeMounts", Mounts(context)},
                    {"securityContext", ContainerSecurity(context)}};
  // Where a relative path of a task ends up; the start script goes below it.
  if (context.role == Role::kWorker) container["workingDir"] = "/var/lib/" + context.Title();
  if (const Json* from = ComponentList(context, "envFrom"); from != nullptr && !from->empty()) container["envFrom"] = *from;
  AddProbes(context, container);
  return container;
}

Json Containers(const Context& context) {
  Json list = Json::array({MainContainer(context)});
  if (const Json* asked = ComponentList(context, "additionalContainers")) {
    for (const Json& container : *asked) {
      if (base::GetStringOr(container, "name") == context.Title()) {
        MergeContainer(list[0], container);
      } else {
        Upsert(list, container, "name");
      }
    }
  }
  return list;
}

void AddNetwork(const Context& context, Json& spec) {
  const bool host = context.component().host_network.value_or(context.cluster.host_network.value_or(false));
  if (host) spec["hostNetwork"] = true;
  const std::string policy = StringSetting(context, "dnsPolicy");
  spec["dnsPolicy"] = !policy.empty() ? policy : host ? "ClusterFirstWithHostNet" : "ClusterFirst";
  if (const Json* config = ObjectSetting(context, "dnsConfig")) spec["dnsConfig"] = *config;
}

Json Metadata(const Context& context) {
  Labels labels = MergedMap(context, "labels");
  for (const auto& [key, value] : SelectorLabels(context.cluster.meta.name, context.role)) labels[key] = value;
  Labels annotations = MergedMap(context, "annotations");
  annotations["prometheus.io/scrape"] = "true";
  annotations["prometheus.io/path"] = "/metrics";
  annotations["prometheus.io/port"] = std::to_string(context.role == Role::kMaster ? kMasterPort : kWorkerPort);
  const std::string restarted(annotations::kRestartedAt);
  if (const std::string at = context.cluster.meta.Annotation(restarted); !at.empty()) annotations[restarted] = at;
  if (StringSetting(context, "configUpdateStrategy") == "RollingUpdate") {
    annotations["dm.pingcap.com/config-hash"] = ConfigHash(context);   // InPlace: taken up at the next restart
  }
  return {{"labels", ToJson(labels)}, {"annotations", ToJson(annotations)}};
}

}  // namespace

Json ContainerResources(const Json& component) {
  Json resources = Json::object();
  for (const char* kind : {"requests", "limits"}) {
    const Json* asked = base::Find(component, kind);
    if (asked == nullptr || !asked->is_object()) continue;
    for (const auto& [resource, value] : asked->items()) {
      const auto amount = Quantity::FromJson(value);
      if (amount && resource != "storage") resources[kind][resource] = amount->ToString();
    }
  }
  const Json* claims = base::Find(component, "claims");
  if (claims != nullptr && claims->is_array() && !claims->empty()) resources["claims"] = *claims;
  return resources;
}

Json PodTemplate(const Context& context) {
  Json spec = {{"containers", Containers(context)},
               {"volumes", Volumes(context)},
               {"restartPolicy", "Always"},
               {"securityContext", Json::object()},
               {"automountServiceAccountToken", base::GetBoolOr(context.component().raw, "automountServiceAccountToken", false)},
               {"enableServiceLinks", false},
               {"terminationGracePeriodSeconds",
                base::GetIntOr(context.component().raw, "terminationGracePeriodSeconds", kGraceSeconds)}};
  AddNetwork(context, spec);
  PlacePods(context, spec);
  if (const Json* init = ComponentList(context, "initContainers"); init != nullptr && !init->empty()) spec["initContainers"] = *init;
  if (const Json* secrets = ListSetting(context, "imagePullSecrets"); secrets != nullptr && !secrets->empty()) {
    spec["imagePullSecrets"] = *secrets;
  }
  PutSecurity(context, spec);
  return {{"metadata", Metadata(context)}, {"spec", spec}};
}

}  // namespace dm::desired

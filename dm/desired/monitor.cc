#include "dm/desired/monitor.h"

#include "base/yaml.h"
#include "dm/desired/alerts.h"
#include "dm/desired/dashboard.h"
#include "dm/desired/monitor_config.h"
#include "dm/desired/pod_template.h"
#include "dm/desired/stateful_set.h"

namespace dm::desired {
namespace {

constexpr const char* kMain = "prometheus";
// Prometheus with long-term support that re-reads a changed configuration by itself.
constexpr const char* kPrometheusImage = "prom/prometheus";
constexpr const char* kPrometheusVersion = "v3.5.0";
constexpr const char* kGrafanaImage = "grafana/grafana";
constexpr const char* kGrafanaVersion = "12.1.0";

Labels MonitorLabels(const DMCluster& cluster) {
  return SelectorLabels(cluster.meta.name, Role::kMonitor);
}

std::string Image(const std::string& image, const std::string& version, const char* standard, const char* standard_version) {
  return (image.empty() ? standard : image) + ":" + (version.empty() ? standard_version : version);
}

const Json* Grafana(const DMCluster& cluster) {
  const Json* grafana = base::Find(cluster.monitor->raw, "grafana");
  return grafana != nullptr && base::GetBoolOr(*grafana, "enabled", false) ? grafana : nullptr;
}

Json Probe(const char* path, int port, int period, int failures) {
  return {{"httpGet", {{"path", path}, {"port", port}, {"scheme", "HTTP"}}},
          {"periodSeconds", period},
          {"timeoutSeconds", 5},
          {"failureThreshold", failures}};
}

Json Restricted() {
  return {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", Json::array({"ALL"})}}}};
}

Json Mount(const char* name, const char* path, bool read_only) {
  Json mount = {{"name", name}, {"mountPath", path}};
  if (read_only) mount["readOnly"] = true;
  return mount;
}

Json PrometheusContainer(const DMCluster& cluster) {
  const Monitor& monitor = *cluster.monitor;
  const std::string retention = monitor.retention.empty() ? "15d" : monitor.retention;
  Json mounts = Json::array({Mount("config", "/etc/prometheus", true), Mount("dm-monitor", "/prometheus", false)});
  if (cluster.tls) mounts.push_back(Mount("client-tls", kMonitorTlsDir, true));
  return {{"name", kMain},
          {"image", Image(monitor.image, monitor.version, kPrometheusImage, kPrometheusVersion)},
          {"imagePullPolicy", cluster.image_pull_policy.empty() ? "IfNotPresent" : cluster.image_pull_policy},
          {"args", Json::array({"--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus",
                                "--storage.tsdb.retention.time=" + retention, "--enable-feature=auto-reload-config"})},
          {"ports", Json::array({{{"name", "http"}, {"containerPort", kPrometheusPort}, {"protocol", "TCP"}}})},
          {"resources", ContainerResources(monitor.raw)},
          {"startupProbe", Probe("/-/ready", kPrometheusPort, 5, 360)},   // replaying a large log takes its time
          {"readinessProbe", Probe("/-/ready", kPrometheusPort, 10, 3)},
          {"livenessProbe", Probe("/-/healthy", kPrometheusPort, 15, 6)},
          {"securityContext", Restricted()},
          {"volumeMounts", mounts}};
}

// Readable by whoever reaches the Service, changed by nobody: what it shows comes from the ConfigMap.
Json GrafanaContainer(const DMCluster& cluster, const Json& asked) {
  const auto variable = [](const char* name, const char* value) { return Json{{"name", name}, {"value", value}}; };
  return {{"name", "grafana"},
          {"image", Image(base::GetStringOr(asked, "image"), base::GetStringOr(asked, "version"), kGrafanaImage, kGrafanaVersion)},
          {"imagePullPolicy", cluster.image_pull_policy.empty() ? "IfNotPresent" : cluster.image_pull_policy},
          {"env", Json::array({variable("GF_AUTH_ANONYMOUS_ENABLED", "true"), variable("GF_AUTH_DISABLE_LOGIN_FORM", "true"),
                               variable("GF_AUTH_BASIC_ENABLED", "false"), variable("GF_ANALYTICS_REPORTING_ENABLED", "false")})},
          {"ports", Json::array({{{"name", "grafana"}, {"containerPort", kGrafanaPort}, {"protocol", "TCP"}}})},
          {"resources", {{"requests", {{"cpu", "100m"}, {"memory", "256Mi"}}}}},
          {"readinessProbe", Probe("/api/health", kGrafanaPort, 10, 3)},
          {"securityContext", Restricted()},
          {"volumeMounts", Json::array({Mount("grafana-data", "/var/lib/grafana", false),
                                        Mount("grafana-datasources", "/etc/grafana/provisioning/datasources", true),
                                        Mount("grafana-providers", "/etc/grafana/provisioning/dashboards", true),
                                        Mount("grafana-dashboards", "/etc/grafana/dashboards", true)})}};
}

Json ConfigVolume(const DMCluster& cluster, const char* name, std::initializer_list<const char*> keys) {
  Json items = Json::array();
  for (const char* key : keys) items.push_back({{"key", key}, {"path", key}});
  return {{"name", name}, {"configMap", {{"name", cluster.names().ConfigMap(Role::kMonitor)}, {"items", items}}}};
}

Json Volumes(const DMCluster& cluster) {
  Json list = Json::array({ConfigVolume(cluster, "config", {"prometheus.yml", "rules.yml"})});
  if (cluster.tls) list.push_back({{"name", "client-tls"}, {"secret", {{"secretName", cluster.names().ClientSecret()}}}});
  if (Grafana(cluster) == nullptr) return list;
  list.push_back({{"name", "grafana-data"}, {"emptyDir", Json::object()}});
  list.push_back(ConfigVolume(cluster, "grafana-datasources", {"datasource.yaml"}));
  list.push_back(ConfigVolume(cluster, "grafana-providers", {"provider.yaml"}));
  list.push_back(ConfigVolume(cluster, "grafana-dashboards", {"dm.json"}));
  return list;
}

// What the cluster says of all its pods holds for the monitor as well, unless the monitor has a word of its own.
void Place(const DMCluster& cluster, Json& spec) {
  for (const char* key : {"nodeSelector", "dnsConfig"}) {
    const Json* value = base::Find(cluster.raw, key);
    if (value != nullptr && value->is_object()) spec[key] = *value;
  }
  for (const char* key : {"tolerations", "imagePullSecrets"}) {
    const Json* value = base::Find(cluster.raw, key);
    if (value != nullptr && value->is_array()) spec[key] = *value;
  }
  for (const char* key : {"schedulerName", "priorityClassName"}) {
    const std::string value = base::GetStringOr(cluster.raw, key);
    if (!value.empty()) spec[key] = value;
  }
  const Json& own = cluster.monitor->raw;
  if (const Json* selector = base::Find(own, "nodeSelector"); selector != nullptr && selector->is_object()) spec["nodeSelector"] = *selector;
  if (const Json* tolerations = base::Find(own, "tolerations"); tolerations != nullptr && tolerations->is_array()) spec["tolerations"] = *tolerations;
  const Json* nodes = base::FindPath(cluster.raw, {"affinity", "nodeAffinity"});
  if (nodes != nullptr && nodes->is_object()) spec["affinity"] = {{"nodeAffinity", *nodes}};
}

Json Service(const DMCluster& cluster, const std::string& name) {
  const Labels labels = MonitorLabels(cluster);
  Json object = Object("v1", "Service", Meta(cluster, name, labels));
  Json ports = Json::array({{{"name", "http"}, {"port", kPrometheusPort}, {"targetPort", kPrometheusPort}, {"protocol", "TCP"}}});
  if (Grafana(cluster) != nullptr) {
    ports.push_back({{"name", "grafana"}, {"port", kGrafanaPort}, {"targetPort", kGrafanaPort}, {"protocol", "TCP"}});
  }
  object["spec"] = {{"selector", ToJson(labels)}, {"ports", ports}};
  return object;
}

}  // namespace

bool WantsMonitor(const DMCluster& cluster) {
  return cluster.monitor && !cluster.monitor->external && cluster.monitor->replicas > 0;
}

std::vector<Json> MonitorObjects(const DMCluster& cluster, const RenderFacts& facts) {
  const Names names = cluster.names();
  Json peers = Service(cluster, names.PeerService(Role::kMonitor));
  peers["spec"]["clusterIP"] = "None";
  Json client = Service(cluster, names.StatefulSet(Role::kMonitor));
  client["spec"]["type"] = "ClusterIP";
  Json config = Object("v1", "ConfigMap", Meta(cluster, names.ConfigMap(Role::kMonitor), MonitorLabels(cluster)));
  config["data"] = {{"prometheus.yml", base::ToYaml(PrometheusConfig(cluster))}, {"rules.yml", base::ToYaml(AlertRules(facts.runbooks))}};
  if (Grafana(cluster) != nullptr) {
    config["data"]["datasource.yaml"] = base::ToYaml(GrafanaDatasource());
    config["data"]["provider.yaml"] = base::ToYaml(GrafanaProvider());
    config["data"]["dm.json"] = base::DumpJson(Dashboard(cluster.meta.name), 1);
  }
  return {std::move(peers), std::move(client), std::move(config)};
}

Json MonitorTemplate(const DMCluster& cluster) {
  constexpr int kNobody = 65534;   // as the image
  Json containers = Json::array({PrometheusContainer(cluster)});
  if (const Json* grafana = Grafana(cluster)) containers.push_back(GrafanaContainer(cluster, *grafana));
  Json spec = {{"containers", containers},
               {"volumes", Volumes(cluster)},
               {"restartPolicy", "Always"},
               {"automountServiceAccountToken", false},
               {"enableServiceLinks", false},
               {"terminationGracePeriodSeconds", 120},
               {"securityContext",
                {{"runAsNonRoot", true},
                 {"runAsUser", kNobody},
                 {"runAsGroup", kNobody},
                 {"fsGroup", kNobody},
                 {"fsGroupChangePolicy", "OnRootMismatch"},
                 {"seccompProfile", {{"type", "RuntimeDefault"}}}}}};
  Place(cluster, spec);
  return {{"metadata", {{"labels", ToJson(MonitorLabels(cluster))}}}, {"spec", spec}};
}

Json MonitorSet(const DMCluster& cluster, Json pod_template) {
  const Names names = cluster.names();
  const Monitor& monitor = *cluster.monitor;
  Json object = Object("apps/v1", "StatefulSet", Meta(cluster, names.StatefulSet(Role::kMonitor), MonitorLabels(cluster)));
  object["spec"] = {{"replicas", monitor.replicas},
                    {"serviceName", names.PeerService(Role::kMonitor)},
                    {"podManagementPolicy", "Parallel"},
                    {"persistentVolumeClaimRetentionPolicy", {{"whenDeleted", "Retain"}, {"whenScaled", "Retain"}}},
                    {"selector", {{"matchLabels", ToJson(MonitorLabels(cluster))}}},
                    {"template", std::move(pod_template)},
                    {"volumeClaimTemplates",
                     Json::array({ClaimTemplate(names.ClaimTemplate(Role::kMonitor), monitor.storage_class, monitor.storage_size)})}};
  return object;
}

RolePods MonitorPods(const DMCluster& cluster) {
  const Monitor& monitor = *cluster.monitor;
  RolePods pods;
  pods.role = Role::kMonitor;
  pods.replicas = monitor.replicas;
  pods.main_container = kMain;
  pods.claim = Claim{cluster.names().ClaimTemplate(Role::kMonitor), monitor.storage_class, monitor.storage_size};
  if (!pods.claim->size) {
    if (auto standard = Quantity::Parse(kDefaultStorage)) pods.claim->size = *standard;
  }
  return pods;
}

}  // namespace dm::desired

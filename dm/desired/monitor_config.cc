#include "dm/desired/monitor_config.h"

namespace dm::desired {
namespace {

// Members by the SRV records of their headless Service. The address is cut to <pod>.<service>.<namespace>.svc, which is
// what member certificates are made out to whatever the cluster's domain is; the instance is the pod.
Json Job(const DMCluster& cluster, Role role) {
  const std::string port = "dm-" + std::string(RoleName(role));
  std::string host = cluster.names().PeerService(role);
  if (!cluster.meta.ns.empty()) host += "." + cluster.meta.ns + ".svc";
  const auto relabel = [](const char* target, const char* pattern, const char* value) {
    return Json{{"source_labels", Json::array({"__address__"})}, {"regex", pattern}, {"target_label", target}, {"replacement", value}};
  };
  Json job = {{"job_name", "dm_" + std::string(RoleName(role))},
              {"dns_sd_configs", Json::array({{{"names", Json::array({"_" + port + "._tcp." + host})}, {"type", "SRV"}, {"refresh_interval", "15s"}}})},
              {"relabel_configs", Json::array({relabel("instance", "([^.]+)\\..*", "$1"),
                                               relabel("__address__", "([^.]+\\.[^.]+\\.[^.]+\\.svc)\\..*:(\\d+)", "$1:$2")})}};
  if (cluster.tls) {
    const std::string dir = kMonitorTlsDir;
    job["scheme"] = "https";
    job["tls_config"] = {{"ca_file", dir + "/ca.crt"}, {"cert_file", dir + "/tls.crt"}, {"key_file", dir + "/tls.key"}};
  }
  return job;
}

}  // namespace

Json PrometheusConfig(const DMCluster& cluster) {
  Json jobs = Json::array({Job(cluster, Role::kMaster)});
  if (cluster.has_worker) jobs.push_back(Job(cluster, Role::kWorker));
  Json config = {{"global",
                  {{"scrape_interval", "15s"},
                   {"evaluation_interval", "15s"},
                   {"external_labels", {{"dm_cluster", cluster.meta.name}, {"namespace", cluster.meta.ns}}}}},
                 {"rule_files", Json::array({"/etc/prometheus/rules.yml"})},
                 {"scrape_configs", jobs}};
  const Json* alertmanagers = base::Find(cluster.monitor->raw, "alertmanagers");
  if (alertmanagers != nullptr && alertmanagers->is_array() && !alertmanagers->empty()) {
    config["alerting"] = {{"alertmanagers", Json::array({{{"static_configs", Json::array({{{"targets", *alertmanagers}}})}}})}};
  }
  return config;
}

Json GrafanaDatasource() {
  return {{"apiVersion", 1},
          {"datasources", Json::array({{{"name", "DM"},
                                        {"uid", "dm"},
                                        {"type", "prometheus"},
                                        {"access", "proxy"},
                                        {"url", "http://localhost:" + std::to_string(kPrometheusPort)},
                                        {"isDefault", true}}})}};
}

Json GrafanaProvider() {
  return {{"apiVersion", 1},
          {"providers", Json::array({{{"name", "DM"}, {"type", "file"}, {"options", {{"path", "/etc/grafana/dashboards"}}}}})}};
}

}  // namespace dm::desired

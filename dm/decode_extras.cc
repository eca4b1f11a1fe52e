// What this house adds to v1's spec: upstreams, monitor, update policy, claim retention, the issuer of certificates.
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "dm/checks.h"
#include "dm/decode.h"

namespace dm::decode {
namespace {

// "90s", "5m", "1h30m" as Go writes durations; whole seconds.
std::optional<std::chrono::seconds> ParseDuration(std::string_view text) {
  std::int64_t total = 0;
  if (text.empty() || text.size() > 16) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') number = number * 10 + (text[digits++] - '0');
    if (digits == 0 || digits > 6 || digits == text.size()) return std::nullopt;
    switch (text[digits]) {
      case 'h': total += number * 3600; break;
      case 'm': total += number * 60; break;
      case 's': total += number; break;
      default: return std::nullopt;
    }
    text.remove_prefix(digits + 1);
  }
  return std::chrono::seconds(total);
}

Upstream ReadUpstream(Fields& fields) {
  Upstream upstream;
  upstream.name = base::GetStringOr(*fields.object(), "name");
  if (upstream.name.size() > 128) fields.Problem("name", nullptr, "must be at most 128 characters");
  upstream.data_size = fields.Amount("dataSize", "\"500Gi\"", true);
  Fields relay = fields.Object("relay");
  upstream.relay = relay.Bool("enabled").value_or(relay.present());
  upstream.relay_space = relay.Amount("space", "\"50Gi\"", true);
  relay.Finish();
  fields.Finish();
  return upstream;
}

}  // namespace

void ReadUpstreams(Fields& spec, DMCluster& cluster) {
  cluster.upstreams_declared = spec.Has("upstreams");
  for (Fields& item : spec.List("upstreams", "name")) cluster.upstreams.push_back(ReadUpstream(item));
}

void ReadMonitor(Fields fields, DMCluster& cluster) {
  if (!fields.present()) return;
  Monitor monitor;
  monitor.raw = *fields.object();
  monitor.external = fields.Bool("external").value_or(false);
  if (auto replicas = fields.Int("replicas", 0, 1)) monitor.replicas = static_cast<int>(*replicas);
  monitor.image = fields.String("image", CheckImageName).value_or("");
  monitor.version = fields.String("version", CheckImageTag).value_or("");
  monitor.retention = fields.String("retention", CheckRetention).value_or("");
  const Resources resources = ReadResources(fields);
  monitor.cpu_request = resources.cpu_request;
  monitor.memory_request = resources.memory_request;
  monitor.cpu_limit = resources.cpu_limit;
  monitor.memory_limit = resources.memory_limit;
  monitor.storage_class = fields.String("storageClassName", [](std::string_view text) {
    return text.empty() ? std::nullopt : CheckDnsName(text);
  });
  monitor.storage_size = fields.Amount("storageSize", "\"200Gi\"", false);
  fields.Strings("alertmanagers", CheckHostPort);
  ReadLabelMap(fields, "nodeSelector");
  ReadList(fields, "tolerations", "toleration", "");
  Fields grafana = fields.Object("grafana");
  grafana.Bool("enabled");
  grafana.String("image", CheckImageName);
  grafana.String("version", CheckImageTag);
  grafana.Finish();
  if (monitor.external) {
    for (const char* key : {"replicas", "image", "version", "requests", "limits", "storageClassName", "storageSize", "retention", "alertmanagers",
                            "nodeSelector", "tolerations", "grafana"}) {
      if (fields.Has(key)) fields.Problem(key, base::Find(*fields.object(), key), "has no meaning beside external: true: remove one of the two");
    }
  }
  fields.Finish();
  cluster.monitor = std::move(monitor);
}

void ReadTls(Fields fields, DMCluster& cluster) {
  cluster.tls = fields.Bool("enabled").value_or(false);
  fields.Bool("enableDiscoveryMTLS");
  Fields issuer = fields.Object("issuer");
  if (issuer.present()) {
    Fields self = issuer.Object("selfSigned");
    Fields manager = issuer.Object("certManager");
    self.Finish();
    if (manager.present()) {
      Fields reference = manager.Object("issuerRef");
      if (reference.present()) {
        cluster.issuer_ref = *reference.object();
        if (!reference.String("name", CheckDnsName) && !reference.Has("name")) reference.Required("name", "name the Issuer or ClusterIssuer");
        reference.Enum("kind", {"Issuer", "ClusterIssuer"});
        reference.String("group");
        reference.Finish();
      } else if (!manager.Has("issuerRef")) {
        manager.Required("issuerRef", "name the Issuer that signs");
      }
      manager.Finish();
    }
    if (self.present() == manager.present()) {
      fields.Problem("issuer", issuer.object(), "must hold exactly one of selfSigned and certManager");
    } else {
      cluster.issuer = manager.present() ? Issuer::kCertManager : Issuer::kSelfSigned;
    }
    issuer.Finish();
  }
  fields.Finish();
}

void ReadUpdatePolicy(Fields fields, DMCluster& cluster) {
  cluster.update.wait_for_sync = fields.Bool("waitForSync").value_or(true);
  const auto period = fields.String("failoverPeriod", [](std::string_view text) -> std::optional<std::string> {
    const auto parsed = ParseDuration(text);
    if (parsed && *parsed >= std::chrono::seconds(30) && *parsed <= std::chrono::hours(24)) return std::nullopt;
    return "must be a time between 30s and 24h, such as \"5m\"";
  });
  if (period) cluster.update.failover_period = *ParseDuration(*period);
  if (auto most = fields.Int("maxFailover", 0, 1000)) cluster.update.max_failover = static_cast<int>(*most);
  fields.Finish();
}

void ReadClaimRetention(Fields fields, DMCluster& cluster) {
  const auto retain = [&](std::string_view key) {
    return fields.Enum(key, {"Retain", "Delete"}).value_or("Retain") == "Delete" ? Retain::kDelete : Retain::kRetain;
  };
  cluster.when_deleted = retain("whenDeleted");
  cluster.when_scaled = retain("whenScaled");
  fields.Finish();
}

}  // namespace dm::decode

#include "dm/words.h"

#include "base/strings.h"

namespace dm {
namespace {

std::string Suffix(Role role) {
  return "dm-" + std::string(RoleName(role));
}

}  // namespace

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kMaster: return "master";
    case Role::kWorker: return "worker";
    case Role::kMonitor: return "monitor";
  }
  return "master";
}

std::string_view RoleTitle(Role role) {
  switch (role) {
    case Role::kMaster: return "DM-master";
    case Role::kWorker: return "DM-worker";
    case Role::kMonitor: return "Monitor";
  }
  return "DM-master";
}

std::string_view EnvironmentName(Environment environment) {
  return environment == Environment::kProduction ? "production" : "development";
}

std::string Names::StatefulSet(Role role) const {
  return cluster + "-" + Suffix(role);
}

std::string Names::PeerService(Role role) const {
  return StatefulSet(role) + "-peer";
}

std::string Names::ClientService() const {
  return StatefulSet(Role::kMaster);
}

std::string Names::ConfigMap(Role role) const {
  return StatefulSet(role) + "-config";
}

std::string Names::BootstrapConfigMap() const {
  return cluster + "-dm-bootstrap";
}

std::string Names::Pod(Role role, int ordinal) const {
  return StatefulSet(role) + "-" + std::to_string(ordinal);
}

std::string Names::ClaimTemplate(Role role) const {
  return Suffix(role);
}

std::string Names::Claim(Role role, int ordinal) const {
  return ClaimTemplate(role) + "-" + Pod(role, ordinal);
}

std::string Names::ClusterSecret(Role role) const {
  return StatefulSet(role) + "-cluster-secret";
}

std::string Names::ClientSecret() const {
  return cluster + "-dm-client-secret";
}

std::string Names::Disruption(Role role) const {
  return StatefulSet(role);
}

std::string Names::PeerHost(Role role, int ordinal) const {
  return Pod(role, ordinal) + "." + PeerService(role);
}

int OrdinalOf(const Names& names, Role role, std::string_view pod_name) {
  const std::string prefix = names.StatefulSet(role) + "-";
  if (!base::StartsWith(pod_name, prefix)) return -1;
  const std::string_view digits = pod_name.substr(prefix.size());
  if (digits.empty() || digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string_view::npos) return -1;
  if (digits.size() > 1 && digits.front() == '0') return -1;   // StatefulSets count without leading zeros
  int ordinal = 0;
  for (const char digit : digits) ordinal = ordinal * 10 + (digit - '0');
  return ordinal;
}

kube::api::Labels SelectorLabels(const std::string& cluster, Role role) {
  return {{"app.kubernetes.io/name", "dm-cluster"},
          {"app.kubernetes.io/managed-by", "tidb-operator"},
          {"app.kubernetes.io/instance", cluster},
          {"app.kubernetes.io/component", Suffix(role)}};
}

}  // namespace dm

#include "operator/certificates/purpose.h"

namespace dm::op::certificates {
namespace {

// v1's documentation gives every certificate this one. The same for all: of `cert-allowed-cn` DM's etcd takes the first name only.
constexpr const char* kCommonName = "TiDB";

void AddService(std::vector<std::string>& names, const std::string& prefix, const std::string& service, const std::string& ns) {
  for (const std::string& suffix : {std::string(), "." + ns, "." + ns + ".svc"}) names.push_back(prefix + service + suffix);
}

}  // namespace

std::string SecretName(const DMCluster& want, Purpose purpose) {
  const Names names = want.names();
  switch (purpose) {
    case Purpose::kMaster: return names.ClusterSecret(Role::kMaster);
    case Purpose::kWorker: return names.ClusterSecret(Role::kWorker);
    case Purpose::kClient: return names.ClientSecret();
  }
  return {};
}

std::string AuthoritySecretName(const DMCluster& want) { return want.meta.name + "-dm-authority"; }

net::CertificateNames NamesOf(const DMCluster& want, Purpose purpose) {
  net::CertificateNames names;
  names.common_name = kCommonName;
  if (!Serves(purpose)) return names;
  const Role role = purpose == Purpose::kMaster ? Role::kMaster : Role::kWorker;
  const std::string peers = want.names().PeerService(role);
  AddService(names.dns, "", peers, want.meta.ns);   // first: a master looks them up in this order
  AddService(names.dns, "*.", peers, want.meta.ns);
  AddService(names.dns, "", want.names().StatefulSet(role), want.meta.ns);
  names.dns.emplace_back("localhost");
  names.ips = {"127.0.0.1", "::1"};
  return names;
}

}  // namespace dm::op::certificates

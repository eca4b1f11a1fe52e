#include "operator/certificates/cert_manager.h"

#include "base/log.h"
#include "base/strings.h"
#include "kube/api/conditions.h"
#include "kube/apply.h"

namespace dm::op::certificates {
namespace {

using base::Code;
using base::Json;
using base::Result;

constexpr const char* kIssuedFor = "cert-manager.io/certificate-name";   // cert-manager's annotation on Secrets that it fills

// A Secret that cert-manager would overwrite although somebody else made it.
Result<std::optional<Obstacle>> TakenSecret(const kube::Client& client, const DMCluster& want, const std::string& name, std::stop_token stop) {
  const auto secret = client.Get(kube::resources::kSecrets, want.meta.ns, name, std::move(stop));
  if (!secret && secret.error().code == Code::kNotFound) return std::optional<Obstacle>();
  if (!secret) return base::Propagate(secret, "reading Secret " + name);
  const Json* notes = base::FindPath(*secret, {"metadata", "annotations"});
  if (notes && !base::GetStringOr(*notes, kIssuedFor).empty()) return std::optional<Obstacle>();
  return std::optional<Obstacle>({"SecretNotOurs", "Secret " + name + " was not made by cert-manager, which would overwrite it, so no Certificate is made: to go on "
                                                   "using it, take spec.tlsCluster.issuer away; to have certificates issued, delete it while the cluster is "
                                                   "suspended (docs/tls.md)"});
}

std::string WhyNotReady(const Json& certificate, const std::string& name) {
  const auto conditions = kube::api::ParseConditions(base::FindPath(certificate, {"status", "conditions"}));
  const auto* ready = kube::api::FindCondition(conditions, "Ready");
  if (ready && ready->status == "True") return {};
  std::string text = "cert-manager has not issued Certificate " + name + " yet";
  if (ready && !ready->message.empty()) text += ": " + base::Printable(ready->message, 300);
  return text;
}

Obstacle Missing() {
  return {"CertManagerMissing", "spec.tlsCluster.issuer.certManager is set, but the API server knows no cert-manager.io/v1 Certificate: install cert-manager, "
                                "or choose issuer.selfSigned"};
}

}  // namespace

const kube::Resource kCertificates{"cert-manager.io", "v1", "Certificate", "certificates", true};

Json CertificateObject(const DMCluster& want, Purpose purpose) {
  const std::string name = SecretName(want, purpose);
  const auto names = NamesOf(want, purpose);
  Json usages = Json::array({"digital signature"});
  if (Serves(purpose)) usages.push_back("server auth");
  usages.push_back("client auth");
  Json issuer = {{"name", base::GetStringOr(want.issuer_ref, "name")}};
  issuer["kind"] = base::GetStringOr(want.issuer_ref, "kind", "Issuer");
  issuer["group"] = base::GetStringOr(want.issuer_ref, "group", "cert-manager.io");
  Json spec = {{"secretName", name},
               {"commonName", names.common_name},
               {"usages", usages},
               {"duration", "2160h0m0s"},
               {"renewBefore", "720h0m0s"},
               {"privateKey", {{"algorithm", "ECDSA"}, {"size", 256}, {"rotationPolicy", "Always"}}},
               {"issuerRef", issuer}};
  if (!names.dns.empty()) spec["dnsNames"] = names.dns;
  if (!names.ips.empty()) spec["ipAddresses"] = names.ips;
  return {{"apiVersion", kCertificates.ApiVersion()}, {"kind", kCertificates.kind}, {"metadata", OwnMeta(want, name)}, {"spec", std::move(spec)}};
}

Result<Requested> Request(const kube::Client& client, const DMCluster& want, std::stop_token stop) {
  Requested requested;
  for (const Purpose purpose : kPurposes) {
    const std::string name = SecretName(want, purpose);
    auto live = client.Get(kCertificates, want.meta.ns, name, stop);
    if (!live && live.error().code != Code::kNotFound) return base::Propagate(live, "reading Certificate " + name);
    if (live && WhoseIs(*live, want) != Whose::kOurs) {
      requested.obstacle = {"CertificateNotOurs", "Certificate " + name + " was not made by dm-operator and is left as it is: take spec.tlsCluster.issuer away to go "
                                                  "on using it, or delete it (its Secret may stay)"};
      return requested;
    }
    if (!live) {
      auto taken = TakenSecret(client, want, name, stop);
      if (!taken) return base::Propagate(taken);
      if (*taken) {
        requested.obstacle = std::move(*taken);
        return requested;
      }
    }
    kube::ApplyIfNeededOptions options;
    options.hash_annotation = std::string(annotations::kAppliedHash);
    const auto applied = kube::ApplyDesired(client, kCertificates, CertificateObject(want, purpose), live ? &*live : nullptr, options, stop);
    if (!applied && applied.error().code == Code::kNotFound) {
      requested.obstacle = Missing();
      return requested;
    }
    if (!applied) return base::Propagate(applied, "applying Certificate " + name);
    if (applied->written) base::LogInfo("applied", {{"cluster", want.meta.Key()}, {"object", "Certificate/" + name}, {"why", applied->why}});
    requested.written |= applied->written;
    const std::string why = WhyNotReady(applied->written ? applied->object : *live, name);
    if (!why.empty() && !requested.obstacle) requested.obstacle = {"CertificateNotIssued", why};
  }
  return requested;
}

}  // namespace dm::op::certificates

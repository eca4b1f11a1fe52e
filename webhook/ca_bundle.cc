#include "webhook/ca_bundle.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/strings.h"
#include "net/tls.h"

namespace dm::webhook {
namespace {

using base::Json;

struct Certificate {
  std::string pem, fingerprint, subject;
  base::WallTime not_after;
  bool is_authority = false;
};

std::vector<Certificate> ReadBundle(const std::string& pem) {
  std::vector<Certificate> certificates;
  const auto parts = net::SplitBundle(pem);
  if (!parts) return certificates;
  for (const std::string& part : *parts) {
    const auto facts = net::ReadCertificate(part);
    if (facts) certificates.push_back({part, facts->fingerprint, facts->subject, facts->not_after, facts->is_authority});
  }
  return certificates;
}

// Host of https://host[:port]/path; without brackets.
std::string HostOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (!url.empty() && url.front() == '[') return std::string(url.substr(1, url.find(']') - 1));
  return std::string(url.substr(0, url.find(':')));
}

bool Ours(const Json& client_config, const EntryMatch& match) {
  if (const Json* service = base::Find(client_config, "service"); service != nullptr && service->is_object()) {
    return base::GetStringOr(*service, "name") == match.service && base::GetStringOr(*service, "namespace") == match.ns;
  }
  const std::string host = HostOf(base::GetStringOr(client_config, "url"));
  return !host.empty() && std::find(match.hosts.begin(), match.hosts.end(), host) != match.hosts.end();
}

std::set<std::string> Fingerprints(const std::vector<Certificate>& certificates) {
  std::set<std::string> set;
  for (const Certificate& certificate : certificates) set.insert(certificate.fingerprint);
  return set;
}

std::vector<Certificate> Merge(std::vector<Certificate> wanted, const std::vector<Certificate>& held, base::WallTime now) {
  const auto known = Fingerprints(wanted);
  const std::string subject = wanted.empty() ? std::string() : wanted.front().subject;
  for (const Certificate& certificate : held) {
    const bool ours = certificate.is_authority && certificate.subject == subject && now < certificate.not_after;
    if (ours && !known.contains(certificate.fingerprint)) wanted.push_back(certificate);
  }
  return wanted;
}

}  // namespace

base::Result<std::optional<Json>> BundlePatch(const Json& configuration, const EntryMatch& match, const std::string& bundle_pem,
                                              base::WallTime now) {
  const std::vector<Certificate> bundle = ReadBundle(bundle_pem);
  if (bundle.empty()) return base::Fail(base::Code::kInternal, "our own bundle holds no certificate");
  const Json* entries = base::Find(configuration, "webhooks");
  Json patch = Json::array();
  bool found = false;
  for (std::size_t i = 0; entries != nullptr && entries->is_array() && i < entries->size(); ++i) {
    const Json& entry = (*entries)[i];
    const Json* client_config = base::Find(entry, "clientConfig");
    if (client_config == nullptr || !Ours(*client_config, match)) continue;
    found = true;
    const auto text = base::GetString(*client_config, "caBundle");
    const auto held = ReadBundle(text ? base::Base64Decode(*text).value_or("") : "");
    const auto wanted = Merge(bundle, held, now);
    if (Fingerprints(held) == Fingerprints(wanted)) continue;
    std::string pem;
    for (const Certificate& certificate : wanted) pem += certificate.pem;
    const std::string path = "/webhooks/" + std::to_string(i);
    // The tests keep us from writing into another entry, or over what another replica has just written.
    patch.push_back({{"op", "test"}, {"path", path + "/name"}, {"value", base::GetStringOr(entry, "name")}});
    if (text) patch.push_back({{"op", "test"}, {"path", path + "/clientConfig/caBundle"}, {"value", *text}});
    patch.push_back({{"op", "add"}, {"path", path + "/clientConfig/caBundle"}, {"value", base::Base64Encode(pem)}});
  }
  if (!found) {
    return base::Fail(base::Code::kNotFound, "it has no entry for the service " + match.ns + "/" + match.service +
                                                 (match.hosts.empty() ? "" : " or a URL of " + base::Join(match.hosts, ", ")));
  }
  if (patch.empty()) return std::optional<Json>();
  return std::optional<Json>(std::move(patch));
}

base::Result<bool> EnsureBundle(const kube::Client& client, const std::string& configuration, const EntryMatch& match,
                                const std::string& bundle_pem, base::WallTime now, std::stop_token stop) {
  const kube::Resource& resource = kube::resources::kValidatingWebhookConfigurations;
  const std::string doing = "keeping the caBundle of the ValidatingWebhookConfiguration " + configuration;
  const auto object = client.Get(resource, {}, configuration, stop);
  if (!object) return base::Propagate(object, doing);
  const auto patch = BundlePatch(*object, match, bundle_pem, now);
  if (!patch) return base::Propagate(patch, doing);
  if (!*patch) return false;
  const auto patched =
      client.Raw("PATCH", resource.Path({}, configuration), base::DumpJson(**patch), "application/json-patch+json", stop);
  if (!patched) return base::Propagate(patched, doing);
  base::LogInfo("the caBundle had drifted and was put right", {{"configuration", configuration}});
  return true;
}

}  // namespace dm::webhook

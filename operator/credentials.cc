#include "operator/credentials.h"

#include "base/strings.h"

namespace dm::op {

base::Result<members::Credentials> CredentialSource::Read(const DMCluster& want, std::stop_token stop) const {
  const std::string name = want.names().ClientSecret();
  auto secret = client_.Get(kube::resources::kSecrets, want.meta.ns, name, std::move(stop));
  if (!secret) return base::Propagate(secret, "reading Secret " + name);
  members::Credentials credentials;
  credentials.tls = true;
  const base::Json* data = base::Find(*secret, "data");
  for (auto [key, field] : {std::pair{"ca.crt", &credentials.authority_pem}, {"tls.crt", &credentials.certificate_pem},
                            {"tls.key", &credentials.key_pem}}) {
    const auto decoded = data ? base::Base64Decode(base::GetStringOr(*data, key)) : std::nullopt;
    if (!decoded || decoded->empty()) return base::Fail(base::Code::kInvalid, "Secret " + name + " has no " + key);
    *field = *decoded;
  }
  return credentials;
}

base::Result<members::Credentials> CredentialSource::Of(const DMCluster& want, std::stop_token stop) {
  if (!want.tls) return members::Credentials{};
  const std::string key = want.meta.Key();
  const auto now = clock_.Now();
  {
    auto kept = kept_.Lock();
    const auto it = kept->find(key);
    if (it != kept->end() && now < it->second.until) return it->second.result;
  }
  auto result = Read(want, std::move(stop));
  auto kept = kept_.Lock();
  Kept& mine = (*kept)[key];
  // Not to have been answered says nothing of the Secret: what was good goes on, and is looked at again soon.
  const bool unanswered = !result && (result.error().code == base::Code::kUnavailable || result.error().code == base::Code::kTimeout ||
                                      result.error().code == base::Code::kCancelled);
  mine.until = now + (result ? kKeep : kKeepFailure);
  if (!unanswered || !mine.result) mine.result = std::move(result);
  return mine.result;
}

void CredentialSource::Forget(const std::string& cluster) { kept_.Lock()->erase(cluster); }

}  // namespace dm::op

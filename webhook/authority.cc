#include "webhook/authority.h"

#include "base/strings.h"

namespace dm::webhook {
namespace {

using base::Json;

std::string Text(const Json& data, std::string_view key) {
  const auto text = base::GetString(data, key);
  if (!text) return {};
  return base::Base64Decode(*text).value_or("");
}

std::optional<net::CertificateFacts> Facts(const net::KeyPair& pair) {
  auto facts = net::ReadCertificate(pair.certificate_pem);
  if (!facts) return std::nullopt;
  return std::move(*facts);
}

bool Lives(const net::KeyPair& pair, base::WallTime now) {
  const auto facts = Facts(pair);
  return facts && facts->not_before <= now && now < facts->not_after;
}

}  // namespace

base::Result<Authorities> FromSecret(const Json& secret) {
  const Json* data = base::Find(secret, "data");
  if (data == nullptr || !data->is_object()) return base::Fail(base::Code::kInvalid, "the Secret holds nothing");
  Authorities authorities;
  authorities.current = {Text(*data, "ca.crt"), Text(*data, "ca.key")};
  if (const auto whole = net::CheckAuthority(authorities.current); !whole) return base::Propagate(whole, "ca.crt and ca.key");
  net::KeyPair previous{Text(*data, "previous.crt"), Text(*data, "previous.key")};
  // A broken previous one is worth nothing, but no reason to throw the current one away.
  if (!previous.certificate_pem.empty() && net::CheckAuthority(previous)) authorities.previous = std::move(previous);
  return authorities;
}

Json ToSecretData(const Authorities& authorities) {
  Json data{{"ca.crt", base::Base64Encode(authorities.current.certificate_pem)},
            {"ca.key", base::Base64Encode(authorities.current.key_pem)}};
  if (authorities.previous) {
    data["previous.crt"] = base::Base64Encode(authorities.previous->certificate_pem);
    data["previous.key"] = base::Base64Encode(authorities.previous->key_pem);
  }
  return data;
}

base::Result<Authorities> NewAuthorities(const std::string& common_name, base::WallTime now) {
  auto pair = net::MakeAuthority(common_name, now, kAuthorityLife);
  if (!pair) return base::Propagate(pair, "making an authority");
  return Authorities{std::move(*pair), std::nullopt};
}

bool WantsRotation(const Authorities& authorities, base::WallTime now) {
  const auto facts = Facts(authorities.current);
  return !facts || now < facts->not_before || now >= net::RenewAt(facts->not_before, facts->not_after);
}

base::Result<Authorities> Rotate(const Authorities& authorities, const std::string& common_name, base::WallTime now) {
  auto next = NewAuthorities(common_name, now);
  if (next && Lives(authorities.current, now)) next->previous = authorities.current;
  return next;
}

std::string BundleOf(const Authorities& authorities, base::WallTime now) {
  std::string bundle = authorities.current.certificate_pem;
  if (authorities.previous && Lives(*authorities.previous, now)) bundle += authorities.previous->certificate_pem;
  return bundle;
}

const net::KeyPair& SignerOf(const Authorities& authorities, base::WallTime now) {
  if (!authorities.previous || !Lives(*authorities.previous, now)) return authorities.current;
  const auto facts = Facts(authorities.current);
  const bool settled = facts && now >= facts->not_before + net::kClockSkew + kSettle;
  return settled ? authorities.current : *authorities.previous;
}

}  // namespace dm::webhook

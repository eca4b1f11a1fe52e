#include "operator/certificates/authorities.h"

#include "base/strings.h"

namespace dm::op::certificates {
namespace {

using base::Json;

std::string Decode(const Json& data, std::string_view key) {
  return base::Base64Decode(base::GetStringOr(data, key)).value_or("");
}

Json Encoded(const std::string& text) { return text.empty() ? Json() : Json(base::Base64Encode(text)); }

}  // namespace

base::Result<Authorities> FromSecret(const Json& secret) {
  const Json* data = base::Find(secret, "data");
  if (data == nullptr || !data->is_object()) return base::Fail(base::Code::kInvalid, "the Secret holds nothing");
  Authorities authorities;
  authorities.newest = {Decode(*data, "ca.crt"), Decode(*data, "ca.key")};
  if (const auto whole = net::CheckAuthority(authorities.newest); !whole) return base::Propagate(whole, "ca.crt and ca.key");
  authorities.previous = {Decode(*data, "previous.crt"), Decode(*data, "previous.key")};
  if (!net::ReadCertificate(authorities.previous.certificate_pem)) authorities.previous = {};
  if (!authorities.previous.key_pem.empty() && !net::CheckAuthority(authorities.previous)) authorities.previous.key_pem.clear();
  if (const Json* notes = base::FindPath(secret, {"metadata", "annotations"})) {
    authorities.asked_for = base::GetStringOr(*notes, kRotateAuthorityAt);
  }
  return authorities;
}

Json ToData(const Authorities& authorities) {
  return {{"ca.crt", Encoded(authorities.newest.certificate_pem)},
          {"ca.key", Encoded(authorities.newest.key_pem)},
          {"previous.crt", Encoded(authorities.previous.certificate_pem)},
          {"previous.key", Encoded(authorities.previous.key_pem)}};
}

base::Result<net::KeyPair> NewAuthority(const std::string& cluster, base::WallTime now) {
  std::string name = "DM authority of " + cluster;   // at most 64 bytes; the key identifier tells two of one name apart
  if (name.size() > 64) name.resize(64);
  auto pair = net::MakeAuthority(name, now, kAuthorityLife);
  if (!pair) return base::Propagate(pair, "making an authority");
  return pair;
}

std::string MarkOf(const net::KeyPair& authority) {
  const auto facts = net::ReadCertificate(authority.certificate_pem);
  return facts ? facts->fingerprint.substr(0, 16) : "";
}

Life LifeOf(const std::string& certificate_pem) {
  const auto facts = net::ReadCertificate(certificate_pem);
  return facts ? Life{facts->not_before, facts->not_after} : Life{};
}

}  // namespace dm::op::certificates

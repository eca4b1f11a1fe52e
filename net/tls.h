// TLS material and certificates. PEM in, PEM out; EC P-256.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace dm::net {

struct KeyPair {
  std::string certificate_pem;   // leaf first, then its chain
  std::string key_pem;           // PKCS#8
};

struct CertificateNames {
  std::string common_name;
  std::vector<std::string> dns;
  std::vector<std::string> ips;
};

// How far notBefore is set back, for peers whose clock is behind.
inline constexpr base::Duration kClockSkew = std::chrono::hours(1);

// notBefore is kClockSkew back. Ownership: values. Errors: kInvalid for names OpenSSL refuses.
base::Result<KeyPair> MakeAuthority(const std::string& common_name, base::WallTime now, base::Duration life);
base::Result<KeyPair> IssueLeaf(const KeyPair& authority, const CertificateNames& names, base::WallTime now,
                                base::Duration life, bool server, bool client);

struct CertificateFacts {
  base::WallTime not_before, not_after;         // from 1970 to 2262: an earlier or later date is that limit
  std::string subject, issuer, fingerprint;     // SHA-256, hex
  std::vector<std::string> dns, ips;
  bool is_authority = false;
};
// Of the first certificate of the PEM text.
base::Result<CertificateFacts> ReadCertificate(const std::string& pem);
// Every certificate of a bundle, each as its own PEM text.
base::Result<std::vector<std::string>> SplitBundle(const std::string& pem);
// kInvalid when the key does not belong to the certificate or the chain does not lead to the authority.
base::Result<void> CheckKeyPair(const KeyPair& pair, const std::string& authority_pem);
// kInvalid when the pair cannot sign for others.
base::Result<void> CheckAuthority(const KeyPair& pair);
// When a certificate is to be replaced: at two thirds of its life.
inline base::WallTime RenewAt(base::WallTime not_before, base::WallTime not_after) {
  return not_before + (not_after - not_before) / 3 * 2;   // in this order: no life is too long for it
}

}  // namespace dm::net

// Making certificates: EC P-256 keys, version 3, strict enough for `openssl verify -x509_strict` and Go's verifier.
#include "net/tls.h"

#include <openssl/rand.h>

#include <array>
#include <ctime>

#include "base/strings.h"
#include "net/openssl_ptr.h"

namespace dm::net {

namespace {

using base::Code;
using base::Fail;
using base::Result;

constexpr std::size_t kMaxCommonName = 64;   // X.520 ub-common-name
constexpr std::size_t kMaxDnsName = 253;

auto FailOpenssl(std::string_view doing) { return Fail(Code::kInternal, std::string(doing) + ": " + OpensslError()); }

Result<std::string> KeyToPem(EVP_PKEY& key) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return FailOpenssl("writing a private key");
  }
  return TakeBio(*bio);
}

Result<std::string> CertificateToPem(X509& certificate) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), &certificate) != 1) return FailOpenssl("writing a certificate");
  return TakeBio(*bio);
}

// 16 random bytes with the top bit clear: positive, and 20 octets at most as RFC 5280 asks.
bool SetSerial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x01);
  OpensslPtr<BIGNUM, BN_free> number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool SetTimes(X509& certificate, base::WallTime from, base::WallTime until) {
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), std::chrono::system_clock::to_time_t(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), std::chrono::system_clock::to_time_t(until)) != nullptr;
}

bool SetCommonName(X509& certificate, const std::string& name) {
  if (name.empty()) return true;
  const std::basic_string<unsigned char> bytes(name.begin(), name.end());
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(&certificate), NID_commonName, MBSTRING_UTF8, bytes.data(),
                                    static_cast<int>(bytes.size()), -1, 0) == 1;
}

// `value` is one of the constants below, never text from outside: OpenSSL's little language has commas and sections.
bool AddExtension(X509& certificate, X509& issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  OpensslPtr<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool IsDnsName(std::string_view name) {
  if (base::StartsWith(name, "*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > kMaxDnsName) return false;
  for (const std::string_view label : base::Split(name, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      if (!plain) return false;
    }
  }
  return true;
}

bool Push(GENERAL_NAMES& names, int type, OpensslPtr<ASN1_STRING, ASN1_STRING_free> value) {
  OpensslPtr<GENERAL_NAME, GENERAL_NAME_free> name(GENERAL_NAME_new());
  if (!name || !value) return false;
  GENERAL_NAME_set0_value(name.get(), type, value.release());
  if (sk_GENERAL_NAME_push(&names, name.get()) <= 0) return false;
  static_cast<void>(name.release());
  return true;
}

// As GENERAL_NAME objects, not as a configuration string: a comma in a name would inject entries there.
Result<GeneralNamesPtr> AlternativeNames(const CertificateNames& names) {
  GeneralNamesPtr list(GENERAL_NAMES_new());
  if (!list) return FailOpenssl("alternative names");
  for (const std::string& dns : names.dns) {
    if (!IsDnsName(dns)) {
      return Fail(Code::kInvalid, "certificate name \"" + base::Printable(dns) +
                                      "\" is no DNS name: use letters, digits, '-' and '.', at most 253 characters");
    }
    OpensslPtr<ASN1_STRING, ASN1_STRING_free> text(ASN1_IA5STRING_new());
    if (!text || ASN1_STRING_set(text.get(), dns.data(), static_cast<int>(dns.size())) != 1 ||
        !Push(*list, GEN_DNS, std::move(text))) {
      return FailOpenssl("alternative names");
    }
  }
  for (const std::string& ip : names.ips) {
    OpensslPtr<ASN1_STRING, ASN1_STRING_free> octets(a2i_IPADDRESS(ip.c_str()));
    if (!octets) {
      ERR_clear_error();
      return Fail(Code::kInvalid, "certificate address \"" + base::Printable(ip) + "\" is no IPv4 or IPv6 address");
    }
    if (!Push(*list, GEN_IPADD, std::move(octets))) return FailOpenssl("alternative names");
  }
  return list;
}

Result<void> CheckCommonName(const std::string& name) {
  if (name.size() > kMaxCommonName || !base::IsUtf8(name)) {
    return Fail(Code::kInvalid, "common name \"" + base::Printable(name) + "\" must be UTF-8 of at most 64 bytes");
  }
  return {};
}

struct Draft {
  X509Ptr certificate;
  KeyPtr key;
};

// A version 3 certificate with its own fresh key, serial, times and subject; issuer and extensions are still missing.
Result<Draft> NewDraft(const std::string& common_name, base::WallTime from, base::WallTime until) {
  Draft draft{X509Ptr(X509_new()), KeyPtr(EVP_EC_gen("P-256"))};
  if (!draft.certificate || !draft.key || X509_set_version(draft.certificate.get(), X509_VERSION_3) != 1 ||
      !SetSerial(*draft.certificate) || !SetTimes(*draft.certificate, from, until) ||
      !SetCommonName(*draft.certificate, common_name) ||
      X509_set_pubkey(draft.certificate.get(), draft.key.get()) != 1) {
    return FailOpenssl("making a certificate");
  }
  return draft;
}

Result<KeyPair> Finish(Draft draft, EVP_PKEY& signing_key) {
  if (X509_sign(draft.certificate.get(), &signing_key, EVP_sha256()) <= 0) return FailOpenssl("signing a certificate");
  auto certificate = CertificateToPem(*draft.certificate);
  if (!certificate) return base::Propagate(certificate);
  auto key = KeyToPem(*draft.key);
  if (!key) return base::Propagate(key);
  return KeyPair{std::move(*certificate), std::move(*key)};
}

const char* UsageText(bool server, bool client) {
  if (server && client) return "serverAuth,clientAuth";
  return server ? "serverAuth" : "clientAuth";
}

}  // namespace

Result<KeyPair> MakeAuthority(const std::string& common_name, base::WallTime now, base::Duration life) {
  if (auto named = CheckCommonName(common_name); !named) return base::Propagate(named);
  if (common_name.empty()) return Fail(Code::kInvalid, "an authority needs a common name");
  const auto until = now + std::chrono::duration_cast<base::WallTime::duration>(life);
  auto draft = NewDraft(common_name, now - std::chrono::duration_cast<base::WallTime::duration>(kClockSkew), until);
  if (!draft) return base::Propagate(draft);
  X509& self = *draft->certificate;
  if (X509_set_issuer_name(&self, X509_get_subject_name(&self)) != 1 ||
      !AddExtension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !AddExtension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(self, self, NID_subject_key_identifier, "hash")) {
    return FailOpenssl("making an authority");
  }
  EVP_PKEY& key = *draft->key;
  return Finish(std::move(*draft), key);
}

Result<KeyPair> IssueLeaf(const KeyPair& authority, const CertificateNames& names, base::WallTime now,
                          base::Duration life, bool server, bool client) {
  if (auto named = CheckCommonName(names.common_name); !named) return base::Propagate(named);
  if (!server && !client) return Fail(Code::kInvalid, "a certificate must be for a server, a client or both");
  if (server && names.dns.empty() && names.ips.empty()) {
    return Fail(Code::kInvalid, "a server's certificate needs at least one DNS name or address");
  }
  X509StackPtr issuers = ReadCertificates(authority.certificate_pem);
  KeyPtr issuer_key = ReadKey(authority.key_pem);
  if (!issuers || sk_X509_num(issuers.get()) == 0 || !issuer_key) {
    return Fail(Code::kInvalid, "the authority is no PEM certificate and key: " + OpensslError());
  }
  X509& issuer = *sk_X509_value(issuers.get(), 0);
  if (X509_check_private_key(&issuer, issuer_key.get()) != 1) {
    ERR_clear_error();
    return Fail(Code::kInvalid, "the authority's key does not belong to its certificate");
  }
  if (X509_check_ca(&issuer) == 0) return Fail(Code::kInvalid, "the authority's certificate may not sign others");
  auto alternative = AlternativeNames(names);
  if (!alternative) return base::Propagate(alternative);

  auto until = now + std::chrono::duration_cast<base::WallTime::duration>(life);
  auto facts = ReadCertificate(authority.certificate_pem);
  if (!facts) return base::Propagate(facts, "the authority");
  if (until > facts->not_after) until = facts->not_after;   // a leaf that outlives its authority only looks valid
  auto draft =
      NewDraft(names.common_name, now - std::chrono::duration_cast<base::WallTime::duration>(kClockSkew), until);
  if (!draft) return base::Propagate(draft);
  X509& leaf = *draft->certificate;
  const bool has_names = sk_GENERAL_NAME_num(alternative->get()) > 0;
  const int critical = names.common_name.empty() ? 1 : 0;   // RFC 5280 4.2.1.6: critical when the subject is empty
  if (X509_set_issuer_name(&leaf, X509_get_subject_name(&issuer)) != 1 ||
      !AddExtension(leaf, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(leaf, issuer, NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(leaf, issuer, NID_ext_key_usage, UsageText(server, client)) ||
      !AddExtension(leaf, issuer, NID_subject_key_identifier, "hash") ||
      !AddExtension(leaf, issuer, NID_authority_key_identifier, "keyid") ||
      (has_names && X509_add1_ext_i2d(&leaf, NID_subject_alt_name, alternative->get(), critical, 0) != 1)) {
    return FailOpenssl("making a certificate");
  }
  auto pair = Finish(std::move(*draft), *issuer_key);
  if (!pair) return pair;
  if (facts->subject != facts->issuer) pair->certificate_pem += authority.certificate_pem;   // an intermediate: send it
  return pair;
}

}  // namespace dm::net

// Reading certificates: facts, bundles, and whether a key pair fits together.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/strings.h"
#include "net/openssl_ptr.h"
#include "net/tls.h"

namespace dm::net {

namespace {

using base::Code;
using base::Fail;
using base::Result;

auto FailNoCertificate() { return Fail(Code::kInvalid, "not a PEM certificate (\"-----BEGIN CERTIFICATE-----\" expected)"); }

Result<X509StackPtr> ReadSome(const std::string& pem) {
  X509StackPtr stack = ReadCertificates(pem);
  if (!stack) return Fail(Code::kInvalid, "malformed PEM certificate: " + OpensslError());
  if (sk_X509_num(stack.get()) == 0) return FailNoCertificate();
  return stack;
}

Result<base::WallTime> ReadTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return Fail(Code::kInvalid, "certificate with a malformed date");
  // Nanoseconds end in 2262, and "without end" is written as 9999-12-31; who began before 1970 has begun.
  constexpr std::time_t kLast = std::chrono::duration_cast<std::chrono::seconds>(base::WallTime::max().time_since_epoch()).count();
  return std::chrono::system_clock::from_time_t(std::clamp<std::time_t>(timegm(&parts), 0, kLast));
}

std::string Fingerprint(X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(std::size_t{size} * 2);
  for (unsigned int i = 0; i < size; ++i) {
    text += kHex[digest[i] >> 4];
    text += kHex[digest[i] & 15];
  }
  return text;
}

std::string AddressText(const ASN1_OCTET_STRING& octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(&octets) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(&octets) != 16) return {};
  if (inet_ntop(family, ASN1_STRING_get0_data(&octets), text.data(), static_cast<socklen_t>(text.size())) == nullptr) {
    return {};
  }
  return text.data();
}

void ReadNames(X509& certificate, CertificateFacts& facts) {
  void* found = X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr);
  GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(found));
  if (!names) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    const auto* text = static_cast<const ASN1_STRING*>(value);
    if (type == GEN_DNS) {
      const unsigned char* data = ASN1_STRING_get0_data(text);
      facts.dns.emplace_back(data, data + ASN1_STRING_length(text));
    } else if (type == GEN_IPADD) {
      if (std::string address = AddressText(*text); !address.empty()) facts.ips.push_back(std::move(address));
    }
  }
}

Result<void> CheckChain(X509& leaf, STACK_OF(X509) & chain, const std::string& authority_pem) {
  auto roots = ReadSome(authority_pem);
  if (!roots) return base::Propagate(roots, "the authority");
  StorePtr store(X509_STORE_new());
  StoreContextPtr context(X509_STORE_CTX_new());
  if (!store || !context) return Fail(Code::kInternal, OpensslError());
  for (int i = 0; i < sk_X509_num(roots->get()); ++i) {
    if (X509_STORE_add_cert(store.get(), sk_X509_value(roots->get(), i)) != 1) return Fail(Code::kInternal, OpensslError());
  }
  // Dates are the business of whoever renews; here the question is only who signed whom.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_STORE_CTX_init(context.get(), store.get(), &leaf, &chain) != 1) return Fail(Code::kInternal, OpensslError());
  const int verified = X509_verify_cert(context.get());
  ERR_clear_error();
  if (verified == 1) return {};
  return Fail(Code::kInvalid, "the certificate's chain does not lead to the authority: " +
                                  std::string(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))));
}

}  // namespace

Result<CertificateFacts> ReadCertificate(const std::string& pem) {
  auto stack = ReadSome(pem);
  if (!stack) return base::Propagate(stack);
  X509& certificate = *sk_X509_value(stack->get(), 0);
  CertificateFacts facts;
  auto from = ReadTime(X509_get0_notBefore(&certificate));
  if (!from) return base::Propagate(from);
  auto until = ReadTime(X509_get0_notAfter(&certificate));
  if (!until) return base::Propagate(until);
  facts.not_before = *from;
  facts.not_after = *until;
  facts.subject = NameText(X509_get_subject_name(&certificate));
  facts.issuer = NameText(X509_get_issuer_name(&certificate));
  facts.fingerprint = Fingerprint(certificate);
  facts.is_authority = X509_check_ca(&certificate) != 0;
  ReadNames(certificate, facts);
  ERR_clear_error();
  return facts;
}

Result<std::vector<std::string>> SplitBundle(const std::string& pem) {
  auto stack = ReadSome(pem);
  if (!stack) return base::Propagate(stack);
  std::vector<std::string> texts;
  for (int i = 0; i < sk_X509_num(stack->get()); ++i) {
    BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_X509(bio.get(), sk_X509_value(stack->get(), i)) != 1) {
      return Fail(Code::kInternal, "writing a certificate: " + OpensslError());
    }
    texts.push_back(TakeBio(*bio));
  }
  return texts;
}

Result<void> CheckKeyPair(const KeyPair& pair, const std::string& authority_pem) {
  auto chain = ReadSome(pair.certificate_pem);
  if (!chain) return base::Propagate(chain);
  KeyPtr key = ReadKey(pair.key_pem);
  if (!key) return Fail(Code::kInvalid, "not a PEM private key without passphrase: " + OpensslError());
  X509& leaf = *sk_X509_value(chain->get(), 0);
  if (X509_check_private_key(&leaf, key.get()) != 1) {
    ERR_clear_error();
    return Fail(Code::kInvalid, "the private key does not belong to the certificate of " +
                                    NameText(X509_get_subject_name(&leaf)));
  }
  if (authority_pem.empty()) return {};
  return CheckChain(leaf, *chain->get(), authority_pem);
}

Result<void> CheckAuthority(const KeyPair& pair) {
  const auto facts = ReadCertificate(pair.certificate_pem);
  if (!facts) return base::Propagate(facts);
  if (!facts->is_authority) return Fail(Code::kInvalid, "the certificate of " + facts->subject + " is no authority's");
  return CheckKeyPair(pair, pair.certificate_pem);
}

}  // namespace dm::net

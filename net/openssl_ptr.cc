#include "net/openssl_ptr.h"

#include <limits>

namespace dm::net {

namespace {

// PEM readers ask a terminal for a passphrase unless told otherwise.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string OpensslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown failure";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

BioPtr ReadBio(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string TakeBio(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  if (size <= 0) return {};
  std::string text(data, static_cast<std::size_t>(size));
  OPENSSL_cleanse(data, static_cast<std::size_t>(size));
  return text;
}

X509StackPtr ReadCertificates(std::string_view pem) {
  ERR_clear_error();
  BioPtr bio = ReadBio(pem);
  X509StackPtr stack(sk_X509_new_null());
  if (!bio || !stack) return nullptr;
  while (true) {
    X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (!certificate) break;
    if (sk_X509_push(stack.get(), certificate.get()) <= 0) return nullptr;
    static_cast<void>(certificate.release());   // the stack owns it now
  }
  const unsigned long last = ERR_peek_last_error();
  if (ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE) return nullptr;
  ERR_clear_error();   // "no start line" is how the end of the text looks
  return stack;
}

KeyPtr ReadKey(std::string_view pem) {
  ERR_clear_error();
  BioPtr bio = ReadBio(pem);
  if (!bio) return nullptr;
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
}

std::string NameText(const X509_NAME* name) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || name == nullptr) return {};
  // Multi-byte characters stay as they are, control characters are escaped: the text goes into logs.
  if (X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB)) < 0) {
    return {};
  }
  return TakeBio(*bio);
}

}  // namespace dm::net

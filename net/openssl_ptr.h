// Owners for OpenSSL objects and what OpenSSL has to say about its last failure. For the .cc files of this room only.
#pragma once

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace dm::net {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using OpensslPtr = std::unique_ptr<T, OpensslFree<Free>>;

inline void FreeX509Stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

using BioPtr = OpensslPtr<BIO, BIO_free_all>;
using KeyPtr = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using X509Ptr = OpensslPtr<X509, X509_free>;
using X509StackPtr = OpensslPtr<STACK_OF(X509), FreeX509Stack>;
using StorePtr = OpensslPtr<X509_STORE, X509_STORE_free>;
using StoreContextPtr = OpensslPtr<X509_STORE_CTX, X509_STORE_CTX_free>;
using GeneralNamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using SslPtr = OpensslPtr<SSL, SSL_free>;
using SslContextPtr = OpensslPtr<SSL_CTX, SSL_CTX_free>;

// The oldest queued failure in words ("no start line"); the queue is empty afterwards.
std::string OpensslError();

// A read-only view of `text`, which must outlive it.
BioPtr ReadBio(std::string_view text);
// What was written to a memory BIO. The BIO's own copy is wiped.
std::string TakeBio(BIO& bio);

// Every certificate of the text, in order; an empty list when there is none, null on malformed ones (see OpensslError).
X509StackPtr ReadCertificates(std::string_view pem);
KeyPtr ReadKey(std::string_view pem);    // null when it is none; a passphrase is never asked for
std::string NameText(const X509_NAME* name);   // "CN=orders,O=pingcap"

}  // namespace dm::net

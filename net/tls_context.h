// What every TLS endpoint of ours has in common: versions, ciphers, trust, and a peer check that can say why it refused.
// OpenSSL types only, for the .cc files of this room. Thread rule: set a context up on one thread, then share it.
#pragma once

#include <memory>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "net/openssl_ptr.h"
#include "net/tls.h"

namespace dm::net {

// TLS 1.2 at least (in code: images without openssl.cnf have no default), for 1.2 only ECDHE with AEAD, security
// level 2, no renegotiation, no compression, buffers released when idle.
base::Result<void> Harden(SSL_CTX& context);

// A trust store that holds these certificates and nothing else. May be shared by contexts.
base::Result<StorePtr> NewStore(const std::string& authority_pem);
// `file` and the hashed folder `directory`, as far as they exist.
base::Result<StorePtr> NewStoreFromFiles(const std::string& file, const std::string& directory);
void Trust(SSL_CTX& context, X509_STORE& store);      // replaces what the context trusted before
base::Result<void> TrustOnly(SSL_CTX& context, const std::string& authority_pem);

// Certificate, chain and key; checks that they belong together.
base::Result<void> UseKeyPair(SSL_CTX& context, const KeyPair& pair);

// Server side: hardened, with the pair, ALPN "http/1.1".
// With `client_authority_pem` it demands a client certificate that those signed.
base::Result<SslContextPtr> NewServerContext(const KeyPair& pair, const std::string& client_authority_pem = {});

// How a client judges the server. `name` is sent as SNI (unless it is an address) and must be in the certificate.
// Shared by all connections of one peer; `failure` holds the reason of the last refusal.
struct PeerCheck {
  std::string name;
  base::Guarded<std::string> failure;
};

// Client side: makes every connection of `context` verify through `check`, which the context keeps alive. Works under
// libraries that set names and callbacks of their own, because it replaces OpenSSL's whole verification step.
base::Result<void> InstallPeerCheck(SSL_CTX& context, std::shared_ptr<PeerCheck> check);

bool IsAddress(const std::string& host);    // IPv4 or IPv6 literal

}  // namespace dm::net

// Transport over cpprestsdk's http_client, for the API server only: a CA-verified peer. Every rule of the facts that made
// it usable lives in the .cc (own trust store, no redirects, no Host header, bounded sinks, one retry of a write on a
// stale connection, inactivity timers). Never point it at an address that a tenant controls.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/transport.h"

namespace dm::net {

struct ClientTls {
  std::string authority_pem;              // empty: system trust
  // Called per new connection where given: what it says is trusted from then on. Empty, or no PEM: the last good one stays.
  std::function<std::string()> authority;
  std::string server_name;                // verified instead of the URL's host when set
  bool insecure_skip_verify = false;
  // Called per new connection, so rotation is free; both empty when there is no client certificate.
  std::function<std::pair<std::string, std::string>()> client_certificate;   // certificate PEM, key PEM
};

struct ApiTransportOptions {
  std::string base_url;                   // https://host:port
  ClientTls tls;
  std::function<base::Result<std::string>()> bearer_token;   // read per request; may be empty
  std::string user_agent = "dm-operator";
  std::size_t max_response_bytes = 64u << 20;
};

// Call once at the top of main, before any transport exists and before other threads, with the signals that main waits
// for already blocked (the pool's threads inherit the mask): starts OpenSSL, then the small pool. The order matters: at
// exit the pool must be gone before OpenSSL frees its locks. Later calls do nothing. Sets SSL_CERT_FILE and SSL_CERT_DIR of
// this process to nothing, after noting what they were for transports that trust the system.
void InitializeCpprest(int threads = 4);

// How main ends once it has stopped everything of ours: flushes stdio and the standard streams, and leaves without running static destructors. The
// library's pool cannot be joined in bounded time (a hanging DNS look-up holds its resolver thread) and once in some
// hundred exits it raced OpenSSL's own clean-up and span for ever.
[[noreturn]] void LeaveProcess(int code);

// Never null. What is wrong with the options (no URL, an IPv6 literal, which the library cannot dial, an authority that is
// no PEM) is the answer to every call, as kInvalid.
std::unique_ptr<Transport> NewCpprestTransport(ApiTransportOptions options);

}  // namespace dm::net

// RawClient: a blocking connection for tests that sends any bytes, right or wrong, and tells what came back. Over TLS it
// trusts one authority (and does not check the name), or none. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http_types.h"

namespace dm::net::testing {

class RawClient {
 public:
  struct Tls {
    std::string authority_pem;          // empty: any certificate will do
    std::string alpn;                   // offered when not empty, as "http/1.1"
    int max_version = 0;                // 0: any; else 0x0303 …
  };

  explicit RawClient(int port);                        // plain, 127.0.0.1
  RawClient(int port, Tls tls);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const;                              // TCP and, if asked for, TLS
  std::string alpn() const;                            // what the server chose
  std::string tls_version() const;                     // "TLSv1.3"
  std::string peer_subject() const;
  bool Renegotiate();                                  // TLS 1.2: asks for it; true when the server went along
  bool Send(std::string_view bytes);                   // false once the peer is gone
  // One whole answer (Content-Length or chunked; without either, up to the close). nullopt when none came in time.
  std::optional<Response> ReadResponse(base::Duration at_most = std::chrono::seconds(20), bool head = false);
  // What arrives until the peer closes or the time is over.
  std::string ReadAll(base::Duration at_most);
  // True when the peer closed within that time; what still arrived is dropped.
  bool AwaitClose(base::Duration at_most);
  void HalfClose();                                    // FIN
  void Abort();                                        // RST

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::net::testing

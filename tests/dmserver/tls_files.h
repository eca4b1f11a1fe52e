// TLS as DM does it: the authority is read when the process starts, certificate and key at every connection; a master demands a
// client certificate on both ports, and on the peer port one whose names or addresses cover where the connection comes from
// (etcd's check); a worker demands none. Thread-safe.
#pragma once

#include <string>

#include "base/result.h"
#include "net/http_server.h"
#include "tests/dmserver/peer_client.h"

namespace dm::standin {

class TlsFiles {
 public:
  TlsFiles() = default;                          // plain HTTP
  // All paths empty: plain HTTP.
  static base::Result<TlsFiles> Open(const std::string& ca, const std::string& certificate, const std::string& key);

  bool on() const { return !ca_pem_.empty(); }
  PeerTls Client() const;                        // to dial others with
  enum class Demand { kNothing, kCertificate, kSource };
  void Serve(net::ServerOptions& options, Demand demand) const;

 private:
  std::string ca_pem_, certificate_path_, key_path_;
};

// Is `address` one of the certificate's, or what one of its DNS names stands for?
bool CoversSource(const net::CertificateFacts& certificate, const std::string& address);

}  // namespace dm::standin

// Transport over Boost.Beast for peers we do not trust (DM members run in tenants' pods): hard limits on header and body,
// a deadline for the whole exchange, one connection an exchange. Dials an address, verifies another name.
#pragma once

#include <memory>
#include <string>

#include "net/transport.h"

namespace dm::net {

struct MemberTransportOptions {
  std::string address;                 // IP literal (pod IP), v4 or v6
  std::uint16_t port = 0;
  std::string host_name;               // Host header and, under TLS, the name that the certificate must carry
  bool tls = false;
  std::string authority_pem, certificate_pem, key_pem;
  std::size_t max_header_bytes = 64u << 10;
  std::size_t max_body_bytes = 4u << 20;
};

std::unique_ptr<Transport> NewMemberTransport(MemberTransportOptions options);

}  // namespace dm::net

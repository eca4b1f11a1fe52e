// A small blocking HTTP client by host name, for members of the stand-in among themselves. Thread-safe.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/result.h"
#include "net/http_types.h"

namespace dm::standin {

struct PeerTls {
  std::string ca_pem, cert_pem, key_pem;     // empty: plain HTTP
};

// `address` is host:port, with or without a scheme. The name is resolved anew each time (pods move).
base::Result<net::Response> Call(const std::string& address, const net::Request& request, const PeerTls& tls,
                                 std::stop_token stop);
// Passes a request that came to us on to another: method, target, body and its type; headers of the hop stay here.
base::Result<net::Response> Forward(const std::string& address, const net::Request& request, base::Duration timeout,
                                    const PeerTls& tls, std::stop_token stop);
base::Result<base::Json> PostJson(const std::string& address, const std::string& target, const base::Json& body,
                                  base::Duration timeout, const PeerTls& tls, std::stop_token stop);

}  // namespace dm::standin

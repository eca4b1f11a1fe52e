#include "tests/dmserver/peer_client.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "net/member_transport.h"
#include "tests/dmserver/options.h"

namespace dm::standin {
namespace {

base::Result<std::string> Resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
    return base::Fail(base::Code::kUnavailable, "lookup " + host + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  char text[NI_MAXHOST];
  if (getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) {
    return base::Fail(base::Code::kUnavailable, "lookup " + host + ": no address");
  }
  return std::string(text);
}

// Go takes "*.peers" for "pod.peers"; OpenSSL takes no wildcard with a single label behind it. The same name, qualified, then.
std::string NameToVerify(const std::string& host) {
  const char* ns = std::getenv("NAMESPACE");
  if (ns == nullptr || std::count(host.begin(), host.end(), '.') != 1) return host;
  return host + "." + ns + ".svc";
}

}  // namespace

base::Result<net::Response> Call(const std::string& address, const net::Request& request, const PeerTls& tls,
                                 std::stop_token stop) {
  const auto [host, port] = ParseHostPort(address);
  auto ip = Resolve(host);
  if (!ip) return base::Propagate(ip);
  net::MemberTransportOptions options;
  options.address = *ip;
  options.port = port;
  options.tls = !tls.ca_pem.empty();
  options.host_name = options.tls ? NameToVerify(host) : host;
  options.authority_pem = tls.ca_pem;
  options.certificate_pem = tls.cert_pem;
  options.key_pem = tls.key_pem;
  return net::NewMemberTransport(std::move(options))->Send(request, stop);
}

base::Result<net::Response> Forward(const std::string& address, const net::Request& request, base::Duration timeout,
                                    const PeerTls& tls, std::stop_token stop) {
  net::Request forward{request.method, request.target, {}, request.body, timeout};
  if (const auto it = request.headers.find("Content-Type"); it != request.headers.end()) forward.headers.insert(*it);
  auto answer = Call(address, forward, tls, std::move(stop));
  if (!answer) return answer;
  net::Response response{answer->status, {}, std::move(answer->body)};
  if (const auto it = answer->headers.find("Content-Type"); it != answer->headers.end()) response.headers.insert(*it);
  return response;
}

base::Result<base::Json> PostJson(const std::string& address, const std::string& target, const base::Json& body,
                                  base::Duration timeout, const PeerTls& tls, std::stop_token stop) {
  net::Request request;
  request.method = "POST";
  request.target = target;
  request.headers["Content-Type"] = "application/json";
  request.body = base::DumpJson(body);
  request.timeout = timeout;
  const auto response = Call(address, request, tls, stop);
  if (!response) return base::Propagate(response);
  if (response->status != 200) {
    return base::Fail(response->status == 409 ? base::Code::kConflict : base::Code::kUnavailable, response->body);
  }
  return base::ParseJson(response->body);
}

}  // namespace dm::standin

#include "tests/conformance/transports.h"

namespace dm::conformance {

std::string KindName(const ::testing::TestParamInfo<Kind>& info) {
  return std::string(info.param.library == Library::kCpprest ? "Cpprest" : "Member") + (info.param.tls ? "Tls" : "Plain");
}

std::unique_ptr<net::Transport> MakeTransport(const Kind& kind, int port, const std::string& authority_pem,
                                              const Limits& limits, const std::string& server_name) {
  if (kind.library == Library::kCpprest) {
    net::ApiTransportOptions options;
    options.base_url = std::string(kind.tls ? "https" : "http") + "://127.0.0.1:" + std::to_string(port);
    options.tls.authority_pem = authority_pem;
    options.tls.server_name = server_name;
    options.max_response_bytes = limits.max_body;
    return net::NewCpprestTransport(std::move(options));
  }
  net::MemberTransportOptions options;
  options.address = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(port);
  options.host_name = server_name.empty() ? "127.0.0.1" : server_name;
  options.tls = kind.tls;
  options.authority_pem = authority_pem;
  options.max_body_bytes = limits.max_body;
  options.max_header_bytes = limits.max_header;
  return net::NewMemberTransport(std::move(options));
}

}  // namespace dm::conformance

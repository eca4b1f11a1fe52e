#include "base/clock.h"
#include "tests/conformance/servers.h"

#include <stdexcept>

namespace dm::conformance {

KeyPair Issue(const KeyPair& authority, const std::string& common_name) {
  auto pair = net::IssueLeaf(authority, {common_name, {"localhost"}, {"127.0.0.1"}}, std::chrono::system_clock::now(),
                             std::chrono::hours(1), true, false);
  if (!pair) throw std::runtime_error(pair.error().ToString());
  return *pair;
}

net::ServerOptions SmallOptions() {
  net::ServerOptions options;
  options.address = "127.0.0.1";
  options.limits.max_header_bytes = 8u << 10;
  options.limits.max_body_bytes = 64u << 10;
  options.limits.handshake = options.limits.read = options.limits.write = kPatience;
  options.limits.idle = 2 * kPatience;
  options.workers = 2;
  return options;
}

net::ServerOptions HastyOptions() {
  net::ServerOptions options = SmallOptions();
  options.limits.handshake = options.limits.read = options.limits.write = 300ms;
  return options;
}

void ServerTest::Serve(net::ServerOptions options, Handler handler) {
  server_.reset();
  if (tls() && !options.tls) {
    auto authority = net::MakeAuthority("conformance authority", std::chrono::system_clock::now(), std::chrono::hours(2));
    if (!authority) throw std::runtime_error(authority.error().ToString());
    authority_ = *authority;
    pair_.Set(Issue(authority_, "first"));
    options.tls = [this] { return pair_.Copy(); };
  }
  server_ = std::make_unique<HttpServer>(std::move(options), std::move(handler));
  const auto port = server_->Start();
  if (!port) throw std::runtime_error(port.error().ToString());
  port_ = *port;
}

std::unique_ptr<RawClient> ServerTest::Connect() const {
  if (!tls()) return std::make_unique<RawClient>(port_);
  return std::make_unique<RawClient>(port_, RawClient::Tls{authority_.certificate_pem, "http/1.1", 0});
}

std::optional<Response> ServerTest::Ask(const std::string& bytes) const {
  const auto client = Connect();
  client->Send(bytes);
  return client->ReadResponse(kPatience);
}

bool ServerTest::Serves() const {
  for (int i = 0; i < kTries; ++i) {
    const auto response = Ask("GET /alive HTTP/1.1\r\nHost: x\r\n\r\n");
    if (response && response->status == 200) return true;
  }
  return false;
}

bool ServerTest::AwaitConnections(int at_most, std::chrono::milliseconds within) const {
  const auto until = std::chrono::steady_clock::now() + within;
  while (server_->open_connections() > at_most) {
    if (std::chrono::steady_clock::now() > until) return false;
    base::SystemClock().WaitFor(5ms, {});
  }
  return true;
}

std::string PlainOrTls(const ::testing::TestParamInfo<bool>& chosen) { return chosen.param ? "Tls" : "Plain"; }

}  // namespace dm::conformance

#include "app/health_server.h"

namespace dm::app {
namespace {

net::ServerOptions Options(const std::string& address, std::uint16_t port) {
  net::ServerOptions options;
  options.address = address;
  options.port = port;
  options.workers = 1;                             // kubelet and Prometheus: two peers
  options.limits.max_connections = 32;
  options.limits.max_body_bytes = 1024;
  options.limits.max_header_bytes = 16u << 10;
  return options;
}

bool Verbose(const net::Request& request) {
  for (const auto& [name, value] : net::QueryOf(request.target)) {
    if (name == "verbose" && value != "false") return true;
  }
  return false;
}

net::Response Text(int status, std::string body) {
  return net::Response{status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

}  // namespace

net::Response AnswerHealth(const net::Request& request, const Metrics& metrics, const Checks& live, const Checks& ready) {
  const std::string_view path = net::PathOf(request.target);
  const bool known = path == "/metrics" || path == "/healthz" || path == "/livez" || path == "/readyz";
  if (!known) return Text(404, "not found: /metrics, /healthz, /livez and /readyz are served here\n");
  if (request.method != "GET" && request.method != "HEAD") {
    net::Response refused = Text(405, "only GET\n");
    refused.headers["Allow"] = "GET, HEAD";
    return refused;
  }
  if (path == "/metrics") return net::Response{200, {{"Content-Type", Metrics::ContentType()}}, metrics.Text()};
  return (path == "/readyz" ? ready : live).Answer(Verbose(request));
}

HealthServer::HealthServer(const std::string& address, std::uint16_t port, const Metrics& metrics, const Checks& live,
                           const Checks& ready)
    : server_(Options(address, port),
              [&metrics, &live, &ready](const net::Request& request) { return AnswerHealth(request, metrics, live, ready); }) {}

base::Result<std::uint16_t> HealthServer::Start() { return server_.Start(); }
void HealthServer::Stop() { server_.Drain(std::chrono::seconds(1)); }

}  // namespace dm::app

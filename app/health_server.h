// HealthServer: /metrics, /healthz (alias /livez) and /readyz (?verbose) on a plain port. First to start, last to stop.
// Thread-safety: Start and Stop from one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/health.h"
#include "app/metrics.h"
#include "net/http_server.h"

namespace dm::app {

class HealthServer {
 public:
  // All three must outlive the server.
  HealthServer(const std::string& address, std::uint16_t port, const Metrics& metrics, const Checks& live, const Checks& ready);
  base::Result<std::uint16_t> Start();   // the port it listens on
  void Stop();

 private:
  net::HttpServer server_;
};

// What it answers; apart from the socket so that tests can ask.
net::Response AnswerHealth(const net::Request& request, const Metrics& metrics, const Checks& live, const Checks& ready);

}  // namespace dm::app

// CountedTransport: any Transport, with the figures that client-go's dashboards expect: rest_client_requests_total{code,
// method,host} ("<error>" for no answer) and rest_client_request_duration_seconds{verb,host}. Thread-safe like the inner one.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "app/metrics.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "net/transport.h"

namespace dm::app {

class CountedTransport final : public net::Transport {
 public:
  // `host` is a label, so it must be one fixed peer: the API server.
  CountedTransport(std::unique_ptr<net::Transport> inner, std::string host, Metrics& metrics, const base::Clock& clock);

  base::Result<net::Response> Send(const net::Request& request, std::stop_token stop) override;
  base::Result<net::StreamEnd> Stream(const net::Request& request, net::LineSink& sink, const net::StreamOptions& options,
                                      std::stop_token stop) override;

 private:
  void Count(const std::string& method, const std::string& code);
  Histogram* Timer(const std::string& method);

  std::unique_ptr<net::Transport> inner_;
  const std::string host_;
  Metrics& metrics_;
  const base::Clock& clock_;
  base::Guarded<std::map<std::string, Counter>> counters_;   // by method and code
  std::map<std::string, Histogram> timers_;                  // by method; filled in the constructor
};

}  // namespace dm::app

// CountedTransport: any Transport, with the figures that client-go's dashboards expect: rest_client_requests_total{code,
// method,host} ("<error>" for no answer) and rest_client_request_duration_seconds{verb,host}. Thread-safe like the inner one.
//
// It also keeps, for each thread, how long that thread has waited in Send: what of a reconciliation's time is the API server's.
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

  // How long the calling thread has been in Send, on any CountedTransport, since it last asked. Watches do not count.
  static base::Duration TakeWaited();

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

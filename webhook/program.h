// Program: the webhook as a whole, put together around one Transport to the API server. Apart from main so that a test can
// run it in its own process.
//
// Order of start: health, certificates, watches, policy, reviews. Order of stop: the opposite, after the drain.
// Thread-safety: one thread; what it owns is thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "net/transport.h"
#include "webhook/options.h"

namespace dm::webhook {

class Program {
 public:
  // `api` must outlive it. `api_host` is a metrics label.
  Program(Options options, std::unique_ptr<net::Transport> api, const std::string& api_host, base::Clock& clock, base::Random& random);
  ~Program();

  base::Result<void> Start();
  // Not ready from now on; answers for the drain delay, then refuses, closes the port and stops the rest.
  void Stop();

  std::uint16_t port() const;
  std::uint16_t health_port() const;
  std::string WhyNotReady() const;        // empty: ready

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::webhook

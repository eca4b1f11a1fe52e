// Program: the operator as a whole, put together around one Transport to the API server (and one of its own for the lease).
// Apart from main so that a test can run it in its own process.
//
// Order of start: health, watches, policy, lease, member readings; the work begins when the lease is held and every cache is
// full. Until then (a standby) caches are kept and nothing else: no reconcile, no question to a member, no write but the attempts
// to take the lease. Order of stop: the opposite; the lease is given back when the work has ended. A lost lease ends the process,
// and what it would still change is refused (kube/fence.h).
// Thread-safety: one thread; what it owns is thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "net/transport.h"
#include "operator/members/client.h"
#include "operator/options.h"
#include "operator/reconciler.h"

namespace dm::op {

struct ProgramSeams {
  std::unique_ptr<net::Transport> api, lease_api;
  std::string api_host;                        // a metrics label
  std::string identity;                        // in the lease
  std::function<void()> on_lost;               // must end the process
  members::Dialer dialer;
};

class Program {
 public:
  Program(Options options, ProgramSeams seams, base::Clock& clock, base::Random& random);
  ~Program();

  base::Result<void> Start();
  void Stop();

  std::uint16_t health_port() const;
  std::string WhyNotReady() const;             // empty: ready
  bool Working() const;                        // leads, and every cache is full
  Reconciler::Writes Writes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dm::op

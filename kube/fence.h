// FencedTransport: any Transport, through which nothing is changed unless the lease is ours. Reading passes always. A request
// that changes something is refused (kUnavailable) when nothing is left of the lease, and else gets no more time than is left:
// a process that stood still (a frozen node, SIGSTOP) past its lease starts nothing when it wakes, whichever thread is first.
//
// `remaining` as LeaderElector::Remaining, asked before each such request. Thread-safe like the inner one.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "net/transport.h"

namespace dm::kube {

class FencedTransport final : public net::Transport {
 public:
  using Remaining = std::function<base::Duration()>;

  // `inner` outlives it.
  FencedTransport(net::Transport& inner, Remaining remaining) : inner_(inner), remaining_(std::move(remaining)) {}
  FencedTransport(std::unique_ptr<net::Transport> inner, Remaining remaining)
      : owned_(std::move(inner)), inner_(*owned_), remaining_(std::move(remaining)) {}

  base::Result<net::Response> Send(const net::Request& request, std::stop_token stop) override;
  // Streams only read; another method is refused (kInternal).
  base::Result<net::StreamEnd> Stream(const net::Request& request, net::LineSink& sink, const net::StreamOptions& options,
                                      std::stop_token stop) override;

 private:
  const std::unique_ptr<net::Transport> owned_;
  net::Transport& inner_;
  const Remaining remaining_;
};

}  // namespace dm::kube

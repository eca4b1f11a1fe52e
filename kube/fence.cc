#include "kube/fence.h"

#include <algorithm>

namespace dm::kube {

base::Result<net::Response> FencedTransport::Send(const net::Request& request, std::stop_token stop) {
  if (request.method == "GET") return inner_.Send(request, std::move(stop));
  const base::Duration left = remaining_();
  if (left <= base::Duration{0}) {
    return base::Fail(base::Code::kUnavailable, "the lease is not ours any more: nothing is changed");
  }
  if (request.timeout <= left) return inner_.Send(request, std::move(stop));
  net::Request shorter = request;
  shorter.timeout = left;
  return inner_.Send(shorter, std::move(stop));
}

base::Result<net::StreamEnd> FencedTransport::Stream(const net::Request& request, net::LineSink& sink,
                                                     const net::StreamOptions& options, std::stop_token stop) {
  if (request.method != "GET") return base::Fail(base::Code::kInternal, request.method + " cannot be streamed");
  return inner_.Stream(request, sink, options, std::move(stop));
}

}  // namespace dm::kube

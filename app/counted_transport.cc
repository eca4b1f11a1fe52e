#include "app/counted_transport.h"

#include <utility>

namespace dm::app {
namespace {

constexpr std::array<const char*, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
constexpr const char* kNoAnswer = "<error>";
constexpr const char* kTotalName = "rest_client_requests_total";
constexpr const char* kTotalHelp = "Requests to the API server, by status code and method.";

thread_local base::Duration waited{0};

}  // namespace

CountedTransport::CountedTransport(std::unique_ptr<net::Transport> inner, std::string host, Metrics& metrics,
                                   const base::Clock& clock)
    : inner_(std::move(inner)), host_(std::move(host)), metrics_(metrics), clock_(clock) {
  for (const char* method : kMethods) {
    timers_.emplace(method, metrics_.AddHistogram("rest_client_request_duration_seconds",
                                                  "Time that requests to the API server take (watches are not among them).",
                                                  LatencyBuckets(), {{"verb", method}, {"host", host_}}));
  }
  for (const char* code : {"200", kNoAnswer}) {
    metrics_.AddCounter(kTotalName, kTotalHelp, {{"code", code}, {"method", "GET"}, {"host", host_}});
  }
}

void CountedTransport::Count(const std::string& method, const std::string& code) {
  auto counters = counters_.Lock();
  const std::string key = method + " " + code;
  auto found = counters->find(key);
  if (found == counters->end()) {
    found = counters->emplace(key, metrics_.AddCounter(kTotalName, kTotalHelp, {{"code", code}, {"method", method}, {"host", host_}}))
                .first;
  }
  found->second.Add();
}

Histogram* CountedTransport::Timer(const std::string& method) {
  const auto found = timers_.find(method);
  return found == timers_.end() ? nullptr : &found->second;
}

base::Result<net::Response> CountedTransport::Send(const net::Request& request, std::stop_token stop) {
  const base::TimePoint start = clock_.Now();
  auto response = inner_->Send(request, std::move(stop));
  const base::Duration took = clock_.Now() - start;
  waited += took;
  if (Histogram* timer = Timer(request.method)) timer->Observe(std::chrono::duration<double>(took).count());
  Count(request.method, response ? std::to_string(response->status) : kNoAnswer);
  return response;
}

base::Duration CountedTransport::TakeWaited() { return std::exchange(waited, base::Duration{0}); }

base::Result<net::StreamEnd> CountedTransport::Stream(const net::Request& request, net::LineSink& sink,
                                                      const net::StreamOptions& options, std::stop_token stop) {
  auto end = inner_->Stream(request, sink, options, std::move(stop));
  Count(request.method, end ? std::to_string(end->status) : kNoAnswer);
  return end;
}

}  // namespace dm::app

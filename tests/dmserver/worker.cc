#include "tests/dmserver/worker.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "tests/dmserver/peer_client.h"

namespace dm::standin {

Worker::Worker(WorkerOptions options, std::string version) : options_(std::move(options)), version_(std::move(version)) {
  for (const auto endpoint : base::Split(options_.join, ',')) {
    if (!endpoint.empty()) endpoints_.emplace_back(endpoint);
  }
}

Worker::~Worker() { keepalive_.request_stop(); }

base::Result<void> Worker::Tell(const std::string& target, const std::string& body, base::Duration timeout,
                                std::stop_token stop) {
  base::Error last{base::Code::kUnavailable, "no endpoint"};
  for (const auto& endpoint : endpoints_) {
    net::Request request{"POST", target, {{"Content-Type", "application/json"}}, body, timeout};
    const auto answer = Call(endpoint, request, tls_.Client(), stop);
    if (answer && answer->status == 200) return {};
    last.message = endpoint + ": " + (answer ? answer->body : answer.error().message);
  }
  return base::Fail(std::move(last));
}

base::Result<void> Worker::Register(std::stop_token stop) {
  const auto body = base::DumpJson({{"name", options_.name}, {"addr", options_.advertise_addr}});
  base::Result<void> told = base::Fail(base::Code::kUnavailable, "no endpoint");
  for (int round = 0; round < 5 && !stop.stop_requested(); ++round) {
    told = Tell("/standin/register", body, std::chrono::seconds(3), stop);
    if (told) return told;
    base::LogWarn("fail to register worker", {{"error", told.error().message}});
    clock_.WaitFor(std::chrono::seconds(1), stop);
  }
  return base::Fail(base::Code::kUnavailable, "[code=40064:class=dm-worker:scope=internal:level=high], Message: cannot join with "
                                              "master endpoints: [" + options_.join + "], error: " + told.error().message +
                                                  ", Workaround: Please check network connection of worker and check worker name is unique.");
}

base::Result<void> Worker::Start(std::stop_token stop) {
  auto tls = TlsFiles::Open(options_.ssl_ca, options_.ssl_cert, options_.ssl_key);
  if (!tls) return base::Propagate(tls, "fail to load tls config");
  tls_ = std::move(*tls);
  if (auto registered = Register(stop); !registered) return registered;
  const auto listen = ParseHostPort(options_.worker_addr);
  net::ServerOptions options;
  options.address = listen.host.empty() ? "0.0.0.0" : listen.host;
  options.port = listen.port;
  options.workers = 2;
  tls_.Serve(options, TlsFiles::Demand::kNothing);
  server_ = std::make_unique<net::HttpServer>(options, [this](const net::Request& request) -> net::Response {
    const auto path = net::PathOf(request.target);
    const net::Headers text = {{"Content-Type", "text/plain; charset=utf-8"}};
    if (path == "/status") {
      return {200, text, "Release Version: " + version_ +
                             "\nGit Commit Hash: None\nGit Branch: None\nUTC Build Time: None\nGo Version: go1.26.8\n"
                             "Failpoint Build: false\n"};
    }
    if (path == "/metrics") return {200, text, "# TYPE dm_worker_task_state gauge\n"};
    return {404, text, "404 page not found\n"};
  });
  if (auto port = server_->Start(); !port) return base::Propagate(port);
  keepalive_ = std::jthread([this](std::stop_token s) { KeepAlive(s); });
  base::LogInfo("serving", {{"name", options_.name}});
  return {};
}

void Worker::KeepAlive(std::stop_token stop) {
  const auto body = base::DumpJson(
      {{"name", options_.name}, {"addr", options_.advertise_addr}, {"ttl", options_.keepalive_ttl},
       {"relay_ttl", options_.relay_keepalive_ttl}});
  while (!stop.stop_requested()) {
    const auto told = Tell("/standin/keepalive", body, std::chrono::seconds(1), stop);
    if (!told) base::LogWarn("keepalive", {{"error", told.error().message}});
    if (!clock_.WaitFor(std::chrono::seconds(1), stop)) return;
  }
}

void Worker::Stop() {
  keepalive_.request_stop();
  if (keepalive_.joinable()) keepalive_.join();
  const auto told = Tell("/standin/revoke", base::DumpJson({{"name", options_.name}}), std::chrono::seconds(1), {});
  if (!told) base::LogWarn("revoke", {{"error", told.error().message}});
  if (server_) server_->Drain(std::chrono::milliseconds(200));
}

}  // namespace dm::standin

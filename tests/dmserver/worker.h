// Worker: the stand-in for /dm-worker: registers, keeps its lease, serves /status and /metrics.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "net/http_server.h"
#include "tests/dmserver/options.h"
#include "tests/dmserver/tls_files.h"

namespace dm::standin {

class Worker {
 public:
  Worker(WorkerOptions options, std::string version);
  ~Worker();
  // Registers (five rounds over the endpoints, 3 s each, 1 s pause), then serves. The process exits 2 with the error.
  base::Result<void> Start(std::stop_token stop);
  void Stop();      // revokes the lease: the source is bound elsewhere at once

 private:
  base::Result<void> Register(std::stop_token stop);
  void KeepAlive(std::stop_token stop);
  // Posts to the first endpoint that takes it.
  base::Result<void> Tell(const std::string& target, const std::string& body, base::Duration timeout, std::stop_token stop);

  const WorkerOptions options_;
  const std::string version_;
  base::SystemClock clock_;
  TlsFiles tls_;                             // set by Start, before any thread
  std::vector<std::string> endpoints_;
  std::unique_ptr<net::HttpServer> server_;
  std::jthread keepalive_;
};

}  // namespace dm::standin

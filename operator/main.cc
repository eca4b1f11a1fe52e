// dm-operator: see --help.
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include "app/process.h"
#include "app/version.h"
#include "base/log.h"
#include "base/random.h"
#include "kube/config.h"
#include "net/cpprest_transport.h"
#include "operator/program.h"

namespace dm::op {
namespace {

constexpr int kExitUsage = 2;   // as for a wrong flag: trying again will not help

std::string Identity() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return base::NewUuid();
  return std::string(host.data()) + "_" + base::NewUuid();
}

// Another may hold the lease from now on: no goodbye, no destructors, nothing that could still write.
void Lost() {
  base::LogError("the lease is lost; exiting at once");
  std::_Exit(1);
}

int Run(int argc, const char* const* argv) {
  Options options;
  if (const auto code = ParseOptions(argc, argv, options, std::cout, std::cerr)) return *code;
  app::ApplyLogLevel(options.common.log_level);

  app::Process process;
  base::LogInfo("dm-operator", {{"version", std::string(app::Version())}});
  kube::ConfigOptions where;
  where.kubeconfig = options.common.kubeconfig;
  where.context = options.common.context;
  where.server = options.common.server;
  where.user_agent = "dm-operator/" + std::string(app::Version());
  const auto config = kube::LoadConfig(where);
  if (!config) {
    base::LogError("there is no way to the API server", {{"error", config.error().ToString()}});
    return kExitUsage;
  }
  if (options.lease_namespace.empty()) options.lease_namespace = config->ns;
  base::LogInfo("API server", {{"url", config->server}, {"from", config->source}});

  base::SystemClock clock;
  base::SystemRandom random;
  ProgramSeams seams;
  seams.api = kube::MakeTransport(*config);
  seams.lease_api = kube::MakeTransport(*config);
  seams.api_host = config->server;
  seams.identity = Identity();
  seams.on_lost = Lost;
  seams.dialer = members::DefaultDialer();
  Program program(std::move(options), std::move(seams), clock, random);
  if (const auto started = program.Start(); !started) {
    base::LogError("the operator did not start", {{"error", started.error().ToString()}});
    return 1;
  }
  const int code = process.WaitForStop();
  program.Stop();
  base::LogInfo("stopped");
  return code;
}

}  // namespace
}  // namespace dm::op

int main(int argc, char** argv) {
  dm::net::LeaveProcess(dm::app::RunProgram([&] { return dm::op::Run(argc, argv); }));
}

// dm-webhook: see --help.
#include <iostream>

#include "app/process.h"
#include "app/version.h"
#include "base/log.h"
#include "kube/config.h"
#include "net/cpprest_transport.h"
#include "webhook/program.h"

namespace dm::webhook {
namespace {

constexpr int kExitUsage = 2;   // as for a wrong flag: trying again will not help

int Run(int argc, const char* const* argv) {
  Options options;
  if (const auto code = ParseOptions(argc, argv, options, std::cout, std::cerr)) return *code;
  app::ApplyLogLevel(options.common.log_level);

  app::Process process;
  base::LogInfo("dm-webhook", {{"version", std::string(app::Version())}});
  kube::ConfigOptions where;
  where.kubeconfig = options.common.kubeconfig;
  where.context = options.common.context;
  where.server = options.common.server;
  where.user_agent = "dm-webhook/" + std::string(app::Version());
  const auto config = kube::LoadConfig(where);
  if (!config) {
    base::LogError("there is no way to the API server", {{"error", config.error().ToString()}});
    return kExitUsage;
  }
  if (options.ns.empty()) options.ns = config->ns;
  base::LogInfo("API server", {{"url", config->server}, {"from", config->source}, {"namespace", options.ns}});

  base::SystemClock clock;
  base::SystemRandom random;
  Program program(options, kube::MakeTransport(*config), config->server, clock, random);
  if (const auto started = program.Start(); !started) {
    base::LogError("the webhook did not start", {{"error", started.error().ToString()}});
    return 1;
  }
  const int code = process.WaitForStop();
  program.Stop();
  base::LogInfo("stopped");
  return code;
}

}  // namespace
}  // namespace dm::webhook

int main(int argc, char** argv) {
  dm::net::LeaveProcess(dm::app::RunProgram([&] { return dm::webhook::Run(argc, argv); }));
}

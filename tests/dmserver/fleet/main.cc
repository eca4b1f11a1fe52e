// dm-fleet: the masters of every DMCluster of a test cluster in one process; see fleet.h.
// usage: dm-fleet KUBECONFIG [PORT]    port 8261 unless told otherwise, of every address of this network namespace
#include <cstdio>
#include <string>

#include "app/process.h"
#include "base/log.h"
#include "base/strings.h"
#include "kube/config.h"
#include "tests/dmserver/fleet/fleet.h"

namespace dm::standin {
namespace {

int Run(int argc, char** argv) {
  const auto port = base::ParseInt(argc > 2 ? argv[2] : "8261");
  if (argc < 2 || argc > 3 || !port || *port < 0 || *port > 65535) {
    std::fprintf(stderr, "usage: dm-fleet KUBECONFIG [PORT]\n");
    return 2;
  }
  app::Process process;
  kube::ConfigOptions where;
  where.kubeconfig = argv[1];
  where.user_agent = "dm-fleet";
  const auto config = kube::LoadConfig(where);
  if (!config) {
    base::LogError("there is no way to the API server", {{"error", config.error().ToString()}});
    return 2;
  }
  const auto api = kube::MakeTransport(*config);
  base::SystemClock clock;
  base::SystemRandom random;
  Fleet fleet(*api, clock, random);
  const auto listening = fleet.Start(static_cast<std::uint16_t>(*port));
  if (!listening) {
    base::LogError("the fleet did not start", {{"error", listening.error().ToString()}});
    return 1;
  }
  base::LogInfo("serving", {{"port", std::to_string(*listening)}});
  const int code = process.WaitForStop();
  fleet.Stop();
  return code;
}

}  // namespace
}  // namespace dm::standin

int main(int argc, char** argv) {
  return dm::app::RunProgram([&] { return dm::standin::Run(argc, argv); });
}

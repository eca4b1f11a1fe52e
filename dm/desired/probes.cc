// Startup: a master without data listens on nothing until its line arrives, which may take as long as a person needs to
// decide; nobody is harmed when the kubelet restarts the waiting script once an hour, so that is the limit. Once DM is
// started it ends by itself when it cannot form (10 s) or join (50 s).
// Readiness: /health of a master answers 503 without quorum, but the first such answer takes 7 s. A worker has /status.
// Liveness never asks for quorum: killing masters that wait for each other helps nobody. /status answers as soon as HTTP
// is served.
// Under TLS only TCP: a master demands a client certificate, which the kubelet has not, and a worker may.
#include "dm/desired/probes.h"

namespace dm::desired {
namespace {

Json Tcp(int port) {
  return {{"tcpSocket", {{"port", port}}}};
}

Json Http(const char* path, int port) {
  return {{"httpGet", {{"path", path}, {"port", port}, {"scheme", "HTTP"}}}};
}

Json Timed(Json probe, int period, int timeout, int failures) {
  probe["periodSeconds"] = period;
  probe["timeoutSeconds"] = timeout;
  probe["failureThreshold"] = failures;
  return probe;
}

}  // namespace

void AddProbes(const Context& context, Json& container) {
  const bool master = context.role == Role::kMaster;
  const int port = master ? kMasterPort : kWorkerPort;
  const Json* asked = ComponentObject(context, "readinessProbe");
  const bool tcp = context.cluster.tls || (asked != nullptr && base::GetStringOr(*asked, "type") == "tcp");

  container["startupProbe"] = Timed(Tcp(port), 2, 2, 1800);
  container["livenessProbe"] = context.cluster.tls ? Timed(Tcp(port), 15, 5, 6) : Timed(Http("/status", port), 15, 5, 6);
  Json readiness = tcp ? Tcp(port) : Http(master ? "/health" : "/status", port);
  readiness = master ? Timed(std::move(readiness), 5, 8, 2) : Timed(std::move(readiness), 5, 5, 2);
  if (asked != nullptr) {
    for (const char* key : {"initialDelaySeconds", "periodSeconds"}) {
      if (const auto seconds = base::GetInt(*asked, key)) readiness[key] = *seconds;
    }
  }
  container["readinessProbe"] = std::move(readiness);
}

}  // namespace dm::desired

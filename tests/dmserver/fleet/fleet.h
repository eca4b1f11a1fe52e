// Fleet: the masters of thousands of DM clusters in one process, for measuring the operator with pods that are objects only
// (kwok). Who is asked follows from the address that a request comes to: every pod's address has to be one of this machine's (a
// route of type local), and one server listens on all of them. Which pods there are, and with which line a master starts, the
// fleet sees at the API server. Plain HTTP only; /apis/v1alpha1, /api/v1 and /health are the stand-in's own. Not played: lost
// volumes, and a member that comes back under a name that was removed.
//
// GET /fleet, at any address, says what was asked: {"requests", "strangers" (to an address of no master), "misnamed" (under
// another Host than that master's), "clusters", "masters"}.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "kube/api/pod_spec.h"
#include "kube/reflector.h"
#include "net/http_server.h"
#include "tests/dmserver/fleet/fleet_cluster.h"

namespace dm::standin {

class Fleet {
 public:
  Fleet(net::Transport& api, base::Clock& clock, base::Random& random, MasterTimes times = {});
  ~Fleet();

  // Watches, and listens on `port` of every address. kUnavailable when the port cannot be had.
  base::Result<std::uint16_t> Start(std::uint16_t port);
  void Stop();

  // What the server answers; the header kAskedAt says who is asked.
  static constexpr char kAskedAt[] = "X-Asked-At";
  net::Response Answer(const net::Request& request);

  // What the watches say. `now` null: gone.
  void OnPod(const kube::api::Pod* before, const kube::api::Pod* now);
  void OnLines(const kube::api::ObjectMeta& map, std::map<std::string, std::string> lines);

 private:
  struct Lines {                                   // a bootstrap ConfigMap
    kube::api::ObjectMeta meta;
    std::map<std::string, std::string> data;
  };
  struct Seat {
    std::shared_ptr<FleetCluster> cluster;
    std::string pod, host;                         // host: as in the Host header
  };
  class Member;
  std::shared_ptr<FleetCluster> ClusterOf(const kube::api::ObjectMeta& child);
  void Watch();

  net::Transport& api_;
  base::Clock& clock_;
  base::Random& random_;
  const MasterTimes times_;
  std::stop_source stop_;
  base::Guarded<std::map<std::string, std::shared_ptr<FleetCluster>>> clusters_;   // by namespace/name
  base::Guarded<std::map<std::string, Seat>> seats_;                               // of masters, by address
  std::atomic<std::uint64_t> requests_{0}, strangers_{0}, misnamed_{0};
  kube::Store<kube::api::Pod> pods_;
  kube::Store<Lines> lines_;
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace dm::standin

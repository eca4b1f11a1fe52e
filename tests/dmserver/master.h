// Master: the stand-in for /dm-master: joins or bootstraps, serves the client and the peer port, keeps DM's election.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "net/http_server.h"
#include "tests/dmserver/node.h"
#include "tests/dmserver/options.h"

namespace dm::standin {

// Times of DM. Tests may shorten what waits for a death or for a transfer by a factor (DM_STANDIN_TIME_SCALE, default 1).
struct MasterTimes {
  base::Duration election_lease = std::chrono::seconds(60);     // a killed leader is replaced after it
  base::Duration start = std::chrono::seconds(10);              // to find a quorum, else exit 2
  base::Duration settle = std::chrono::seconds(5);              // etcd's HealthInterval: "unhealthy cluster" before it
  base::Duration health = std::chrono::seconds(7);              // what /health waits for a leader
  base::Duration hang = std::chrono::seconds(95);               // what OpenAPI waits without quorum
  base::Duration transfer = std::chrono::seconds(10);           // of a source with a running task
  double ttl_scale = 1;                                         // of the workers' keepalive TTLs
};

class Master {
 public:
  Master(MasterOptions options, std::string version, MasterTimes times);
  ~Master();

  // Up to "serving"; the error is what DM logs, the process exits 2 with it.
  base::Result<void> Start(std::stop_token stop);
  // Hands leadership on, as SIGTERM does.
  void Stop();

  // For the handlers.
  struct Leader {
    std::string name, addr;
    bool self = false;
  };
  std::optional<Leader> DmLeader() const;
  Node& node() { return *node_; }
  const MasterOptions& options() const { return options_; }
  const MasterTimes& times() const { return times_; }
  bool Alive(const std::string& client_url) const;      // DM's own way: the transport answers
  base::Result<Outcome> RemoveMember(const std::string& name);
  void SetEvicted(bool evicted);
  std::stop_token stop() const { return stop_.get_token(); }
  std::string StatusText() const;

 private:
  base::Result<void> PrepareNode();
  base::Result<void> Join();
  base::Result<void> CheckFirstStart(const base::Json& state, MemberId self);
  net::Response HandleClient(const net::Request& request);
  net::Response HandlePeer(const net::Request& request);
  net::Response HandleHealth(std::string_view path);
  net::Response AddMember(const net::Request& request);
  net::Response RemoveMemberHere(const net::Request& request);
  net::Response Heard(const net::Request& request);
  bool Chores(base::Json& state, base::TimePoint now, base::TimePoint leading_since);
  void Session(std::stop_token stop);
  void ToRaftLeader(const std::string& target, const base::Json& body);
  base::Result<Outcome> DecideRemoval(const std::string& name);

  // What the raft leader heard, in memory as with etcd's leases.
  struct Hearsay {
    std::map<std::string, base::TimePoint> masters, candidates, workers;
    std::map<std::string, std::int64_t> worker_ttl, relay_ttl;
    std::map<std::string, bool> revoked;       // workers that said good-bye
    bool leader_resigned = false;
  };

  const MasterOptions options_;
  const std::string version_;
  const MasterTimes times_;
  base::SystemClock clock_;
  TlsFiles tls_;                             // set by Start, before any thread
  std::stop_source stop_;
  std::atomic<bool> evicted_{false};
  base::Guarded<Hearsay> hearsay_;
  std::atomic<bool> serving_{false};
  std::unique_ptr<Node> node_;
  std::unique_ptr<net::HttpServer> peer_server_, client_server_;
  std::jthread session_;
};

// The two APIs, on the master that leads; others forward (gateway.cc, openapi.cc).
net::Response HandleGateway(Master& master, const net::Request& request);
net::Response HandleOpenApi(Master& master, const net::Request& request);

net::Response JsonResponse(int status, const base::Json& body, std::string_view content_type, int indent);

}  // namespace dm::standin

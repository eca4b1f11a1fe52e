// AnsweringMaster: what DM's two APIs ask of the master that answers. Master is one in a process of its own; a Fleet
// (fleet/fleet.h) has thousands in one. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "net/http_types.h"
#include "tests/dmserver/cluster_state.h"

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

class AnsweringMaster {
 public:
  struct Leader {
    std::string name, addr;
    bool self = false;
  };

  virtual ~AnsweringMaster() = default;
  virtual MemberId Id() const = 0;
  virtual std::optional<Leader> DmLeader() const = 0;
  virtual base::Json State() const = 0;                          // committed
  virtual bool Removed() const = 0;                              // the members lack us
  virtual bool AwaitQuorum(base::Duration timeout) const = 0;    // false after `timeout`, or when stopped
  virtual bool Alive(const std::string& client_url) const = 0;   // DM's own way: the transport answers
  // The change's own refusal, or kTimeout when there was no quorum in time.
  virtual base::Result<Outcome> Change(const std::function<Outcome(base::Json&)>& change, base::Duration timeout) = 0;
  virtual base::Result<Outcome> RemoveMember(const std::string& name) = 0;
  virtual void SetEvicted(bool evicted) = 0;
  virtual base::Result<net::Response> AskLeader(const Leader& leader, const net::Request& request, base::Duration timeout) = 0;
  virtual base::Result<net::Response> AskWorker(const std::string& address, const net::Request& request) = 0;
  virtual const MasterTimes& times() const = 0;
  virtual std::stop_token stop() const = 0;
};

// /health, /livez and /readyz, as DM's etcd answers them.
net::Response HandleHealth(const AnsweringMaster& master, std::string_view path);
// /apis/v1alpha1 and /api/v1, on the master that leads; others forward.
net::Response HandleGateway(AnsweringMaster& master, const net::Request& request);
net::Response HandleOpenApi(AnsweringMaster& master, const net::Request& request);

net::Response JsonResponse(int status, const base::Json& body, std::string_view content_type, int indent);
net::Response PlainText(int status, std::string text);

}  // namespace dm::standin

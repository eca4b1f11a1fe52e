// Master: the stand-in for /dm-master: joins or bootstraps, serves the client and the peer port, keeps DM's election.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "net/http_server.h"
#include "tests/dmserver/answering_master.h"
#include "tests/dmserver/node.h"
#include "tests/dmserver/options.h"

namespace dm::standin {

class Master final : public AnsweringMaster {
 public:
  Master(MasterOptions options, std::string version, MasterTimes times);
  ~Master() override;

  // Up to "serving"; the error is what DM logs, the process exits 2 with it.
  base::Result<void> Start(std::stop_token stop);
  // Hands leadership on, as SIGTERM does.
  void Stop();

  Node& node() { return *node_; }
  const MasterOptions& options() const { return options_; }
  MemberId Id() const override { return node_->self(); }
  std::optional<Leader> DmLeader() const override;
  base::Json State() const override { return node_->State(); }
  bool Removed() const override { return node_->Removed(); }
  bool AwaitQuorum(base::Duration timeout) const override { return node_->AwaitLeader(timeout, stop()); }
  bool Alive(const std::string& client_url) const override;
  base::Result<Outcome> Change(const std::function<Outcome(base::Json&)>& change, base::Duration timeout) override {
    return node_->Change(change, timeout, stop());
  }
  base::Result<Outcome> RemoveMember(const std::string& name) override;
  void SetEvicted(bool evicted) override;
  base::Result<net::Response> AskLeader(const Leader& leader, const net::Request& request, base::Duration timeout) override;
  base::Result<net::Response> AskWorker(const std::string& address, const net::Request& request) override;
  const MasterTimes& times() const override { return times_; }
  std::stop_token stop() const override { return stop_.get_token(); }
  std::string StatusText() const;

 private:
  base::Result<void> PrepareNode();
  base::Result<void> Join();
  base::Result<void> CheckFirstStart(const base::Json& state, MemberId self);
  net::Response HandleClient(const net::Request& request);
  net::Response HandlePeer(const net::Request& request);
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

}  // namespace dm::standin

// Node: one member of the quorum system as a process: consensus, disk, messages to peers, and changes of the state.
// Thread-safe. `Chores` run on the raft leader, about every 20 ms, to let time act on the state (leases, scheduling).
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/dmserver/cluster_state.h"
#include "tests/dmserver/consensus.h"
#include "tests/dmserver/tls_files.h"

namespace dm::standin {

class Node {
 public:
  using Chores = std::function<bool(base::Json& state, base::TimePoint now, base::TimePoint leading_since)>;

  // `folder` is <data-dir>/member; its "wal" tells a restart from a first start, as with etcd.
  Node(MemberId self, Persistent persistent, std::string folder, TlsFiles tls, Chores chores);
  ~Node();
  void Start();

  static bool HasData(const std::string& folder);
  static base::Result<std::pair<MemberId, Persistent>> Load(const std::string& folder);

  MemberId self() const { return self_; }
  MemberId leader() const;
  bool IsLeader() const;
  bool Removed() const;                       // the committed members lack us
  base::Json State() const;                   // committed
  // Waits until a leader is known (a quorum answers); false after `timeout`.
  bool AwaitLeader(base::Duration timeout, std::stop_token stop) const;

  // Applies `change` to the committed state and commits the outcome, wherever the leader is; repeats when somebody was
  // faster. Returns the change's own refusal; kTimeout when there was no quorum in time.
  base::Result<Outcome> Change(const std::function<Outcome(base::Json&)>& change, base::Duration timeout,
                               std::stop_token stop);
  // As Change, but judged on the leader: with what it knows about its peers. For member add and remove.
  struct PeerFacts {
    std::map<MemberId, base::Duration> connected_for;   // peers that answer; the leader itself is not in it
  };
  using Judged = std::function<Outcome(base::Json&, const PeerFacts&)>;
  base::Result<Outcome> ChangeAsLeader(const Judged& change, base::Duration timeout, std::stop_token stop);

  // What peers send: the body of POST /raft and /standin/propose.
  net::Response HandleRaft(const net::Request& request);
  net::Response HandlePropose(const net::Request& request, std::stop_token stop);
  std::string PeerUrl(MemberId id) const;     // "" when unknown
  void TransferLeadership();
  PeerTls tls() const { return tls_.Client(); }

 private:
  struct Mailbox;
  void Run(std::stop_token stop);
  void Flush();                               // persists, then hands messages out; mutex held
  base::Result<void> Submit(std::uint64_t base_index, base::Json state, base::Duration timeout, std::stop_token stop);

  const MemberId self_;
  const std::string folder_;
  const TlsFiles tls_;
  Chores chores_;
  base::SystemRandom random_;
  base::SystemClock clock_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  Consensus consensus_;
  std::string persisted_;
  bool was_leader_ = false;
  base::TimePoint leading_since_{};
  std::map<MemberId, std::unique_ptr<Mailbox>> mailboxes_;
  std::jthread thread_;
};

}  // namespace dm::standin

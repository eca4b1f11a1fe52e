// Consensus: the quorum system under the stand-in's masters. Raft with a log of one entry: every entry is the whole
// (small) cluster state and supersedes the one before. Pure: time and messages go in, messages come out. One thread.
//
// Membership is part of the state, one member a change, and takes effect when it is committed, as etcd's does: the members
// that were decide on the members that will be.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"

namespace dm::standin {

using MemberId = std::uint64_t;

struct Entry {
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  base::Json state;               // {"members": [{"id": "…", …}], …}
};

// What must be on disk before any message leaves.
struct Persistent {
  std::uint64_t term = 0;
  MemberId voted_for = 0;
  Entry entry;
  std::uint64_t committed = 0;    // index
  base::Json committed_state;     // the entry's, or the one before while the entry is in flight
};
base::Json ToJson(const Persistent& persistent);
std::optional<Persistent> PersistentFromJson(const base::Json& json);

struct Message {
  enum class Kind { kVote, kVoteReply, kAppend, kAppendReply, kTimeoutNow };
  Kind kind = Kind::kAppend;
  MemberId from = 0, to = 0;
  std::uint64_t term = 0;
  std::uint64_t entry_term = 0, entry_index = 0;   // of the sender's entry (vote), or what is acknowledged (reply)
  std::uint64_t commit = 0;
  bool has_state = false;
  base::Json state;
  bool granted = false;            // of a vote request: the leader asked for it (a transfer)
};
base::Json ToJson(const Message& message);
std::optional<Message> MessageFromJson(const base::Json& json);

// Ids of the members of a state.
std::set<MemberId> MembersOf(const base::Json& state);

class Consensus {
 public:
  struct Timing {
    base::Duration heartbeat = std::chrono::milliseconds(150);
    base::Duration election = std::chrono::milliseconds(1000);   // drawn from [election, 2·election)
  };

  Consensus(MemberId self, Persistent persistent, base::Random& random, base::TimePoint now, Timing timing);
  Consensus(MemberId self, Persistent persistent, base::Random& random, base::TimePoint now)
      : Consensus(self, std::move(persistent), random, now, Timing()) {}

  void Tick(base::TimePoint now);
  void Step(const Message& message, base::TimePoint now);
  // On the leader with nothing in flight: appends. False otherwise.
  bool Propose(base::Json state, base::TimePoint now);
  // On the leader: asks the most advanced peer to take over at once. For a clean stop.
  void TransferLeadership();
  std::vector<Message> TakeOutbox();

  const Persistent& persistent() const { return persistent_; }
  bool IsLeader() const { return role_ == Role::kLeader; }
  bool InFlight() const { return persistent_.entry.index > persistent_.committed; }
  MemberId leader() const { return leader_; }              // 0: none known
  // The latest committed state; the entry's when nothing is in flight.
  const base::Json& committed_state() const { return persistent_.committed_state; }
  // On the leader: since when the peer has answered without a gap; nullopt when it does not.
  std::optional<base::TimePoint> ActiveSince(MemberId peer, base::TimePoint now) const;

 private:
  enum class Role { kFollower, kCandidate, kLeader };
  struct PeerState {
    std::uint64_t acknowledged = 0;
    std::optional<base::TimePoint> last_answer, active_since;
  };

  void BecomeFollower(std::uint64_t term, MemberId leader, base::TimePoint now);
  void StartElection(base::TimePoint now, bool transfer = false);
  void BecomeLeader(base::TimePoint now);
  void SendAppends(base::TimePoint now);
  void Advance(base::TimePoint now);
  void Commit(std::uint64_t index, base::TimePoint now);
  std::set<MemberId> Voters() const { return MembersOf(persistent_.committed_state); }
  bool QuorumAnswers(base::TimePoint now) const;
  void ResetElectionTimer(base::TimePoint now);
  void HandleVote(const Message& message, base::TimePoint now);
  void HandleAppend(const Message& message, base::TimePoint now);

  MemberId self_;
  Persistent persistent_;
  base::Random& random_;
  Timing timing_;
  Role role_ = Role::kFollower;
  MemberId leader_ = 0;
  base::TimePoint election_at_{}, heartbeat_at_{}, heard_{}, leading_since_{};
  std::set<MemberId> votes_;
  std::map<MemberId, PeerState> peers_;
  std::set<MemberId> leaving_;             // removed, but not told yet
  std::vector<Message> outbox_;
};

}  // namespace dm::standin

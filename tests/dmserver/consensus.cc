#include "tests/dmserver/consensus.h"

#include <algorithm>

namespace dm::standin {

std::set<MemberId> MembersOf(const base::Json& state) {
  std::set<MemberId> ids;
  if (const auto* members = base::Find(state, "members"); members != nullptr && members->is_array()) {
    for (const auto& member : *members) ids.insert(std::stoull(base::GetStringOr(member, "id", "0")));
  }
  return ids;
}

Consensus::Consensus(MemberId self, Persistent persistent, base::Random& random, base::TimePoint now, Timing timing)
    : self_(self), persistent_(std::move(persistent)), random_(random), timing_(timing), heard_(now) {
  if (persistent_.committed_state.is_null()) persistent_.committed_state = persistent_.entry.state;
  ResetElectionTimer(now);
  // A lone member has nobody to wait for.
  if (Voters() == std::set<MemberId>{self_}) election_at_ = now;
}

void Consensus::ResetElectionTimer(base::TimePoint now) {
  const auto spread = std::chrono::duration_cast<base::Duration>(timing_.election * random_.Uniform());
  election_at_ = now + timing_.election + spread;
}

std::vector<Message> Consensus::TakeOutbox() {
  std::vector<Message> out;
  out.swap(outbox_);
  return out;
}

void Consensus::Tick(base::TimePoint now) {
  if (role_ == Role::kLeader) {
    if (!QuorumAnswers(now)) {
      BecomeFollower(persistent_.term, 0, now);
      return;
    }
    if (now >= heartbeat_at_) SendAppends(now);
    if (!InFlight() && Voters().count(self_) == 0) {
      TransferLeadership();                       // we removed ourselves, and the others have been told
      BecomeFollower(persistent_.term, 0, now);
    }
    return;
  }
  if (leader_ != 0 && now - heard_ > timing_.election * 2) leader_ = 0;
  if (now >= election_at_ && Voters().count(self_) != 0) StartElection(now);
}

bool Consensus::QuorumAnswers(base::TimePoint now) const {
  const auto members = Voters();
  std::size_t alive = members.count(self_);
  for (const auto id : members) {
    const auto it = peers_.find(id);
    const auto last = it != peers_.end() && it->second.last_answer ? *it->second.last_answer : leading_since_;
    if (id != self_ && now - last <= timing_.election * 2) ++alive;
  }
  return alive > members.size() / 2;
}

void Consensus::BecomeFollower(std::uint64_t term, MemberId leader, base::TimePoint now) {
  if (term > persistent_.term) {
    persistent_.term = term;
    persistent_.voted_for = 0;
  }
  role_ = Role::kFollower;
  leader_ = leader;
  peers_.clear();
  leaving_.clear();
  ResetElectionTimer(now);
}

void Consensus::StartElection(base::TimePoint now, bool transfer) {
  role_ = Role::kCandidate;
  leader_ = 0;
  persistent_.term += 1;
  persistent_.voted_for = self_;
  votes_ = {self_};
  ResetElectionTimer(now);
  const auto members = Voters();
  if (votes_.size() > members.size() / 2) {
    BecomeLeader(now);
    return;
  }
  for (const auto id : members) {
    if (id == self_) continue;
    Message message;
    message.kind = Message::Kind::kVote;
    message.from = self_;
    message.to = id;
    message.term = persistent_.term;
    message.entry_term = persistent_.entry.term;
    message.entry_index = persistent_.entry.index;
    message.granted = transfer;
    outbox_.push_back(std::move(message));
  }
}

void Consensus::BecomeLeader(base::TimePoint now) {
  role_ = Role::kLeader;
  leader_ = self_;
  peers_.clear();
  leading_since_ = now;
  // An entry of our own term, so that what came before is committed with it.
  persistent_.entry.term = persistent_.term;
  persistent_.entry.index += 1;
  Advance(now);
  SendAppends(now);
}

bool Consensus::Propose(base::Json state, base::TimePoint now) {
  if (role_ != Role::kLeader || InFlight()) return false;
  const auto before = Voters(), after = MembersOf(state);
  for (const auto id : before) {
    if (after.count(id) == 0 && id != self_) leaving_.insert(id);
  }
  persistent_.entry = Entry{persistent_.term, persistent_.entry.index + 1, std::move(state)};
  Advance(now);
  SendAppends(now);
  return true;
}

void Consensus::SendAppends(base::TimePoint now) {
  heartbeat_at_ = now + timing_.heartbeat;
  auto targets = MembersOf(persistent_.entry.state);
  const auto voters = Voters();
  targets.insert(voters.begin(), voters.end());
  targets.insert(leaving_.begin(), leaving_.end());
  for (const auto id : targets) {
    if (id == self_) continue;
    Message message;
    message.from = self_;
    message.to = id;
    message.term = persistent_.term;
    message.entry_term = persistent_.entry.term;
    message.entry_index = persistent_.entry.index;
    message.commit = persistent_.committed;
    message.has_state = peers_[id].acknowledged < persistent_.entry.index;
    if (message.has_state) message.state = persistent_.entry.state;
    outbox_.push_back(std::move(message));
  }
}

// Commits the entry when a majority of those who vote holds it.
void Consensus::Advance(base::TimePoint now) {
  const auto members = Voters();
  std::size_t holders = members.count(self_);
  for (const auto id : members) {
    const auto it = peers_.find(id);
    if (id != self_ && it != peers_.end() && it->second.acknowledged >= persistent_.entry.index) ++holders;
  }
  if (holders > members.size() / 2) Commit(persistent_.entry.index, now);
}

void Consensus::Commit(std::uint64_t index, base::TimePoint now) {
  if (index < persistent_.entry.index || persistent_.committed >= persistent_.entry.index) return;
  const auto before = Voters();
  persistent_.committed = persistent_.entry.index;
  persistent_.committed_state = persistent_.entry.state;
  // A new member counts as answering until it had the time to.
  for (const auto id : Voters()) {
    if (before.count(id) == 0 && id != self_ && role_ == Role::kLeader) peers_[id].last_answer = now;
  }
}

void Consensus::HandleVote(const Message& message, base::TimePoint now) {
  Message reply;
  reply.kind = Message::Kind::kVoteReply;
  reply.from = self_;
  reply.to = message.from;
  // Who hears a leader helps nobody to depose it: a returning or removed member cannot disturb.
  const bool content =
      !message.granted && (role_ == Role::kLeader || (leader_ != 0 && now - heard_ < timing_.election));
  if (!content && message.term > persistent_.term) BecomeFollower(message.term, 0, now);
  const bool fresh = std::pair(message.entry_term, message.entry_index) >=
                     std::pair(persistent_.entry.term, persistent_.entry.index);
  reply.granted = !content && message.term == persistent_.term && fresh &&
                  (persistent_.voted_for == 0 || persistent_.voted_for == message.from);
  if (reply.granted) {
    persistent_.voted_for = message.from;
    ResetElectionTimer(now);
  }
  reply.term = persistent_.term;
  outbox_.push_back(std::move(reply));
}

void Consensus::HandleAppend(const Message& message, base::TimePoint now) {
  if (message.term < persistent_.term) {
    Message reply;
    reply.kind = Message::Kind::kAppendReply;
    reply.from = self_;
    reply.to = message.from;
    reply.term = persistent_.term;
    outbox_.push_back(std::move(reply));
    return;
  }
  if (message.term > persistent_.term || role_ != Role::kFollower || leader_ != message.from) {
    BecomeFollower(message.term, message.from, now);
  }
  heard_ = now;
  ResetElectionTimer(now);
  if (message.has_state) persistent_.entry = Entry{message.entry_term, message.entry_index, message.state};
  const bool holds = persistent_.entry.term == message.entry_term && persistent_.entry.index == message.entry_index;
  if (holds) Commit(message.commit, now);
  Message reply;
  reply.kind = Message::Kind::kAppendReply;
  reply.from = self_;
  reply.to = message.from;
  reply.term = persistent_.term;
  reply.granted = holds;
  reply.entry_index = holds ? persistent_.entry.index : 0;
  outbox_.push_back(std::move(reply));
}

void Consensus::Step(const Message& message, base::TimePoint now) {
  if (message.to != self_) return;
  switch (message.kind) {
    case Message::Kind::kVote:
      HandleVote(message, now);
      return;
    case Message::Kind::kAppend:
      HandleAppend(message, now);
      return;
    case Message::Kind::kTimeoutNow:
      if (message.from == leader_ && message.term == persistent_.term) StartElection(now, true);
      return;
    case Message::Kind::kVoteReply:
      if (message.term > persistent_.term) BecomeFollower(message.term, 0, now);
      if (role_ != Role::kCandidate || message.term != persistent_.term || !message.granted) return;
      votes_.insert(message.from);
      if (votes_.size() > Voters().size() / 2) BecomeLeader(now);
      return;
    case Message::Kind::kAppendReply: {
      if (message.term > persistent_.term) {
        BecomeFollower(message.term, 0, now);
        return;
      }
      if (role_ != Role::kLeader) return;
      auto& peer = peers_[message.from];
      if (!peer.active_since || now - *peer.last_answer > timing_.election * 2) peer.active_since = now;
      peer.last_answer = now;
      peer.acknowledged = message.granted ? std::max(peer.acknowledged, message.entry_index) : 0;
      if (!InFlight() && message.granted && message.entry_index == persistent_.entry.index) {
        leaving_.erase(message.from);
      }
      const bool was_in_flight = InFlight();
      if (was_in_flight) Advance(now);
      // Tell the news of a commit at once: nobody should wait a heartbeat for it.
      if ((was_in_flight && !InFlight()) || !message.granted) SendAppends(now);
      return;
    }
  }
}

void Consensus::TransferLeadership() {
  if (role_ != Role::kLeader) return;
  MemberId best = 0;
  for (const auto id : Voters()) {
    if (id == self_ || peers_.find(id) == peers_.end()) continue;
    if (best == 0 || peers_[id].acknowledged > peers_[best].acknowledged) best = id;
  }
  if (best == 0) return;
  Message message;
  message.kind = Message::Kind::kTimeoutNow;
  message.from = self_;
  message.to = best;
  message.term = persistent_.term;
  outbox_.push_back(std::move(message));
}

std::optional<base::TimePoint> Consensus::ActiveSince(MemberId peer, base::TimePoint now) const {
  const auto it = peers_.find(peer);
  if (it == peers_.end() || !it->second.last_answer || now - *it->second.last_answer > timing_.election * 2) {
    return std::nullopt;
  }
  return it->second.active_since;
}

namespace {
std::uint64_t Number(const base::Json& json, std::string_view key) {
  const auto text = base::GetStringOr(json, key, "0");
  return text.empty() || text.find_first_not_of("0123456789") != std::string::npos ? 0 : std::stoull(text);
}
}  // namespace

base::Json ToJson(const Persistent& p) {
  return {{"term", std::to_string(p.term)},
          {"votedFor", std::to_string(p.voted_for)},
          {"entryTerm", std::to_string(p.entry.term)},
          {"entryIndex", std::to_string(p.entry.index)},
          {"state", p.entry.state},
          {"committed", std::to_string(p.committed)},
          {"committedState", p.committed_state}};
}

std::optional<Persistent> PersistentFromJson(const base::Json& json) {
  const auto* state = base::Find(json, "state");
  if (state == nullptr) return std::nullopt;
  Persistent p;
  p.term = Number(json, "term");
  p.voted_for = Number(json, "votedFor");
  p.entry = Entry{Number(json, "entryTerm"), Number(json, "entryIndex"), *state};
  p.committed = Number(json, "committed");
  if (const auto* committed = base::Find(json, "committedState")) p.committed_state = *committed;
  return p;
}

base::Json ToJson(const Message& m) {
  base::Json json = {{"kind", static_cast<int>(m.kind)},
                     {"from", std::to_string(m.from)},
                     {"to", std::to_string(m.to)},
                     {"term", std::to_string(m.term)},
                     {"entryTerm", std::to_string(m.entry_term)},
                     {"entryIndex", std::to_string(m.entry_index)},
                     {"commit", std::to_string(m.commit)},
                     {"granted", m.granted}};
  if (m.has_state) json["state"] = m.state;
  return json;
}

std::optional<Message> MessageFromJson(const base::Json& json) {
  const auto kind = base::GetInt(json, "kind");
  if (!kind || *kind < 0 || *kind > 4) return std::nullopt;
  Message m;
  m.kind = static_cast<Message::Kind>(*kind);
  m.from = Number(json, "from");
  m.to = Number(json, "to");
  m.term = Number(json, "term");
  m.entry_term = Number(json, "entryTerm");
  m.entry_index = Number(json, "entryIndex");
  m.commit = Number(json, "commit");
  m.granted = base::GetBoolOr(json, "granted", false);
  if (const auto* state = base::Find(json, "state")) {
    m.has_state = true;
    m.state = *state;
  }
  return m;
}

}  // namespace dm::standin

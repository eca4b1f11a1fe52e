#include "tests/dmserver/node.h"

#include <fcntl.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "tests/dmserver/journal.h"

namespace dm::standin {
namespace {

constexpr auto kTick = std::chrono::milliseconds(20);
constexpr std::size_t kMailbox = 8;

std::string StateFile(const std::string& folder) { return folder + "/wal/state.json"; }

// A crash leaves the old file or the new one, never half of one.
void WriteDurably(const std::string& path, const std::string& text) {
  const auto temporary = path + ".new";
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  std::size_t written = 0;
  while (written < text.size()) {
    const auto n = write(file, text.data() + written, text.size() - written);
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  fdatasync(file);
  close(file);
  if (written == text.size()) rename(temporary.c_str(), path.c_str());
}

}  // namespace

// Sends messages to one peer, in order, on a thread of its own: a peer that hangs delays nobody else.
struct Node::Mailbox {
  Mailbox(Node& owner, std::string url) : node(owner), address(std::move(url)), thread([this](std::stop_token s) { Run(s); }) {}

  void Put(Message message) {
    {
      const std::lock_guard lock(mutex);
      if (queue.size() >= kMailbox) queue.pop_front();   // a lossy wire: consensus repeats
      queue.push_back(std::move(message));
    }
    ready.notify_one();
  }

  void Run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      std::unique_lock lock(mutex);
      if (!ready.wait(lock, stop, [this] { return !queue.empty(); })) return;
      const auto message = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      const auto sent = PostJson(address, "/raft", ToJson(message), std::chrono::milliseconds(800), node.tls(), stop);
      if (!sent) {
        // A peer that refuses at once must not be asked in a tight loop.
        lock.lock();
        ready.wait_for(lock, stop, std::chrono::milliseconds(50), [] { return false; });
      }
    }
  }

  Node& node;
  const std::string address;
  std::mutex mutex;
  std::condition_variable_any ready;
  std::deque<Message> queue;
  std::jthread thread;
};

Node::Node(MemberId self, Persistent persistent, std::string folder, TlsFiles tls, Chores chores)
    : self_(self), folder_(std::move(folder)), tls_(std::move(tls)), chores_(std::move(chores)),
      consensus_(self, std::move(persistent), random_, clock_.Now()) {
  std::filesystem::create_directories(folder_ + "/wal");
  const std::lock_guard lock(mutex_);
  Flush();
}

Node::~Node() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  mailboxes_.clear();
}

void Node::Start() {
  thread_ = std::jthread([this](std::stop_token stop) { Run(stop); });
}

bool Node::HasData(const std::string& folder) { return std::filesystem::exists(StateFile(folder)); }

base::Result<std::pair<MemberId, Persistent>> Node::Load(const std::string& folder) {
  const auto text = base::ReadFile(StateFile(folder));
  if (!text) return base::Propagate(text);
  const auto json = base::ParseJson(*text);
  if (!json) return base::Propagate(json);
  auto persistent = PersistentFromJson(*json);
  if (!persistent) return base::Fail(base::Code::kInvalid, "broken data directory " + folder);
  return std::pair(std::stoull(base::GetStringOr(*json, "self", "0")), std::move(*persistent));
}

void Node::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      const auto now = clock_.Now();
      consensus_.Tick(now);
      if (consensus_.IsLeader() && !was_leader_) leading_since_ = now;
      was_leader_ = consensus_.IsLeader();
      if (was_leader_ && !consensus_.InFlight() && chores_) {
        auto state = consensus_.committed_state();
        if (chores_(state, now, leading_since_)) {
          WriteJournal(consensus_.committed_state(), state, clock_.Wall());
          consensus_.Propose(std::move(state), now);
        }
      }
      Flush();
    }
    if (!clock_.WaitFor(kTick, stop)) return;
  }
}

void Node::Flush() {
  auto json = ToJson(consensus_.persistent());
  json["self"] = std::to_string(self_);
  auto text = base::DumpJson(json);
  if (text != persisted_) {
    WriteDurably(StateFile(folder_), text);
    persisted_ = std::move(text);
  }
  for (auto& message : consensus_.TakeOutbox()) {
    auto& box = mailboxes_[message.to];
    if (!box) {
      const auto* member = FindMemberById(consensus_.persistent().entry.state, message.to);
      if (member == nullptr) member = FindMemberById(consensus_.committed_state(), message.to);
      const auto* urls = member == nullptr ? nullptr : base::Find(*member, "peerURLs");
      if (urls == nullptr || urls->empty()) continue;
      box = std::make_unique<Mailbox>(*this, (*urls)[0].get<std::string>());
    }
    box->Put(std::move(message));
  }
  changed_.notify_all();
}

MemberId Node::leader() const {
  const std::lock_guard lock(mutex_);
  return consensus_.leader();
}

bool Node::IsLeader() const {
  const std::lock_guard lock(mutex_);
  return consensus_.IsLeader();
}

bool Node::Removed() const {
  const std::lock_guard lock(mutex_);
  return MembersOf(consensus_.committed_state()).count(self_) == 0;
}

base::Json Node::State() const {
  const std::lock_guard lock(mutex_);
  return consensus_.committed_state();
}

bool Node::AwaitLeader(base::Duration timeout, std::stop_token stop) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::move(stop), timeout, [this] { return consensus_.leader() != 0; });
}

std::string Node::PeerUrl(MemberId id) const {
  const auto state = State();
  const auto* member = FindMemberById(state, id);
  const auto* urls = member == nullptr ? nullptr : base::Find(*member, "peerURLs");
  return urls == nullptr || urls->empty() ? std::string() : (*urls)[0].get<std::string>();
}

net::Response Node::HandleRaft(const net::Request& request) {
  const auto json = base::ParseJson(request.body);
  const auto message = json ? MessageFromJson(*json) : std::nullopt;
  if (!message) return {400, {}, "no message"};
  const std::lock_guard lock(mutex_);
  consensus_.Step(*message, clock_.Now());
  Flush();
  return {200, {{"Content-Type", "application/json"}}, "{}"};
}

base::Result<void> Node::Submit(std::uint64_t base_index, base::Json state, base::Duration timeout,
                                std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (consensus_.IsLeader()) {
    if (consensus_.persistent().committed == base_index) WriteJournal(consensus_.committed_state(), state, clock_.Wall());
    if (consensus_.persistent().committed != base_index || !consensus_.Propose(std::move(state), clock_.Now())) {
      return base::Fail(base::Code::kConflict, "somebody else changed it");
    }
    const auto term = consensus_.persistent().term;
    const auto index = consensus_.persistent().entry.index;
    Flush();
    const bool done = changed_.wait_for(lock, stop, timeout, [&] {
      return consensus_.persistent().committed >= index || consensus_.persistent().term != term;
    });
    if (!done || consensus_.persistent().committed < index) return base::Fail(base::Code::kTimeout, "no quorum");
    return {};
  }
  const auto leader = consensus_.leader();
  lock.unlock();
  const auto url = PeerUrl(leader);
  if (url.empty()) return base::Fail(base::Code::kUnavailable, "no leader");
  auto answer = PostJson(url, "/standin/propose", {{"base", std::to_string(base_index)}, {"state", std::move(state)}},
                         timeout, tls(), stop);
  if (!answer) return base::Propagate(answer);
  // Read our own write: wait until it has come back to us.
  lock.lock();
  changed_.wait_for(lock, stop, std::chrono::seconds(2),
                    [&] { return consensus_.persistent().committed > base_index; });
  return {};
}

net::Response Node::HandlePropose(const net::Request& request, std::stop_token stop) {
  const auto json = base::ParseJson(request.body);
  const auto* state = json ? base::Find(*json, "state") : nullptr;
  if (state == nullptr) return {400, {}, "no state"};
  if (!IsLeader()) return {409, {}, "not the leader"};
  const auto done =
      Submit(std::stoull(base::GetStringOr(*json, "base", "0")), *state, std::chrono::seconds(5), std::move(stop));
  if (done) return {200, {{"Content-Type", "application/json"}}, "{}"};
  return {done.error().code == base::Code::kConflict ? 409 : 503, {}, done.error().message};
}

base::Result<Outcome> Node::Change(const std::function<Outcome(base::Json&)>& change, base::Duration timeout,
                                   std::stop_token stop) {
  const auto deadline = clock_.Now() + timeout;
  while (!stop.stop_requested() && clock_.Now() < deadline) {
    std::uint64_t index = 0;
    base::Json state;
    {
      const std::lock_guard lock(mutex_);
      index = consensus_.persistent().committed;
      state = consensus_.committed_state();
    }
    const auto before = state;
    if (auto refusal = change(state)) return Outcome(refusal);
    if (state == before) return Outcome();
    const auto submitted = Submit(index, std::move(state), deadline - clock_.Now(), stop);
    if (submitted) return Outcome();
    clock_.WaitFor(kTick, stop);
  }
  return base::Fail(base::Code::kTimeout, "etcdserver: request timed out");
}

base::Result<Outcome> Node::ChangeAsLeader(const Judged& change, base::Duration timeout, std::stop_token stop) {
  return Change(
      [&](base::Json& state) -> Outcome {
        PeerFacts facts;
        {
          const std::lock_guard lock(mutex_);
          const auto now = clock_.Now();
          for (const auto id : MembersOf(state)) {
            if (const auto since = consensus_.ActiveSince(id, now)) facts.connected_for[id] = now - *since;
          }
        }
        return change(state, facts);
      },
      timeout, std::move(stop));
}

void Node::TransferLeadership() {
  const std::lock_guard lock(mutex_);
  consensus_.TransferLeadership();
  Flush();
}

}  // namespace dm::standin

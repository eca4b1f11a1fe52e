// How a master comes into the quorum and leaves it, with etcd's guards (server.go of 3.5: HealthInterval, strict
// reconfiguration) and DM's refusals (dm/master/etcd.go), as recorded.
#include <filesystem>

#include "base/strings.h"
#include "tests/dmserver/master.h"

namespace dm::standin {
namespace {

base::Error JoinError(const std::string& why) {
  base::Error error;
  error.code = base::Code::kInvalid;
  error.message = "[code=38040:class=dm-master:scope=internal:level=high], Message: fail to join embed etcd: " + why +
                  ", Workaround: Please check configs in master configuration file.";
  return error;
}

const DmError kUnhealthy{0, "etcdserver: unhealthy cluster"};
const DmError kNotEnough{0, "etcdserver: re-configuration failed due to not enough started members"};
const DmError kServerStopped{0, "etcdserver: server stopped"};

bool Started(const base::Json& member) {
  const auto* urls = base::Find(member, "clientURLs");
  return urls != nullptr && !urls->empty();
}

}  // namespace

base::Result<void> Master::PrepareNode() {
  const auto folder = options_.data_dir + "/member";
  const auto chores = [this](base::Json& state, base::TimePoint now, base::TimePoint since) {
    return Chores(state, now, since);
  };
  if (Node::HasData(folder)) {
    auto loaded = Node::Load(folder);
    if (!loaded) return base::Propagate(loaded);
    node_ = std::make_unique<Node>(loaded->first, std::move(loaded->second), folder, tls_, chores);
    return {};
  }
  if (!options_.join.empty()) return Join();
  std::vector<InitialMember> members;
  for (const auto part : base::Split(options_.initial_cluster, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      return base::Fail(base::Code::kInvalid, "[code=38038:class=dm-master:scope=internal:level=high], Message: fail to "
                                              "start embed etcd: invalid initial-cluster " + options_.initial_cluster);
    }
    members.push_back({std::string(part.substr(0, equals)), std::string(part.substr(equals + 1))});
  }
  auto state = InitialState(members);
  const auto* self = FindMember(state, options_.name);
  if (self == nullptr) {
    return base::Fail(base::Code::kInvalid, "[code=38038:class=dm-master:scope=internal:level=high], Message: fail to start "
                                            "embed etcd: couldn't find local name \"" + options_.name +
                                            "\" in the initial cluster configuration");
  }
  const auto id = std::stoull(base::GetStringOr(*self, "id", "0"));
  if (auto checked = CheckFirstStart(state, id); !checked) return checked;
  Persistent persistent;
  persistent.term = 1;
  persistent.committed = 1;
  persistent.entry = Entry{1, 1, std::move(state)};
  node_ = std::make_unique<Node>(id, std::move(persistent), folder, tls_, chores);
  return {};
}

// A member that the others know as started must not start again from nothing.
base::Result<void> Master::CheckFirstStart(const base::Json& state, MemberId self) {
  for (const auto& member : state["members"]) {
    if (base::GetStringOr(member, "id") == std::to_string(self)) continue;
    net::Request request;
    request.target = "/members";
    request.timeout = std::chrono::milliseconds(500);
    const auto answer = Call(member["peerURLs"][0].get<std::string>(), request, tls_.Client(), stop_.get_token());
    const auto known = answer && answer->status == 200 ? base::ParseJson(answer->body) : base::Result<base::Json>(base::Json());
    if (!known || !known->is_array()) continue;
    for (const auto& other : *known) {
      if (base::GetStringOr(other, "name") == options_.name && Started(other)) {
        return base::Fail(base::Code::kInvalid,
                          "[code=38038:class=dm-master:scope=internal:level=high], Message: fail to start embed etcd: member " +
                              std::to_string(self) + " has already been bootstrapped, Workaround: Please check all dm-masters.");
      }
    }
  }
  return {};
}

base::Result<void> Master::Join() {
  const auto folder = options_.data_dir + "/member";
  std::string last = "no endpoint";
  for (const auto endpoint : base::Split(options_.join, ',')) {
    const std::string address(endpoint);
    net::Request request;
    request.target = "/standin/members";
    request.timeout = std::chrono::seconds(3);
    const auto answer = Call(address, request, tls_.Client(), stop_.get_token());
    if (!answer || answer->status != 200) {
      last = answer ? answer->body : answer.error().message;
      continue;
    }
    const auto state = base::ParseJson(answer->body);
    if (!state || base::Find(*state, "members") == nullptr) continue;
    for (const auto& member : (*state)["members"]) {
      const auto name = base::GetStringOr(member, "name");
      if (name.empty()) return base::Fail(JoinError("there is a member that has not joined successfully"));
      if (name == options_.name) return base::Fail(JoinError("missing data or joining a duplicate member " + name));
    }
    const auto added = PostJson(address, "/standin/member-add", {{"peerURL", options_.advertise_peer_urls}},
                                std::chrono::seconds(8), tls_.Client(), stop_.get_token());
    if (!added) return base::Fail(JoinError("add member " + options_.advertise_peer_urls + ", RawCause: " + added.error().message));
    Persistent persistent;
    persistent.entry = Entry{0, 0, (*added)["state"]};
    const auto id = std::stoull(base::GetStringOr(*added, "id", "0"));
    std::filesystem::create_directories(options_.data_dir);
    node_ = std::make_unique<Node>(id, std::move(persistent), folder, tls_,
                                   [this](base::Json& s, base::TimePoint now, base::TimePoint since) { return Chores(s, now, since); });
    return {};
  }
  clock_.WaitFor(times_.start, stop_.get_token());
  return base::Fail(JoinError("list member for " + options_.join + ", RawCause: context deadline exceeded (" + last + ")"));
}

net::Response Master::AddMember(const net::Request& request) {
  const auto json = base::ParseJson(request.body);
  if (!json) return {400, {}, "no JSON"};
  const auto url = base::GetStringOr(*json, "peerURL");
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.Wall().time_since_epoch()).count();
  const auto id = MemberIdFor({url}, now);
  const auto done = node_->ChangeAsLeader(
      [&](base::Json& state, const Node::PeerFacts& facts) -> Outcome {
        std::size_t settled = 1, started = 0;
        for (const auto& member : state["members"]) {
          if (Started(member)) ++started;
          const auto it = facts.connected_for.find(std::stoull(base::GetStringOr(member, "id", "0")));
          if (it != facts.connected_for.end() && it->second >= times_.settle) ++settled;
        }
        const auto count = state["members"].size();
        if (settled < count) return kUnhealthy;
        if (started < (count + 1) / 2 + 1 && count > 1) return kNotEnough;
        state["members"].push_back({{"id", std::to_string(id)}, {"name", ""}, {"peerURLs", {url}}, {"clientURLs", base::Json::array()}});
        return std::nullopt;
      },
      std::chrono::seconds(5), stop_.get_token());
  if (!done) return {503, {}, done.error().message};
  if (*done) return {400, {}, (*done)->message};
  return JsonResponse(200, {{"id", std::to_string(id)}, {"state", node_->State()}}, "application/json", -1);
}

// On the raft leader.
base::Result<Outcome> Master::DecideRemoval(const std::string& name) {
  return node_->ChangeAsLeader(
      [&](base::Json& state, const Node::PeerFacts& facts) -> Outcome {
        const auto* member = FindMember(state, name);
        if (member == nullptr) return NoSuchMaster(name);
        const auto id = std::stoull(base::GetStringOr(*member, "id", "0"));
        const auto count = state["members"].size();
        std::size_t started = 0, settled = 1;
        for (const auto& other : state["members"]) {
          const auto other_id = std::stoull(base::GetStringOr(other, "id", "0"));
          if (Started(other) && other_id != id) ++started;
          const auto it = facts.connected_for.find(other_id);
          if (it != facts.connected_for.end() && it->second >= times_.settle) ++settled;
        }
        if (started < (count - 1) / 2 + 1) return kNotEnough;
        const bool down = id != node_->self() && facts.connected_for.count(id) == 0;
        if (!down && settled - 1 < 1 + (count - 1) / 2) return kUnhealthy;
        auto& members = state["members"];
        for (auto it = members.begin(); it != members.end(); ++it) {
          if (base::GetStringOr(*it, "name") == name) {
            members.erase(it);
            break;
          }
        }
        if (base::GetStringOr(state["leader"], "name") == name) state["leader"] = nullptr;
        return std::nullopt;
      },
      std::chrono::seconds(5), stop_.get_token());
}

net::Response Master::RemoveMemberHere(const net::Request& request) {
  const auto json = base::ParseJson(request.body);
  if (!json) return {400, {}, "no JSON"};
  const auto done = DecideRemoval(base::GetStringOr(*json, "name"));
  if (!done) return {503, {}, done.error().message};
  base::Json answer = base::Json::object();
  if (*done) answer = {{"code", (*done)->code}, {"message", (*done)->message}};
  return JsonResponse(200, answer, "application/json", -1);
}

// On the master that leads DM: a leader that removes itself succeeds and answers that it has stopped.
base::Result<Outcome> Master::RemoveMember(const std::string& name) {
  base::Result<Outcome> done = Outcome();
  if (node_->IsLeader()) {
    done = DecideRemoval(name);
  } else {
    const auto url = node_->PeerUrl(node_->leader());
    if (url.empty()) return base::Fail(base::Code::kTimeout, "etcdserver: request timed out");
    const auto answer = PostJson(url, "/standin/member-remove", {{"name", name}}, std::chrono::seconds(6), tls_.Client(), stop_.get_token());
    if (!answer) return base::Propagate(answer);
    if (const auto message = base::GetString(*answer, "message")) {
      done = Outcome(DmError{static_cast<int>(base::GetIntOr(*answer, "code", 0)), *message});
    }
  }
  if (done && !*done && name == options_.name) return Outcome(kServerStopped);
  return done;
}

}  // namespace dm::standin

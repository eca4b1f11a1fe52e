#include "tests/dmserver/master.h"

#include <filesystem>

#include "base/files.h"
#include "base/log.h"
#include "base/strings.h"
#include "tests/dmserver/tasks.h"

namespace dm::standin {
namespace {

std::string NormalUrl(const std::string& url, bool tls) {
  if (url.find("://") != std::string::npos) return url;
  return (tls ? "https://" : "http://") + url;
}

}  // namespace

Master::Master(MasterOptions options, std::string version, MasterTimes times)
    : options_(std::move(options)), version_(std::move(version)), times_(times) {}

Master::~Master() {
  stop_.request_stop();
  session_.request_stop();
}

std::string Master::StatusText() const {
  return "Release Version: " + version_ +
         "\nGit Commit Hash: None\nGit Branch: None\nUTC Build Time: None\nGo Version: go1.26.8\nFailpoint Build: false\n";
}

base::Result<void> Master::Start(std::stop_token stop) {
  auto tls = TlsFiles::Open(options_.ssl_ca, options_.ssl_cert, options_.ssl_key);
  if (!tls) return base::Propagate(tls, "fail to load tls config");
  tls_ = std::move(*tls);
  net::ServerOptions client;
  const auto listen = ParseHostPort(options_.master_addr);
  client.address = listen.host.empty() ? "0.0.0.0" : listen.host;
  client.port = listen.port;
  client.workers = 32;             // some of them hang for 95 s without a quorum, as DM's do
  tls_.Serve(client, TlsFiles::Demand::kCertificate);
  // The port takes connections at once; until a quorum is found it answers nothing.
  client_server_ = std::make_unique<net::HttpServer>(client, [this](const net::Request& r) { return HandleClient(r); });
  net::ServerOptions peer;
  const auto peer_listen = ParseHostPort(options_.peer_urls);
  peer.address = peer_listen.host.empty() ? "0.0.0.0" : peer_listen.host;
  peer.port = peer_listen.port;
  peer.workers = 8;
  tls_.Serve(peer, TlsFiles::Demand::kSource);
  peer_server_ = std::make_unique<net::HttpServer>(peer, [this](const net::Request& r) { return HandlePeer(r); });

  if (auto prepared = PrepareNode(); !prepared) return prepared;
  if (auto port = peer_server_->Start(); !port) return base::Propagate(port, "creating peer listener failed");
  if (auto port = client_server_->Start(); !port) return base::Propagate(port, "creating client listener failed");
  node_->Start();
  const bool led = node_->AwaitLeader(times_.start, stop);
  if (stop.stop_requested()) return {};
  if (!led || node_->Removed()) {
    if (led) clock_.WaitFor(times_.start, stop);
    return base::Fail(base::Code::kUnavailable,
                      "[code=38038:class=dm-master:scope=internal:level=high], Message: fail to start embed etcd: start "
                      "embed etcd timeout 10s, Workaround: Please check all dm-masters.");
  }
  // Publishes name and client URL, as a started etcd member does.
  const auto published = node_->Change(
      [this](base::Json& state) -> Outcome {
        for (auto& member : state["members"]) {
          if (base::GetStringOr(member, "id") != std::to_string(node_->self())) continue;
          member["name"] = options_.name;
          member["clientURLs"] = base::Json::array({NormalUrl(options_.advertise_addr, tls_.on())});
        }
        return std::nullopt;
      },
      times_.start, stop);
  if (!published) return base::Propagate(published);
  serving_ = true;
  session_ = std::jthread([this](std::stop_token s) { Session(s); });
  base::LogInfo("serving", {{"name", options_.name}, {"id", std::to_string(node_->self())}});
  return {};
}

void Master::Stop() {
  if (node_) {
    if (const auto leader = DmLeader(); leader && leader->self) {
      evicted_ = true;                 // not to campaign once more
      ToRaftLeader("/standin/resign", {{"name", options_.name}});
      // The word must be committed before the raft leader, perhaps we, gives way too.
      for (int i = 0; i < 50; ++i) {
        const auto now = DmLeader();
        if (!now || !now->self) break;
        clock_.WaitFor(std::chrono::milliseconds(20), {});
      }
    }
    node_->TransferLeadership();
    // Long enough for the messages to leave; etcd takes 0.1 to 1.1 s for the same.
    clock_.WaitFor(std::chrono::milliseconds(100), {});
  }
  stop_.request_stop();
  session_.request_stop();
  if (client_server_) client_server_->Drain(std::chrono::milliseconds(300));
  if (peer_server_) peer_server_->Drain(std::chrono::milliseconds(300));
}

std::optional<Master::Leader> Master::DmLeader() const {
  const auto state = node_->State();
  const auto* leader = base::Find(state, "leader");
  if (leader == nullptr || !leader->is_object()) return std::nullopt;
  Leader found{base::GetStringOr(*leader, "name"), base::GetStringOr(*leader, "addr"), false};
  found.self = base::GetStringOr(*leader, "id") == std::to_string(node_->self());
  return found;
}

bool Master::Alive(const std::string& client_url) const {
  net::Request request;
  request.target = "/health";
  request.timeout = std::chrono::seconds(1);
  return Call(client_url, request, node_->tls(), stop_.get_token()).has_value();
}

base::Result<net::Response> Master::AskLeader(const Leader& leader, const net::Request& request, base::Duration timeout) {
  return Forward(leader.addr, request, timeout, node_->tls(), stop());
}

base::Result<net::Response> Master::AskWorker(const std::string& address, const net::Request& request) {
  return Call(address, request, node_->tls(), stop());
}

void Master::SetEvicted(bool evicted) {
  evicted_ = evicted;
  const auto leader = DmLeader();
  if (evicted && leader && leader->self) ToRaftLeader("/standin/resign", {{"name", options_.name}});
}

void Master::ToRaftLeader(const std::string& target, const base::Json& body) {
  if (node_->IsLeader()) {
    net::Request request;
    request.target = target;
    request.body = base::DumpJson(body);
    Heard(request);
    return;
  }
  const auto url = node_->PeerUrl(node_->leader());
  if (url.empty()) return;
  const auto sent = PostJson(url, target, body, std::chrono::seconds(1), node_->tls(), stop_.get_token());
  if (!sent) base::LogDebug("not told", {{"target", target}, {"error", sent.error().ToString()}});
}

// DM's session in the election: keeps our lease when we lead, campaigns when nobody does.
void Master::Session(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const auto leader = DmLeader();
    const bool campaign = !leader && !evicted_ && !node_->Removed();
    if (campaign || (leader && leader->self)) {
      ToRaftLeader("/standin/session", {{"name", options_.name}, {"campaign", campaign}});
    }
    if (!clock_.WaitFor(std::chrono::milliseconds(leader ? 500 : 50), stop)) return;
  }
}

net::Response Master::Heard(const net::Request& request) {
  const auto json = base::ParseJson(request.body);
  if (!json) return PlainText(400, "no JSON");
  const auto name = base::GetStringOr(*json, "name");
  const auto now = clock_.Now();
  auto hearsay = hearsay_.Lock();
  const auto path = net::PathOf(request.target);
  if (path == "/standin/session") {
    hearsay->masters[name] = now;
    if (base::GetBoolOr(*json, "campaign", false)) hearsay->candidates[name] = now;
  } else if (path == "/standin/resign") {
    hearsay->leader_resigned = true;
    hearsay->candidates.erase(name);
  } else if (path == "/standin/keepalive") {
    hearsay->workers[name] = now;
    hearsay->worker_ttl[name] = base::GetIntOr(*json, "ttl", 60);
    hearsay->relay_ttl[name] = base::GetIntOr(*json, "relay_ttl", 1800);
    hearsay->revoked.erase(name);
  } else {
    hearsay->revoked[name] = true;
    hearsay->workers.erase(name);
  }
  return JsonResponse(200, base::Json::object(), "application/json", -1);
}

// On the raft leader: leases run out, the election is held, workers come and go. True when the state changed.
bool Master::Chores(base::Json& state, base::TimePoint now, base::TimePoint leading_since) {
  bool changed = false;
  auto hearsay = hearsay_.Lock();
  auto& leader = state["leader"];
  if (leader.is_object()) {
    const auto name = base::GetStringOr(leader, "name");
    const auto it = hearsay->masters.find(name);
    const auto heard = std::max(it == hearsay->masters.end() ? leading_since : it->second, leading_since);
    if (hearsay->leader_resigned || now - heard > times_.election_lease || FindMember(state, name) == nullptr) {
      leader = nullptr;
      changed = true;
    }
  }
  hearsay->leader_resigned = false;
  if (leader.is_null()) {
    for (const auto& [name, when] : hearsay->candidates) {
      const auto* member = FindMember(state, name);
      if (member == nullptr || now - when > std::chrono::milliseconds(300)) continue;
      const auto* urls = base::Find(*member, "clientURLs");
      if (urls == nullptr || urls->empty()) continue;
      const auto url = (*urls)[0].get<std::string>();
      leader = {{"id", base::GetStringOr(*member, "id")}, {"name", name}, {"addr", url.substr(url.find("://") + 3)}};
      hearsay->masters[name] = now;
      changed = true;
      break;
    }
    hearsay->candidates.clear();
  }
  std::vector<std::string> names;
  for (const auto& [name, worker] : state["workers"].items()) names.push_back(name);
  for (const auto& name : names) {
    const auto it = hearsay->workers.find(name);
    const bool revoked = hearsay->revoked.count(name) != 0;
    const auto heard = std::max(it == hearsay->workers.end() ? leading_since : it->second, leading_since);
    const bool relays = !base::GetStringOr(state["workers"][name], "relay").empty();
    const auto& ttls = relays ? hearsay->relay_ttl : hearsay->worker_ttl;
    const auto own = ttls.find(name);
    const auto ttl = std::chrono::duration<double>(times_.ttl_scale * static_cast<double>(own != ttls.end() ? own->second : relays ? 1800 : 60));
    if (revoked || now - heard > ttl) {
      changed = WorkerGone(state, name) || changed;
    } else if (it != hearsay->workers.end()) {
      changed = WorkerAlive(state, name) || changed;
    }
  }
  hearsay->revoked.clear();
  return BindSources(state) || changed;
}

net::Response Master::HandleClient(const net::Request& request) {
  const auto path = net::PathOf(request.target);
  if (!serving_) clock_.WaitFor(times_.start, stop_.get_token());     // accepts, answers nothing
  if (path == "/status") return PlainText(200, StatusText());
  if (path == "/health" || path == "/livez" || path == "/readyz") return HandleHealth(*this, path);
  if (path == "/version") {
    return JsonResponse(200, {{"etcdserver", "3.5.15"}, {"etcdcluster", "3.5.0"}}, "application/json", -1);
  }
  if (path == "/metrics") {
    const auto leader = DmLeader();
    return PlainText(200, std::string("# TYPE dm_master_start_leader_counter counter\ndm_master_start_leader_counter ") +
                              (leader && leader->self ? "1" : "0") + "\n");
  }
  if (base::StartsWith(path, "/apis/v1alpha1/")) return HandleGateway(*this, request);
  if (base::StartsWith(path, "/api/v1/") && options_.openapi) return HandleOpenApi(*this, request);
  if (base::StartsWith(path, "/standin/")) {
    if (path == "/standin/members") return JsonResponse(200, node_->State(), "application/json", -1);
    if (path == "/standin/register") {
      const auto json = base::ParseJson(request.body);
      if (!json) return PlainText(400, "no JSON");
      if (!DmLeader()) return PlainText(503, "[code=46001:class=scheduler:scope=internal:level=high], Message: the scheduler has not started");
      const auto done = node_->Change(
          [&](base::Json& state) {
            return RegisterWorker(state, base::GetStringOr(*json, "name"), base::GetStringOr(*json, "addr"));
          },
          std::chrono::seconds(3), stop_.get_token());
      if (!done) return PlainText(503, done.error().message);
      if (*done) return PlainText(400, (*done)->message);
      return JsonResponse(200, base::Json::object(), "application/json", -1);
    }
    if (path == "/standin/subtask") {
      const auto json = base::ParseJson(request.body);
      if (!json) return PlainText(400, "no JSON");
      const auto done = node_->Change(
          [&](base::Json& state) {
            return SetSubtask(state, base::GetStringOr(*json, "task"), base::GetStringOr(*json, "source"),
                              base::GetStringOr(*json, "unit"), base::GetStringOr(*json, "stage", "Running"));
          },
          std::chrono::seconds(3), stop_.get_token());
      if (!done) return PlainText(503, done.error().message);
      return *done ? PlainText(400, (*done)->message) : PlainText(200, "");
    }
    // What is meant for the raft leader, from who cannot know it.
    if (node_->IsLeader()) return HandlePeer(request);
    const auto url = node_->PeerUrl(node_->leader());
    if (url.empty()) return PlainText(503, "etcdserver: no leader");
    auto answer = Forward(url, request, std::chrono::seconds(5), node_->tls(), stop_.get_token());
    return answer ? std::move(*answer) : PlainText(503, answer.error().message);
  }
  return PlainText(404, "404 page not found\n");
}

net::Response Master::HandlePeer(const net::Request& request) {
  const auto path = net::PathOf(request.target);
  if (path == "/raft") return node_->HandleRaft(request);
  if (path == "/standin/propose") return node_->HandlePropose(request, stop_.get_token());
  if (path == "/standin/member-add") return AddMember(request);
  if (path == "/standin/member-remove") return RemoveMemberHere(request);
  if (base::StartsWith(path, "/standin/")) return Heard(request);
  if (path == "/members") {
    auto list = node_->State()["members"];
    for (auto& member : list) member["id"] = std::stoull(base::GetStringOr(member, "id", "0"));
    return JsonResponse(200, list, "application/json", -1);
  }
  if (path == "/version") {
    return JsonResponse(200, {{"etcdserver", "3.5.15"}, {"etcdcluster", "3.5.0"}}, "application/json", -1);
  }
  return PlainText(404, "404 page not found\n");
}

}  // namespace dm::standin

#include "tests/dmserver/fleet/fleet_cluster.h"

#include "base/strings.h"

namespace dm::standin {
namespace {

std::string IdOf(const base::Json& member) { return base::GetStringOr(member, "id"); }

}  // namespace

std::string FleetCluster::Host(Role role, const std::string& pod, int port) const {
  return names_.PeerHost(role, OrdinalOf(names_, role, pod)) + ":" + std::to_string(port);
}

void FleetCluster::SetLines(std::map<std::string, std::string> lines) {
  {
    auto state = state_.Lock();
    state->lines = std::move(lines);
    Settle(*state);
  }
  state_.NotifyAll();
}

void FleetCluster::Run(Role role, const std::string& pod) {
  if (role == Role::kMonitor) return;
  {
    auto state = state_.Lock();
    (role == Role::kMaster ? state->masters : state->workers).insert(pod);
    Settle(*state);
  }
  state_.NotifyAll();
}

void FleetCluster::Stop(Role role, const std::string& pod) {
  if (role == Role::kMonitor) return;
  {
    auto state = state_.Lock();
    (role == Role::kMaster ? state->masters : state->workers).erase(pod);
    state->evicted.erase(pod);                     // DM keeps it in memory only
    Settle(*state);
  }
  state_.NotifyAll();
}

// What a change of pods or lines comes to, all at once: elections and joins take a real DM a second or two.
void FleetCluster::Settle(Data& state) {
  for (const auto& pod : state.masters) {
    if (!state.data.contains(pod)) StartMaster(state, pod);
  }
  if (!Quorum(state)) return;
  Publish(state);
  Elect(state);
  KeepWorkers(state);
}

// As the start script and DM do with an empty volume.
void FleetCluster::StartMaster(Data& state, const std::string& pod) {
  const auto line = state.lines.find(pod);
  if (line == state.lines.end()) return;
  if (base::StartsWith(line->second, "bootstrap ")) {
    if (state.dm.is_null()) {
      std::vector<InitialMember> members;
      for (const auto part : base::Split(std::string_view(line->second).substr(10), ',')) {
        const auto equals = part.find('=');
        if (equals != std::string_view::npos) members.push_back({std::string(part.substr(0, equals)), std::string(part.substr(equals + 1))});
      }
      state.dm = InitialState(members);
    }
    if (const auto* member = FindMember(state.dm, pod)) state.data[pod] = IdOf(*member);
  } else if (base::StartsWith(line->second, "join ") && Quorum(state) && FindMember(state.dm, pod) == nullptr) {
    const std::string url = "http://" + Host(Role::kMaster, pod, kMasterPeerPort);
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.Wall().time_since_epoch()).count();
    const auto id = std::to_string(MemberIdFor({url}, now));
    state.dm["members"].push_back({{"id", id}, {"name", pod}, {"peerURLs", {url}}, {"clientURLs", base::Json::array()}});
    state.data[pod] = id;
  }
}

bool FleetCluster::Quorum(const Data& state) const {
  if (state.dm.is_null()) return false;
  std::size_t running = 0;
  for (const auto& member : state.dm.at("members")) {
    const auto name = base::GetStringOr(member, "name");
    const auto has = state.data.find(name);
    if (state.masters.contains(name) && has != state.data.end() && has->second == IdOf(member)) ++running;
  }
  return running > state.dm.at("members").size() / 2;
}

void FleetCluster::Publish(Data& state) {
  for (auto& member : state.dm["members"]) {
    const auto name = base::GetStringOr(member, "name");
    if (state.masters.contains(name)) member["clientURLs"] = base::Json::array({"http://" + Host(Role::kMaster, name, kMasterPort)});
  }
}

void FleetCluster::Elect(Data& state) {
  auto& leader = state.dm["leader"];
  const auto may = [&](const std::string& name) {
    return state.masters.contains(name) && !state.evicted.contains(name) && FindMember(state.dm, name) != nullptr;
  };
  if (leader.is_object() && may(base::GetStringOr(leader, "name"))) return;
  leader = nullptr;
  for (const auto& pod : state.masters) {
    if (!may(pod) || !leader.is_null()) continue;
    leader = {{"id", state.data[pod]}, {"name", pod}, {"addr", Host(Role::kMaster, pod, kMasterPort)}};
  }
}

void FleetCluster::KeepWorkers(Data& state) {
  if (state.dm["leader"].is_null()) return;        // it is the leader that they register with
  for (const auto& pod : state.workers) {
    (void)RegisterWorker(state.dm, pod, Host(Role::kWorker, pod, kWorkerPort));
    WorkerAlive(state.dm, pod);
  }
  for (const auto& [name, worker] : state.dm["workers"].items()) {
    if (!state.workers.contains(name)) WorkerGone(state.dm, name);
  }
  BindSources(state.dm);
}

bool FleetCluster::Serves(const std::string& pod) const {
  auto state = state_.Lock();
  return state->masters.contains(pod) && state->data.contains(pod);
}

bool FleetCluster::Removed(const std::string& pod) const {
  auto state = state_.Lock();
  const auto has = state->data.find(pod);
  const auto* member = state->dm.is_null() ? nullptr : FindMember(std::as_const(state->dm), pod);
  return member == nullptr || has == state->data.end() || has->second != IdOf(*member);
}

bool FleetCluster::AwaitQuorum(base::Duration timeout, std::stop_token stop) const {
  auto state = state_.Lock();
  return state_.WaitFor(state, std::move(stop), timeout, [this](const Data& s) { return Quorum(s); });
}

base::Result<Outcome> FleetCluster::Change(const std::function<Outcome(base::Json&)>& change, base::Duration timeout, std::stop_token stop) {
  Outcome outcome;
  {
    auto state = state_.Lock();
    if (!state_.WaitFor(state, std::move(stop), timeout, [this](const Data& s) { return Quorum(s); })) {
      return base::Fail(base::Code::kTimeout, "no quorum");
    }
    auto next = state->dm;
    outcome = change(next);
    if (!outcome) state->dm = std::move(next);
    Settle(*state);
  }
  state_.NotifyAll();
  return outcome;
}

base::Result<Outcome> FleetCluster::RemoveMember(const std::string& name, const std::string& asked) {
  Outcome outcome;
  {
    auto state = state_.Lock();
    if (!Quorum(*state)) return base::Fail(base::Code::kTimeout, "etcdserver: request timed out");
    auto& members = state->dm["members"];
    std::size_t others = 0;
    for (const auto& member : members) {
      if (base::GetStringOr(member, "name") != name && state->masters.contains(base::GetStringOr(member, "name"))) ++others;
    }
    const auto count = members.size();
    if (FindMember(state->dm, name) == nullptr) return Outcome(NoSuchMaster(name));
    if (others < (count - 1) / 2 + 1) return Outcome(DmError{0, "etcdserver: re-configuration failed due to not enough started members"});
    for (auto it = members.begin(); it != members.end(); ++it) {
      if (base::GetStringOr(*it, "name") != name) continue;
      members.erase(it);
      break;
    }
    if (state->data.contains(name)) state->data[name].clear();
    Settle(*state);
    if (name == asked) outcome = DmError{0, "etcdserver: server stopped"};   // it succeeds and answers that
  }
  state_.NotifyAll();
  return outcome;
}

void FleetCluster::SetEvicted(const std::string& pod, bool evicted) {
  {
    auto state = state_.Lock();
    if (evicted) {
      state->evicted.insert(pod);
    } else {
      state->evicted.erase(pod);
    }
    Settle(*state);
  }
  state_.NotifyAll();
}

}  // namespace dm::standin

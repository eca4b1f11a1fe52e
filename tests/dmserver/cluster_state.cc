#include "tests/dmserver/cluster_state.h"

#include <openssl/sha.h>

#include <algorithm>

#include "base/strings.h"
#include "tests/dmserver/tasks.h"

namespace dm::standin {
namespace {

DmError Scheduler(int code, const std::string& text, const std::string& workaround = {}) {
  auto message = "[code=" + std::to_string(code) + ":class=scheduler:scope=internal:level=medium], Message: " + text;
  if (!workaround.empty()) message += ", Workaround: " + workaround;
  return {code, std::move(message)};
}

MemberId Sha1Id(const std::string& text) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  MemberId id = 0;
  for (int i = 0; i < 8; ++i) id = (id << 8) | digest[i];
  return id;
}

std::string Stage(const base::Json& worker) { return base::GetStringOr(worker, "stage", "offline"); }

void SetBinding(base::Json& state, const std::string& source, const std::string& worker) {
  auto& entry = state["sources"][source];
  const auto old = base::GetStringOr(entry, "worker");
  if (!old.empty() && state["workers"].contains(old)) {
    auto& was = state["workers"][old];
    was["source"] = "";
    if (Stage(was) == "bound") was["stage"] = "free";
  }
  entry["worker"] = worker;
  if (!worker.empty()) {
    entry["lastWorker"] = worker;
    state["workers"][worker]["source"] = source;
    state["workers"][worker]["stage"] = "bound";
  }
}

bool CanTake(const base::Json& state, const std::string& worker, const std::string& source) {
  const auto* entry = base::FindPath(state, {"workers", worker});
  if (entry == nullptr) return false;
  if (Stage(*entry) == "free") return true;
  return Stage(*entry) == "relay" && base::GetStringOr(*entry, "relay") == source;
}

}  // namespace

MemberId MemberIdFor(std::vector<std::string> peer_urls, std::optional<std::int64_t> added_at_unix) {
  std::sort(peer_urls.begin(), peer_urls.end());
  auto text = base::Join(peer_urls, "") + "dm-cluster";
  if (added_at_unix) text += std::to_string(*added_at_unix);
  return Sha1Id(text);
}

base::Json InitialState(const std::vector<InitialMember>& members) {
  base::Json list = base::Json::array();
  std::vector<std::string> ids;
  for (const auto& member : members) {
    const auto id = std::to_string(MemberIdFor({member.peer_url}, std::nullopt));
    ids.push_back(id);
    list.push_back({{"id", id}, {"name", member.name}, {"peerURLs", {member.peer_url}}, {"clientURLs", base::Json::array()}});
  }
  std::sort(ids.begin(), ids.end());
  return {{"clusterID", std::to_string(Sha1Id(base::Join(ids, "")))},
          {"members", std::move(list)},
          {"leader", nullptr},
          {"workers", base::Json::object()},
          {"sources", base::Json::object()},
          {"tasks", base::Json::object()}};
}

const base::Json* FindMember(const base::Json& state, const std::string& name) {
  for (const auto& member : state.at("members")) {
    if (base::GetStringOr(member, "name") == name) return &member;
  }
  return nullptr;
}

base::Json* FindMember(base::Json& state, const std::string& name) {
  return const_cast<base::Json*>(FindMember(static_cast<const base::Json&>(state), name));
}

const base::Json* FindMemberById(const base::Json& state, MemberId id) {
  for (const auto& member : state.at("members")) {
    if (base::GetStringOr(member, "id") == std::to_string(id)) return &member;
  }
  return nullptr;
}

Outcome RegisterWorker(base::Json& state, const std::string& name, const std::string& addr) {
  auto& workers = state["workers"];
  if (workers.contains(name)) {
    if (base::GetStringOr(workers[name], "addr") == addr) return std::nullopt;
    return Scheduler(46003, "dm-worker with name {\"name\":\"" + name + "\",\"addr\":\"" +
                                base::GetStringOr(workers[name], "addr") + "\"} already exists");
  }
  workers[name] = {{"addr", addr}, {"stage", "offline"}, {"source", ""}, {"relay", ""}};
  return std::nullopt;
}

Outcome DeleteWorker(base::Json& state, const std::string& name) {
  auto& workers = state["workers"];
  if (!workers.contains(name)) return Scheduler(46004, "dm-worker with name " + name + " not exists");
  if (Stage(workers[name]) != "offline") {
    return Scheduler(46005, "dm-worker with name " + name + " is still online", "Please shut it down first.");
  }
  workers.erase(name);
  return std::nullopt;
}

bool WorkerAlive(base::Json& state, const std::string& name) {
  auto& workers = state["workers"];
  if (!workers.contains(name) || Stage(workers[name]) != "offline") return false;
  const auto relay = base::GetStringOr(workers[name], "relay");
  workers[name]["stage"] = relay.empty() ? "free" : "relay";
  // A source whose load is unfinished on this worker's disk comes back to it.
  for (const auto& [source, entry] : state["sources"].items()) {
    if (LoadsOn(state, source) == name && CanTake(state, name, source)) SetBinding(state, source, name);
  }
  BindSources(state);
  return true;
}

bool WorkerGone(base::Json& state, const std::string& name) {
  auto& workers = state["workers"];
  if (!workers.contains(name) || Stage(workers[name]) == "offline") return false;
  const auto source = base::GetStringOr(workers[name], "source");
  workers[name]["stage"] = "offline";
  workers[name]["source"] = "";
  if (!source.empty()) state["sources"][source]["worker"] = "";
  BindSources(state);
  return true;
}

bool BindSources(base::Json& state) {
  bool changed = false;
  for (auto& [name, source] : state["sources"].items()) {
    if (!base::GetStringOr(source, "worker").empty()) continue;
    // DM's order: who has its unfinished load, who relays it and had it, any who relays it, who had it last, any free one.
    std::vector<std::string> order = {LoadsOn(state, name)};
    const auto last = base::GetStringOr(source, "lastWorker");
    for (const auto& relayer : source["relayWorkers"]) {
      if (relayer.get<std::string>() == last) order.push_back(last);
    }
    for (const auto& relayer : source["relayWorkers"]) order.push_back(relayer.get<std::string>());
    order.push_back(last);
    for (const auto& [worker, entry] : state["workers"].items()) order.push_back(worker);
    const auto chosen =
        std::find_if(order.begin(), order.end(), [&](const auto& worker) { return CanTake(state, worker, name); });
    if (chosen == order.end()) continue;
    SetBinding(state, name, *chosen);
    changed = true;
  }
  return changed;
}

DmError NoSuchMaster(const std::string& name) {
  return {38048, "[code=38048:class=dm-master:scope=internal:level=low], Message: dm-master with name " + name +
                     " not exists, Workaround: Please use list-member command to see masters."};
}

DmError NoSuchSource(const std::string& name) { return Scheduler(46008, "source config with ID " + name + " not exists"); }

Outcome AddSource(base::Json& state, const base::Json& source, const std::string& worker) {
  const auto name = base::GetStringOr(source, "source_name");
  if (state["sources"].contains(name)) {
    return Scheduler(46007, "source config with ID " + name + " already exists");
  }
  if (!worker.empty()) {
    if (!state["workers"].contains(worker)) return Scheduler(46004, "dm-worker with name " + worker + " not exists");
    if (!CanTake(state, worker, name)) {
      return Scheduler(46033, "dm-worker with name " + worker + " not free");
    }
  }
  state["sources"][name] = {{"config", source}, {"worker", ""}, {"lastWorker", ""}, {"relayWorkers", base::Json::array()}};
  if (!worker.empty()) SetBinding(state, name, worker);
  BindSources(state);
  return std::nullopt;
}

Outcome DeleteSource(base::Json& state, const std::string& name, bool force) {
  if (!state["sources"].contains(name)) return NoSuchSource(name);
  for (const auto& task : TasksOf(state, name)) {
    if (!force) {
      return DmError{46010, "[code=46010:class=dm-master:scope=internal:level=medium], Message: source with name " + name +
                                " need to operate has existing tasks [" + base::Join(TasksOf(state, name), " ") +
                                "], Workaround: Please `stop-task` first."};
    }
    auto& subtasks = state["tasks"][task]["subtasks"];
    subtasks.erase(name);
    if (subtasks.empty()) state["tasks"].erase(task);
  }
  SetBinding(state, name, "");
  for (auto& [worker, entry] : state["workers"].items()) {
    if (base::GetStringOr(entry, "relay") != name) continue;
    entry["relay"] = "";
    if (Stage(entry) == "relay") entry["stage"] = "free";
  }
  state["sources"].erase(name);
  BindSources(state);
  return std::nullopt;
}

Outcome TransferSource(base::Json& state, const std::string& source, const std::string& worker) {
  if (!state["sources"].contains(source)) return NoSuchSource(source);
  if (!state["workers"].contains(worker)) return Scheduler(46004, "dm-worker with name " + worker + " not exists");
  if (base::GetStringOr(state["sources"][source], "worker") == worker) return std::nullopt;
  if (!CanTake(state, worker, source)) {
    return Scheduler(46006, "invalid stage transformation for dm-worker " + worker + ", from " +
                                Stage(state["workers"][worker]) + " to bound");
  }
  const auto outside = OutsideSync(state, source);
  if (!outside.empty() && !base::GetStringOr(state["sources"][source], "worker").empty()) {
    return DmError{46019, "[code=46019:class=scheduler:scope=internal:level=high], Message: running tasks [" + base::Join(outside, " ") +
                              "] to be transferred on source " + source +
                              " should in sync unit, Workaround: Please use `pause-task [-s source ...] task` to pause them first."};
  }
  SetBinding(state, source, worker);
  BindSources(state);
  return std::nullopt;
}

Outcome SetRelay(base::Json& state, const std::string& source, bool on, std::vector<std::string> workers) {
  if (!state["sources"].contains(source)) return NoSuchSource(source);
  auto& entry = state["sources"][source];
  if (workers.empty()) workers.push_back(base::GetStringOr(entry, "worker"));
  for (const auto& worker : workers) {
    if (!state["workers"].contains(worker)) return Scheduler(46004, "dm-worker with name [" + worker + "] not exists");
  }
  auto& list = entry["relayWorkers"];
  for (const auto& worker : workers) {
    auto& one = state["workers"][worker];
    list.erase(std::remove(list.begin(), list.end(), base::Json(worker)), list.end());
    if (on) list.push_back(worker);
    one["relay"] = on ? source : "";
    if (on && Stage(one) == "free") one["stage"] = "relay";
    if (!on && Stage(one) == "relay") one["stage"] = "free";
  }
  return std::nullopt;
}

}  // namespace dm::standin

#include "operator/members/parse.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"

namespace dm::op::members {
namespace {

using base::Code;
using base::Json;

// A list of a thousand members has some ten thousand values.
constexpr base::JsonLimits kLimits{.max_bytes = 4u << 20, .max_depth = 32, .max_values = 50'000};

base::Result<Json> Body(const net::Response& response) {
  auto json = base::ParseJson(response.body, kLimits);
  if (!json) return base::Fail(Code::kInternal, "the answer is no JSON: " + base::Printable(response.body, 80));
  if (!json->is_object()) return base::Fail(Code::kInternal, "the answer is no JSON object");
  return json;
}

// "[code=38048:class=dm-master:…" → "38048"; "0" or "" when there is none.
std::string CodeIn(std::string_view message) {
  constexpr std::string_view kMark = "[code=";
  if (!base::StartsWith(message, kMark)) return {};
  const auto rest = message.substr(kMark.size());
  return std::string(rest.substr(0, std::min(rest.find(':'), std::size_t{8})));
}

Code Meaning(std::string_view code, std::string_view message) {
  if (code == "38048" || code == "46004" || code == "46008" || code == "46018") return Code::kNotFound;
  if (code == "46005" || code == "46024" || code == "46025" || code == "46033") return Code::kConflict;
  if (message.find("unhealthy cluster") != std::string_view::npos) return Code::kConflict;
  if (message.find("not enough started members") != std::string_view::npos) return Code::kConflict;
  return Code::kUnavailable;
}

base::Error Refusal(std::string_view message, std::string code = {}) {
  if (code.empty() || code == "0") code = CodeIn(message);
  base::Error error;
  error.code = Meaning(code, message);
  error.message = "DM says: " + base::Printable(message, 300);
  error.reason = std::move(code);
  return error;
}

// The Error of an answer whose status is not 2xx.
base::Error Failure(const net::Response& response) {
  const auto json = base::ParseJson(response.body, kLimits);
  if (json && json->is_object()) {
    if (const auto text = base::GetString(*json, "error_msg")) {
      return Refusal(*text, std::to_string(base::GetIntOr(*json, "error_code", 0)));
    }
    if (const auto text = base::GetString(*json, "message")) return Refusal(*text);
    if (const auto text = base::GetString(*json, "error")) return Refusal(*text);
  }
  base::Error error;
  // 404 in plain text: OpenAPI is switched off. 400 without a body: there is a quorum but no DM leader.
  error.code = response.status == 404 ? Code::kNotFound : Code::kUnavailable;
  error.message = "the member answered " + std::to_string(response.status);
  if (response.status == 400 && response.body.empty()) error.message += " without a body (DM has no leader)";
  return error;
}

bool IsOk(const net::Response& response) { return response.status >= 200 && response.status < 300; }

base::Result<std::string> Text(const Json& object, std::string_view key) {
  auto text = base::GetStringOr(object, key);
  if (text.size() > kMaxNameBytes) return base::Fail(Code::kInternal, std::string(key) + " is longer than any name");
  return text;
}

base::Result<std::string> FirstOf(const Json& object, std::string_view key) {
  const Json* list = base::Find(object, key);
  if (!list || !list->is_array() || list->empty() || !list->front().is_string()) return std::string();
  auto text = list->front().get<std::string>();
  if (text.size() > kMaxNameBytes) return base::Fail(Code::kInternal, std::string(key) + " is longer than any address");
  return text;
}

// object[key] as an array within bounds; nullptr when absent or null.
base::Result<const Json*> List(const Json& object, std::string_view key) {
  const Json* list = base::Find(object, key);
  if (!list || list->is_null()) return static_cast<const Json*>(nullptr);
  if (!list->is_array()) return base::Fail(Code::kInternal, std::string(key) + " is no list");
  if (list->size() > kMaxEntries) return base::Fail(Code::kInternal, std::string(key) + " has too many entries");
  return list;
}

base::Result<Master> ParseMaster(const Json& entry) {
  Master master;
  auto name = Text(entry, "name");
  if (!name) return base::Propagate(name);
  auto id = Text(entry, "memberID");
  if (!id) return base::Propagate(id);
  auto peer = FirstOf(entry, "peerURLs"), client = FirstOf(entry, "clientURLs");
  if (!peer) return base::Propagate(peer);
  if (!client) return base::Propagate(client);
  master.name = *name;
  master.id = *id;
  master.alive = base::GetBoolOr(entry, "alive", false);
  master.peer_url = *peer;
  master.client_url = *client;
  return master;
}

base::Result<Worker> ParseWorker(const Json& entry) {
  Worker worker;
  for (auto [key, field] : {std::pair{"name", &worker.name}, {"addr", &worker.addr}, {"stage", &worker.stage},
                            {"source", &worker.source}}) {
    auto text = Text(entry, key);
    if (!text) return base::Propagate(text);
    *field = std::move(*text);
  }
  return worker;
}

template <class T>
void SortByName(std::vector<T>& list) {
  std::sort(list.begin(), list.end(), [](const T& a, const T& b) { return a.name < b.name; });
}

template <class T, class Parse>
base::Result<std::vector<T>> ParseEach(const Json& part, std::string_view key, Parse parse) {
  std::vector<T> out;
  auto list = List(part, key);
  if (!list) return base::Propagate(list);
  if (*list) {
    for (const Json& entry : **list) {
      auto item = parse(entry);
      if (!item) return base::Propagate(item);
      out.push_back(std::move(*item));
    }
  }
  SortByName(out);
  return out;
}

base::Result<void> TakePart(const Json& one, Roster& roster, int& parts) {
  for (const char* kind : {"leader", "master", "worker"}) {
    const Json* part = base::Find(one, kind);
    if (!part || !part->is_object()) continue;
    if (const auto text = base::GetStringOr(*part, "msg"); !text.empty()) return base::Fail(Refusal(text));
    ++parts;
    if (std::string_view(kind) == "leader") {
      auto name = Text(*part, "name"), addr = Text(*part, "addr");
      if (!name) return base::Propagate(name);
      if (!addr) return base::Propagate(addr);
      roster.leader = {*name, *addr};
    } else if (std::string_view(kind) == "master") {
      auto masters = ParseEach<Master>(*part, "masters", ParseMaster);
      if (!masters) return base::Propagate(masters);
      roster.masters = std::move(*masters);
    } else {
      auto workers = ParseEach<Worker>(*part, "workers", ParseWorker);
      if (!workers) return base::Propagate(workers);
      roster.workers = std::move(*workers);
    }
  }
  return {};
}

base::Result<Source> ParseSource(const Json& entry) {
  Source source;
  auto name = Text(entry, "source_name");
  if (!name) return base::Propagate(name);
  source.name = *name;
  auto states = List(entry, "status_list");
  if (!states) return base::Propagate(states);
  if (*states) {
    // The first entry is the worker that migrates; further ones pull the relay log only.
    for (const Json& state : **states) {
      auto worker = Text(state, "worker_name");
      if (!worker) return base::Propagate(worker);
      if (source.worker.empty()) source.worker = *worker;
      const Json* relay = base::Find(state, "relay_status");
      if (!relay || !relay->is_object()) continue;
      source.relay = true;
      if (!worker->empty()) source.relayers.push_back(*worker);
    }
  }
  auto tasks = List(entry, "task_name_list");
  if (!tasks) return base::Propagate(tasks);
  if (*tasks) {
    for (const Json& task : **tasks) {
      if (task.is_string() && task.get_ref<const std::string&>().size() <= kMaxNameBytes) source.tasks.push_back(task.get<std::string>());
    }
  }
  std::sort(source.tasks.begin(), source.tasks.end());
  return source;
}

}  // namespace

base::Result<Roster> ParseRoster(const net::Response& response) {
  if (!IsOk(response)) return base::Fail(Failure(response));
  auto body = Body(response);
  if (!body) return base::Propagate(body);
  if (!base::GetBoolOr(*body, "result", false)) return base::Fail(Refusal(base::GetStringOr(*body, "msg")));
  auto members = List(*body, "members");
  if (!members) return base::Propagate(members);
  Roster roster;
  int parts = 0;
  if (*members) {
    for (const Json& one : **members) {
      if (auto taken = TakePart(one, roster, parts); !taken) return base::Propagate(taken);
    }
  }
  if (parts != 3) return base::Fail(Code::kInternal, "the member list is not whole");
  // A list without any master cannot come from a master: an empty answer is not "all are gone".
  if (roster.masters.empty()) return base::Fail(Code::kInternal, "the member list names no master");
  return roster;
}

base::Result<bool> ParseHealth(const net::Response& response) {
  const auto body = base::ParseJson(response.body, kLimits);
  if (!body || !body->is_object() || !base::Find(*body, "health")) {
    return base::Fail(Code::kInternal, "no health answer (status " + std::to_string(response.status) + ")");
  }
  return response.status == 200 && base::GetStringOr(*body, "health") == "true";
}

base::Result<std::string> ParseClusterId(const net::Response& response) {
  if (!IsOk(response)) return base::Fail(Failure(response));
  auto body = Body(response);
  if (!body) return base::Propagate(body);
  const Json* id = base::Find(*body, "cluster_id");
  // Not GetInt: ids reach up to 2^64 - 1.
  if (!id || !id->is_number_unsigned() || id->get<std::uint64_t>() == 0) {
    return base::Fail(Code::kInternal, "cluster_id is no positive number");
  }
  return std::to_string(id->get<std::uint64_t>());
}

base::Result<std::vector<Source>> ParseSources(const net::Response& response) {
  if (!IsOk(response)) return base::Fail(Failure(response));
  auto body = Body(response);
  if (!body) return base::Propagate(body);
  if (!base::Find(*body, "data")) return base::Fail(Code::kInternal, "the answer has no data");
  return ParseEach<Source>(*body, "data", ParseSource);
}

base::Result<std::vector<Subtask>> ParseSubtasks(const std::string& task, const net::Response& response) {
  if (!IsOk(response)) return base::Fail(Failure(response));
  auto body = Body(response);
  if (!body) return base::Propagate(body);
  auto list = List(*body, "data");
  if (!list) return base::Propagate(list);
  if (!*list) return base::Fail(Code::kInternal, "the answer has no data");
  std::vector<Subtask> out;
  for (const Json& entry : **list) {
    Subtask subtask;
    subtask.task = task;
    for (auto [key, field] : {std::pair{"source_name", &subtask.source}, {"worker_name", &subtask.worker},
                              {"stage", &subtask.stage}, {"unit", &subtask.unit}}) {
      auto text = Text(entry, key);
      if (!text) return base::Propagate(text);
      *field = std::move(*text);
    }
    subtask.failed = !base::GetStringOr(entry, "error_msg").empty();
    out.push_back(std::move(subtask));
  }
  std::sort(out.begin(), out.end(), [](const Subtask& a, const Subtask& b) { return a.source < b.source; });
  return out;
}

base::Result<void> ParseOutcome(const net::Response& response) {
  if (!IsOk(response)) return base::Fail(Failure(response));
  if (response.status == 204) return {};
  auto body = Body(response);
  if (!body) return base::Propagate(body);
  if (base::GetBoolOr(*body, "result", false)) return {};
  return base::Fail(Refusal(base::GetStringOr(*body, "msg")));
}

base::Result<void> ParseDone(const net::Response& response) {
  if (!IsOk(response)) return base::Fail(Failure(response));
  return {};
}

}  // namespace dm::op::members

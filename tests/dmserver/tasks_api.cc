#include "tests/dmserver/tasks_api.h"

#include "base/strings.h"

namespace dm::standin {
namespace {

const net::Response kDone{200, {}, ""};

net::Response CreateByApi(AnsweringMaster& master, const net::Request& request) {
  const auto body = OpenApiBody(request);
  if (!body) return OpenApiSchema(body.error().message);
  const auto* task = base::Find(*body, "task");
  const std::string missing = task == nullptr || !task->is_object()            ? "task"
                              : base::GetStringOr(*task, "name").empty()       ? "name"
                              : base::Find(*task, "target_config") == nullptr  ? "target_config"
                                                                               : "";
  if (!missing.empty()) {
    return OpenApiSchema("error in openapi3filter.RequestError: request body has an error: doesn't match the schema: Error at \"" +
                         (missing == "task" ? std::string("/task") : "/task/" + missing) + "\": property \"" + missing + "\" is missing");
  }
  // As DM does, with the password in clear: nobody may log or show this answer.
  return OpenApiChanged(master, [&](base::Json& state) { return CreateTask(state, *task); },
                        OpenApiReply(201, {{"task", *task}, {"check_result", ""}}));
}

net::Response List(AnsweringMaster& master) {
  auto rows = base::Json::array();
  const auto state = master.State();
  if (const auto* tasks = base::Find(state, "tasks"); tasks != nullptr && tasks->is_object()) {
    for (const auto& [name, task] : tasks->items()) rows.push_back(task["config"]);
  }
  const auto total = rows.size();
  return OpenApiReply(200, {{"data", std::move(rows)}, {"total", total}});
}

net::Response Status(AnsweringMaster& master, const std::string& name) {
  const auto state = master.State();
  if (base::FindPath(state, {"tasks", name}) == nullptr) return OpenApiRefused(NoSuchTask(name));
  auto rows = TaskStatus(state, name, AskWorkers(master, state));
  const auto total = rows.size();
  return OpenApiReply(200, {{"data", std::move(rows)}, {"total", total}});
}

bool Forced(const net::Request& request) {
  for (const auto& [key, value] : net::QueryOf(request.target)) {
    if (key == "force") return value == "true";
  }
  return false;
}

// source_name_list of a body; empty: none is given.
std::vector<std::string> SourcesIn(const net::Request& request) {
  std::vector<std::string> names;
  const auto body = base::ParseJson(request.body);
  const auto* list = body ? base::Find(*body, "source_name_list") : nullptr;
  if (list == nullptr || !list->is_array()) return names;
  for (const auto& one : *list) names.push_back(one.is_string() ? one.get<std::string>() : "");
  return names;
}

}  // namespace

Unreachable AskWorkers(AnsweringMaster& master, const base::Json& state) {
  return [&master, &state](const std::string& worker) -> std::string {
    const auto* entry = base::FindPath(state, {"workers", worker});
    const auto address = entry == nullptr ? std::string() : base::GetStringOr(*entry, "addr");
    net::Request request;
    request.target = "/status";
    request.timeout = std::chrono::seconds(1);
    const auto answer = master.AskWorker(address, request);
    if (answer) return {};
    return "[code=38008:class=dm-master:scope=internal:level=high], Message: grpc request error, RawCause: rpc error: code = "
           "Unavailable desc = connection error: desc = \"transport: Error while dialing: " + answer.error().message + "\"";
  };
}

std::optional<net::Response> HandleTasks(AnsweringMaster& master, const net::Request& request, const std::vector<std::string>& parts) {
  if (parts.size() == 1) {
    if (request.method == "POST") return CreateByApi(master, request);
    return request.method == "GET" ? List(master) : OpenApiSchema("method not allowed");
  }
  const auto& name = parts[1];
  if (parts.size() == 2) {
    if (request.method != "DELETE") return OpenApiSchema("method not allowed");
    return OpenApiChanged(master, [&](base::Json& state) { return DeleteTask(state, name, Forced(request)); }, {204, {}, ""});
  }
  if (parts.size() != 3) return std::nullopt;
  if (parts[2] == "status") return Status(master, name);
  if (parts[2] == "start") {
    const auto sources = SourcesIn(request);
    return OpenApiChanged(master, [&](base::Json& state) { return StartTask(state, name, sources); }, kDone);
  }
  if (parts[2] == "stop") return OpenApiChanged(master, [&](base::Json& state) { return StopTask(state, name); }, kDone);
  return std::nullopt;
}

}  // namespace dm::standin

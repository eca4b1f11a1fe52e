// /api/v1: DM's OpenAPI. Three shapes of errors, as recorded: {"error"}, {"error_code","error_msg"}, an empty body.
#include <algorithm>

#include "base/strings.h"
#include "tests/dmserver/tasks_api.h"

namespace dm::standin {
namespace {

net::Response Empty(int status) { return {status, {}, ""}; }

base::Json Page(base::Json rows) {
  const auto total = rows.size();
  return {{"data", std::move(rows)}, {"total", total}};
}

// What is shown of a source: the password never is, here.
base::Json SourceView(AnsweringMaster& master, const base::Json& state, const std::string& name, bool with_status) {
  const auto& entry = state["sources"][name];
  auto view = entry["config"];
  view["password"] = "******";
  if (!view.contains("flavor")) view["flavor"] = "mysql";
  if (!view.contains("security")) view["security"] = nullptr;
  view["purge"] = {{"expires", 0}, {"interval", 3600}, {"remain_space", 15}};
  view["relay_config"] = {{"enable_relay", false}, {"relay_binlog_gtid", ""}, {"relay_binlog_name", ""}, {"relay_dir", "relay-dir"}};
  if (with_status) {
    view["status_list"] = SourceStatusRows(state, name, AskWorkers(master, state));
    view["task_name_list"] = TasksOf(state, name);
  }
  return view;
}

class Api {
 public:
  Api(AnsweringMaster& master, const net::Request& request) : master_(master), request_(request) {
    const auto path = net::PathOf(request.target).substr(std::string_view("/api/v1/").size());
    for (const auto part : base::Split(path, '/')) parts_.emplace_back(part);
  }

  net::Response Serve() {
    if (Is({"cluster", "info"})) {
      return OpenApiReply(200, {{"cluster_id", std::stoull(base::GetStringOr(State(), "clusterID", "0"))}});
    }
    if (Is({"cluster", "masters"})) return Masters();
    if (Is({"cluster", "workers"})) return Workers();
    if (Is({"cluster", "masters", "*"})) return Removal(true);
    if (Is({"cluster", "workers", "*"})) return Removal(false);
    if (parts_[0] == "tasks") {
      if (auto answer = HandleTasks(master_, request_, parts_)) return std::move(*answer);
    }
    if (Is({"sources"})) return request_.method == "POST" ? Create() : List();
    if (Is({"sources", "*"})) return OneSource();
    if (Is({"sources", "*", "status"})) return SourceStatus();
    if (Is({"sources", "*", "transfer"})) return Transfer();
    if (Is({"sources", "*", "relay", "enable"})) return Relay(true);
    if (Is({"sources", "*", "relay", "disable"})) return Relay(false);
    return OpenApiSchema("no matching operation was found");
  }

 private:
  bool Is(std::initializer_list<std::string_view> shape) const {
    if (shape.size() != parts_.size()) return false;
    return std::equal(shape.begin(), shape.end(), parts_.begin(),
                      [](std::string_view want, const std::string& have) { return want == "*" || want == have; });
  }
  base::Json State() const { return master_.State(); }
  bool Allowed(std::initializer_list<std::string_view> methods) const {
    return std::find(methods.begin(), methods.end(), request_.method) != methods.end();
  }

  net::Response Changed(const std::function<Outcome(base::Json&)>& change, net::Response done) {
    return OpenApiChanged(master_, change, std::move(done));
  }

  net::Response Masters() {
    if (!Allowed({"GET"})) return OpenApiSchema("method not allowed");
    const auto leader = master_.DmLeader();
    base::Json rows = base::Json::array();
    const auto state = State();
    for (const auto& member : state["members"]) {
      const auto name = base::GetStringOr(member, "name");
      const bool self = base::GetStringOr(member, "id") == std::to_string(master_.Id());
      const auto& urls = member["clientURLs"];
      rows.push_back({{"addr", member["peerURLs"][0]},
                      {"alive", self || (!urls.empty() && master_.Alive(urls[0].get<std::string>()))},
                      {"leader", leader && leader->name == name},
                      {"name", name}});
    }
    return OpenApiReply(200, Page(std::move(rows)));
  }

  net::Response Workers() {
    if (!Allowed({"GET"})) return OpenApiSchema("method not allowed");
    base::Json rows = base::Json::array();
    const auto state = State();
    for (const auto& [name, worker] : state["workers"].items()) {
      rows.push_back({{"addr", worker["addr"]},
                      {"bound_source_name", worker["source"]},
                      {"bound_stage", worker["stage"]},
                      {"name", name}});
    }
    return OpenApiReply(200, Page(std::move(rows)));
  }

  net::Response Removal(bool master) {
    if (!Allowed({"DELETE"})) return OpenApiSchema("method not allowed");
    if (!master) {
      return Changed([&](base::Json& state) { return DeleteWorker(state, parts_[2]); }, Empty(204));
    }
    const auto outcome = master_.RemoveMember(parts_[2]);
    if (!outcome) return OpenApiRefused({0, outcome.error().message});
    return *outcome ? OpenApiRefused(**outcome) : Empty(204);
  }

  base::Result<base::Json> Body() const { return OpenApiBody(request_); }
  bool Query(std::string_view key) const {
    for (const auto& [name, value] : net::QueryOf(request_.target)) {
      if (name == key) return value == "true";
    }
    return false;
  }

  net::Response Create() {
    const auto body = Body();
    if (!body) return OpenApiSchema(body.error().message);
    const auto* source = base::Find(*body, "source");
    if (source == nullptr || base::GetStringOr(*source, "source_name").empty()) {
      return OpenApiSchema("error in openapi3filter.RequestError: request body has an error: doesn't match the schema: Error at "
                           "\"/source\": property \"source\" is missing");
    }
    auto shown = *source;
    if (!shown.contains("security")) shown["security"] = nullptr;
    const auto worker = base::GetStringOr(*body, "worker_name");
    return Changed([&](base::Json& state) { return AddSource(state, *source, worker); }, OpenApiReply(201, shown));
  }

  net::Response List() {
    if (!Allowed({"GET"})) return OpenApiSchema("method not allowed");
    bool with_status = false;
    for (const auto& [key, value] : net::QueryOf(request_.target)) {
      if (key != "with_status") continue;
      if (value != "true" && value != "false") {
        return OpenApiSchema("error in openapi3filter.RequestError: parameter \"with_status\" in query has an error: value " + value +
                             ": an invalid number: strconv.ParseBool: parsing \"" + value + "\": invalid syntax");
      }
      with_status = value == "true";
    }
    base::Json rows = base::Json::array();
    const auto state = State();
    for (const auto& [name, entry] : state["sources"].items()) rows.push_back(SourceView(master_, state, name, with_status));
    return OpenApiReply(200, Page(std::move(rows)));
  }

  net::Response OneSource() {
    if (request_.method == "DELETE") {
      return Changed([&](base::Json& state) { return DeleteSource(state, parts_[1], Query("force")); }, Empty(204));
    }
    if (!Allowed({"GET"})) return OpenApiSchema("method not allowed");
    const auto state = State();
    if (!state["sources"].contains(parts_[1])) return Empty(404);
    return OpenApiReply(200, SourceView(master_, state, parts_[1], Query("with_status")));
  }

  net::Response SourceStatus() {
    const auto state = State();
    if (!state["sources"].contains(parts_[1])) return OpenApiRefused(NoSuchSource(parts_[1]));
    return OpenApiReply(200, Page(SourceStatusRows(state, parts_[1], AskWorkers(master_, state))));
  }

  net::Response Transfer() {
    const auto body = Body();
    if (!body) return OpenApiSchema(body.error().message);
    const auto worker = base::GetStringOr(*body, "worker_name");
    auto rehearsal = State();
    const auto& source = parts_[1];
    const bool moves = base::GetStringOr(rehearsal["sources"][source], "worker") != worker;
    const auto running = moves ? RunningTasks(rehearsal, source) : std::vector<std::string>{};
    if (const auto refusal = TransferSource(rehearsal, source, worker)) return OpenApiRefused(*refusal);
    if (running.empty()) return Changed([&](base::Json& state) { return TransferSource(state, source, worker); }, Empty(200));
    // Running tasks are paused, the source is moved, they are started again. Who stops in between leaves them paused.
    const auto paused = master_.Change([&](base::Json& state) { return SetSourceStages(state, source, running, "Paused"); },
                                       master_.times().hang);
    if (!paused || !clock_.WaitFor(master_.times().transfer, master_.stop())) return Empty(502);
    return Changed(
        [&](base::Json& state) -> Outcome {
          if (auto refusal = TransferSource(state, source, worker)) return refusal;
          return SetSourceStages(state, source, running, "Running");
        },
        Empty(200));
  }

  net::Response Relay(bool on) {
    const auto body = Body();
    if (!body) return OpenApiSchema(body.error().message);
    std::vector<std::string> workers;
    if (const auto* list = base::Find(*body, "worker_name_list"); list != nullptr && list->is_array()) {
      for (const auto& worker : *list) workers.push_back(worker.is_string() ? worker.get<std::string>() : "");
    }
    return Changed([&](base::Json& state) { return SetRelay(state, parts_[1], on, workers); }, Empty(200));
  }

  AnsweringMaster& master_;
  const net::Request& request_;
  base::SystemClock clock_;
  std::vector<std::string> parts_;
};

}  // namespace

net::Response OpenApiReply(int status, const base::Json& body) {
  return JsonResponse(status, body, "application/json; charset=utf-8", 4);
}

net::Response OpenApiRefused(const DmError& error) {
  return OpenApiReply(400, {{"error_code", error.code}, {"error_msg", error.message}});
}

net::Response OpenApiSchema(const std::string& what) { return OpenApiReply(400, {{"error", what}}); }

// The message of an error is openapi3filter's.
base::Result<base::Json> OpenApiBody(const net::Request& request) {
  const std::string prefix = "error in openapi3filter.RequestError: request body has an error: ";
  auto json = base::ParseJson(request.body);
  if (!json) return base::Fail(base::Code::kInvalid, prefix + "failed to decode request body: " + json.error().message);
  return json;
}

net::Response OpenApiChanged(AnsweringMaster& master, const std::function<Outcome(base::Json&)>& change, net::Response done) {
  const auto outcome = master.Change(change, master.times().hang);
  if (!outcome) return Empty(502);
  if (*outcome) return OpenApiRefused(**outcome);
  return done;
}

net::Response HandleOpenApi(AnsweringMaster& master, const net::Request& request) {
  const auto leader = master.DmLeader();
  if (leader && !leader->self) {
    auto answer = master.AskLeader(*leader, request, master.times().hang);
    return answer ? std::move(*answer) : Empty(502);
  }
  if (master.Removed()) return Empty(400);
  // The old leader goes on answering for its workers from memory; all else waits for a quorum.
  const bool from_memory = net::PathOf(request.target) == "/api/v1/cluster/workers";
  if (!from_memory || !leader) {
    if (!master.AwaitQuorum(master.times().hang)) return Empty(502);
  }
  if (!leader) return Empty(400);
  return Api(master, request).Serve();
}

}  // namespace dm::standin

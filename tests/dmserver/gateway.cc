// /apis/v1alpha1: DM's older gateway (grpc-gateway): 64-bit ids as strings, business errors as 200 with result:false.
#include <algorithm>

#include "base/strings.h"
#include "tests/dmserver/answering_master.h"

namespace dm::standin {
namespace {

net::Response Reply(int status, const base::Json& body) { return JsonResponse(status, body, "application/json", 2); }
net::Response Result(bool ok, const std::string& message) { return Reply(200, {{"result", ok}, {"msg", message}}); }
net::Response Rpc(int status, int code, const std::string& message) {
  return Reply(status, {{"code", code}, {"message", message}, {"details", base::Json::array()}});
}

const std::string kNoLeader =
    "[code=38043:class=dm-master:scope=internal:level=high], Message: master is not leader, and can't forward request to leader";

struct Selection {
  bool leader = false, masters = false, workers = false;
  std::vector<std::string> names;

  bool Wants(const std::string& name) const {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  }
};

// The error text is protobuf's.
base::Result<Selection> SelectionOf(const net::Request& request) {
  Selection selection;
  for (const auto& [key, value] : net::QueryOf(request.target)) {
    if (key == "names") {
      selection.names.push_back(value);
      continue;
    }
    bool* flag = key == "leader"   ? &selection.leader
                 : key == "master" ? &selection.masters
                 : key == "worker" ? &selection.workers
                                   : nullptr;
    if (flag == nullptr) continue;
    if (value != "true" && value != "false") {
      return base::Fail(base::Code::kInvalid, "strconv.ParseBool: parsing \"" + value + "\": invalid syntax");
    }
    *flag = value == "true";
  }
  if (!selection.leader && !selection.masters && !selection.workers) {
    selection.leader = selection.masters = selection.workers = true;
  }
  return selection;
}

base::Json MembersAnswer(AnsweringMaster& master, const Selection& selection) {
  const auto state = master.State();
  base::Json list = base::Json::array();
  if (selection.leader) {
    const auto now = master.DmLeader();
    const bool shown = now && selection.Wants(now->name);
    list.push_back({{"leader", {{"msg", ""}, {"name", shown ? now->name : ""}, {"addr", shown ? now->addr : ""}}}});
  }
  if (selection.masters) {
    base::Json rows = base::Json::array();
    for (const auto& member : state["members"]) {
      if (!selection.Wants(base::GetStringOr(member, "name"))) continue;
      const auto& urls = member["clientURLs"];
      const bool self = base::GetStringOr(member, "id") == std::to_string(master.Id());
      rows.push_back({{"name", member["name"]},
                      {"memberID", member["id"]},
                      {"alive", self || (!urls.empty() && master.Alive(urls[0].get<std::string>()))},
                      {"peerURLs", member["peerURLs"]},
                      {"clientURLs", urls}});
    }
    list.push_back({{"master", {{"msg", ""}, {"masters", rows}}}});
  }
  if (selection.workers) {
    base::Json rows = base::Json::array();
    for (const auto& [name, worker] : state["workers"].items()) {
      if (!selection.Wants(name)) continue;
      rows.push_back({{"name", name}, {"addr", worker["addr"]}, {"stage", worker["stage"]}, {"source", worker["source"]}});
    }
    list.push_back({{"worker", {{"msg", ""}, {"workers", rows}}}});
  }
  return {{"result", true}, {"msg", ""}, {"members", list}};
}

net::Response Offline(AnsweringMaster& master, const std::string& kind, const std::string& name) {
  if (kind != "master" && kind != "worker") {
    return Result(false, "[code=38049:class=dm-master:scope=internal:level=low], Message: offline member type " + kind +
                             " is invalid, Workaround: Please use master/worker.");
  }
  const auto done = kind == "master" ? master.RemoveMember(name)
                                     : master.Change([&](base::Json& state) { return DeleteWorker(state, name); }, std::chrono::seconds(10));
  if (!done) return Rpc(500, 2, kNoLeader);
  if (*done) return Result(false, (*done)->message);
  return Result(true, "");
}

net::Response OperateLeader(AnsweringMaster& master, const std::string& op) {
  const auto number = base::ParseInt(op);
  if (!number || *number > 2 || *number < 0) {
    return Rpc(400, 3, "type mismatch, parameter: op, error: " + op + " is not valid");
  }
  if (*number == 0) return Result(false, "operate InvalidLeaderOp is not supported");
  master.SetEvicted(*number == 1);
  return Result(true, "");
}

}  // namespace

net::Response HandleGateway(AnsweringMaster& master, const net::Request& request) {
  const std::string path(net::PathOf(request.target).substr(std::string_view("/apis/v1alpha1").size()));
  // Acts on the addressed master, never forwarded.
  if (request.method == "PUT" && base::StartsWith(path, "/leader/")) return OperateLeader(master, path.substr(8));
  const bool members = path == "/members" && request.method == "GET";
  const bool offline = base::StartsWith(path, "/members/") && request.method == "DELETE";
  if (!members && !offline) return Rpc(501, 12, "Not Implemented");
  const auto selection = SelectionOf(request);
  if (members && !selection) return Rpc(400, 3, selection.error().message);
  const auto leader = master.DmLeader();
  if (!leader) return Rpc(500, 2, kNoLeader);
  if (!leader->self) {
    auto answer = master.AskLeader(*leader, request, std::chrono::seconds(30));
    if (!answer) return Rpc(503, 14, "connection error: desc = \"transport: Error while dialing: " + answer.error().message + "\"");
    return std::move(*answer);
  }
  if (!master.AwaitQuorum(master.times().hang)) return Rpc(500, 2, kNoLeader);
  if (members) return Reply(200, MembersAnswer(master, *selection));
  const auto rest = path.substr(9);
  const auto slash = rest.find('/');
  return Offline(master, rest.substr(0, slash), slash == std::string::npos ? "" : rest.substr(slash + 1));
}

}  // namespace dm::standin

#include "operator/members/client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "net/member_transport.h"

namespace dm::op::members {

Dialer DefaultDialer() {
  return [](const Address& address, const Credentials& credentials) {
    net::MemberTransportOptions options;
    options.address = address.ip;
    options.port = address.port;
    options.host_name = address.host_name;
    options.tls = credentials.tls;
    options.authority_pem = credentials.authority_pem;
    options.certificate_pem = credentials.certificate_pem;
    options.key_pem = credentials.key_pem;
    options.max_body_bytes = 2u << 20;   // 1000 workers list in about 200 kB
    return net::NewMemberTransport(std::move(options));
  };
}

MemberClient::MemberClient(std::unique_ptr<net::Transport> transport, base::Duration timeout)
    : transport_(std::move(transport)), timeout_(timeout) {}

base::Result<net::Response> MemberClient::Send(const std::string& method, const std::string& target, std::stop_token stop,
                                               base::Duration timeout) const {
  net::Request request;
  request.method = method;
  request.target = target;
  request.timeout = std::max(timeout_, timeout);
  if (method == "PUT") {
    request.headers["Content-Type"] = "application/json";
    request.body = "{}";
  }
  return transport_->Send(request, std::move(stop));
}

base::Result<Roster> MemberClient::List(std::stop_token stop, base::Duration timeout) const {
  auto response = Send("GET", "/apis/v1alpha1/members", std::move(stop), timeout);
  if (!response) return base::Propagate(response, "listing members");
  auto roster = ParseRoster(*response);
  if (!roster) return base::Propagate(roster, "listing members");
  return roster;
}

base::Result<bool> MemberClient::Health(std::stop_token stop) const {
  auto response = Send("GET", "/health", std::move(stop));
  if (!response) return base::Propagate(response, "asking for health");
  return ParseHealth(*response);
}

base::Result<std::string> MemberClient::ClusterId(std::stop_token stop) const {
  auto response = Send("GET", "/api/v1/cluster/info", std::move(stop));
  if (!response) return base::Propagate(response, "reading the cluster id");
  auto id = ParseClusterId(*response);
  if (!id) return base::Propagate(id, "reading the cluster id");
  return id;
}

base::Result<std::vector<Source>> MemberClient::Sources(std::stop_token stop) const {
  auto response = Send("GET", "/api/v1/sources?with_status=true", std::move(stop));
  if (!response) return base::Propagate(response, "listing sources");
  auto sources = ParseSources(*response);
  if (!sources) return base::Propagate(sources, "listing sources");
  return sources;
}

base::Result<std::vector<Subtask>> MemberClient::Subtasks(const std::string& task, std::stop_token stop) const {
  auto response = Send("GET", "/api/v1/tasks/" + net::PercentEncode(task) + "/status", std::move(stop));
  if (!response) return base::Propagate(response, "reading the status of task " + task);
  auto subtasks = ParseSubtasks(task, *response);
  if (!subtasks) return base::Propagate(subtasks, "reading the status of task " + task);
  return subtasks;
}

base::Result<void> MemberClient::EvictLeader(std::stop_token stop) const {
  auto response = Send("PUT", "/apis/v1alpha1/leader/1", std::move(stop));
  if (!response) return base::Propagate(response, "evicting the leader");
  return ParseOutcome(*response);
}

base::Result<void> MemberClient::CancelEvict(std::stop_token stop) const {
  auto response = Send("PUT", "/apis/v1alpha1/leader/2", std::move(stop));
  if (!response) return base::Propagate(response, "cancelling the eviction");
  return ParseOutcome(*response);
}

base::Result<void> MemberClient::Delete(Role role, const std::string& name, std::stop_token stop) const {
  const std::string target = "/apis/v1alpha1/members/" + std::string(RoleName(role)) + "/" + net::PercentEncode(name);
  auto response = Send("DELETE", target, std::move(stop));
  if (!response) return base::Propagate(response, "removing member " + name);
  auto outcome = ParseOutcome(*response);
  if (!outcome && outcome.error().code == base::Code::kNotFound) return {};
  if (!outcome) return base::Propagate(outcome, "removing member " + name);
  return outcome;
}

base::Result<void> MemberClient::Post(const std::string& target, const base::Json& body, base::Duration timeout, std::stop_token stop) const {
  const net::Request request{"POST", target, {{"Content-Type", "application/json"}}, base::DumpJson(body), timeout};
  auto response = transport_->Send(request, std::move(stop));
  if (!response) return base::Propagate(response);
  return ParseDone(*response);
}

base::Result<void> MemberClient::TransferSource(const std::string& source, const std::string& worker, base::Duration timeout,
                                                std::stop_token stop) const {
  auto done = Post("/api/v1/sources/" + net::PercentEncode(source) + "/transfer", {{"worker_name", worker}}, timeout, std::move(stop));
  if (!done) return base::Propagate(done, "moving source " + source + " to " + worker);
  return done;
}

base::Result<void> MemberClient::StartTask(const std::string& task, const std::string& source, std::stop_token stop) const {
  auto done = Post("/api/v1/tasks/" + net::PercentEncode(task) + "/start", {{"source_name_list", base::Json::array({source})}}, timeout_, std::move(stop));
  if (!done) return base::Propagate(done, "starting task " + task + " on source " + source);
  return done;
}

}  // namespace dm::op::members

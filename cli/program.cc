#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include <unistd.h>

#include "app/process.h"
#include "app/version.h"
#include "cli/exit_codes.h"
#include "cli/init.h"
#include "cli/nodes.h"
#include "cli/render.h"
#include "cli/status.h"

namespace dm::cli {

namespace {

void AddLive(CLI::App& command, LiveOptions& live) {
  command.add_option("--kubeconfig", live.kubeconfig, "kubeconfig file (default: KUBECONFIG, in-cluster, ~/.kube/config)")->type_name("FILE");
  command.add_option("--context", live.context, "context of the kubeconfig")->type_name("NAME");
  command.add_option("--server", live.server, "URL of the API server, instead of the kubeconfig's")->type_name("URL");
  command.add_option("-n,--namespace", live.ns, "namespace of objects that name none")->type_name("NAME");
}

void AddPolicy(CLI::App& command, std::string& policy) {
  command.add_option("--policy", policy, "the administrator's policy (default: the cluster's own, else the built-in one)")->type_name("FILE");
}

void AddOutput(CLI::App& command, std::string& output) {
  command.add_option("-o,--output", output, "text or json")->check(CLI::IsMember({"text", "json"}))->type_name("FORMAT");
}

CLI::Option* AddFiles(CLI::App& command, std::vector<std::string>& files, const std::string& help) {
  return command.add_option("-f,--filename", files, help)->type_name("FILE")->expected(1)->take_all()->allow_extra_args(false);
}

CLI::Option* AddData(CLI::App& command, const std::string& name, std::vector<std::string>& files, const std::string& help) {
  return command.add_option(name, files, help)->type_name("FILE")->expected(1)->take_all()->allow_extra_args(false);
}

}  // namespace

int RunProgram(int argc, const char* const* argv, std::ostream& out, std::ostream& err, Connector connect) {
  CLI::App program("Checks, renders and begins DM clusters: the requirement rules of dm-operator on your own desk.", "kubectl dm");
  program.require_subcommand(1);
  program.set_version_flag("--version", std::string(app::Version()));
  program.get_formatter()->column_width(34);

  CheckOptions check;
  std::string check_output = "text";
  CLI::App* check_command = program.add_subcommand("check", "Say what the requirements have against the DMClusters in files");
  AddFiles(*check_command, check.files, "file, directory (*.yaml, *.yml, *.json) or - for standard input; repeatable")->required();
  AddData(*check_command, "--nodes", check.data.nodes, "nodes, as `kubectl get nodes -o yaml` prints them");
  AddData(*check_command, "--storage-classes", check.data.classes, "storage classes");
  AddData(*check_command, "--namespaces", check.data.namespaces, "namespaces: their labels decide what the policy says of them");
  AddPolicy(*check_command, check.policy);
  AddData(*check_command, "--old", check.old, "the objects as they were: judge the change, as the webhook does");
  check_command->add_flag("--offline", check.offline, "ask no cluster");
  check_command->add_flag("--require-nodes", check.require_nodes, "fail (2) when there is no data on nodes");
  AddLive(*check_command, check.live);
  AddOutput(*check_command, check_output);
  check_command->footer(
      "Without --offline and data files the cluster of your kubeconfig is asked for nodes, classes, namespaces and the stored object.\n"
      "Exit: 0 nothing denied (what was not checked is listed), 1 denied, 2 input unreadable, without any DMCluster, or data missing.");

  NodesOptions nodes;
  std::string nodes_output = "text";
  CLI::App* nodes_command = program.add_subcommand("nodes", "Say which nodes qualify for which role, and why not");
  AddFiles(*nodes_command, nodes.files, "nodes, as `kubectl get nodes -o yaml` prints them (default: the cluster's)");
  AddPolicy(*nodes_command, nodes.policy);
  AddLive(*nodes_command, nodes.live);
  AddOutput(*nodes_command, nodes_output);

  StatusOptions status;
  std::string status_output = "text";
  CLI::App* status_command = program.add_subcommand("status", "Draw a running DM cluster: members, disks, findings, what happens next");
  status_command->add_option("name", status.name, "the DMCluster")->required()->type_name("NAME");
  AddPolicy(*status_command, status.policy);
  status_command->add_flag("-w,--watch", status.watch, "draw it anew when it changes, until Ctrl-C");
  status_command->add_flag("--exit-status", status.exit_status, "tell its health by the exit code");
  AddLive(*status_command, status.live);
  AddOutput(*status_command, status_output);
  status_command->footer(
      "Exit: 0 there was something to show, 2 there was not (no such cluster, no right, no server, bad flags).\n"
      "With --exit-status: 0 healthy, 1 unavailable, degraded or data at risk, 3 not (yet) as asked: starting, changing, suspended, ending.");

  RenderOptions render;
  CLI::App* render_command = program.add_subcommand("render", "Print the objects that DMClusters stand for");
  AddFiles(*render_command, render.files, "file, directory or - for standard input; repeatable")->required();
  render_command->add_option("--policy", render.policy, "decides the environment where the object does not")->type_name("FILE");
  render_command->add_option("-n,--namespace", render.ns, "namespace of objects that name none")->type_name("NAME");
  render_command->add_option("--cluster-domain", render.cluster_domain, "such as cluster.local (default: short names)")->type_name("DOMAIN");

  InitOptions init;
  std::string environment = "production";
  std::vector<std::string> upstreams;
  CLI::App* init_command = program.add_subcommand("init", "Write a first manifest that meets the requirements");
  init_command->add_option("--environment", environment, "production or development")
      ->check(CLI::IsMember({"production", "development"}))
      ->type_name("NAME");
  init_command->add_option("--upstreams", upstreams, "the databases to migrate: name=size,..., such as orders=300Gi")
      ->type_name("LIST")
      ->expected(1)
      ->take_all();
  init_command->add_option("--name", init.name, "name of the cluster")->type_name("NAME");
  init_command->add_option("-n,--namespace", init.ns, "namespace")->type_name("NAME");
  init_command->add_option("--storage-class", init.storage_class, "storage class (default: the cluster's default)")->type_name("NAME");
  init_command->add_option("--dm-version", init.version, "version of DM")->type_name("TAG");

  CLI::App* version_command = program.add_subcommand("version", "Print the version");

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = program.exit(error, out, err);
    return code == 0 ? kNothingDenied : kUnreadable;
  }

  if (check_command->parsed()) {
    check.json = check_output == "json";
    return RunCheck(check, out, err, connect);
  }
  if (nodes_command->parsed()) {
    nodes.json = nodes_output == "json";
    return RunNodes(nodes, out, err, connect);
  }
  if (status_command->parsed()) {
    status.json = status_output == "json";
    base::SystemClock clock;
    if (!status.watch) return RunStatus(status, out, err, connect, clock, {});
    status.clear_screen = !status.json && &out == &std::cout && isatty(STDOUT_FILENO) != 0;
    const app::Process process;      // Ctrl-C ends the watch, not the program in the middle of a line
    return RunStatus(status, out, err, connect, clock, process.stop_token());
  }
  if (render_command->parsed()) return RunRender(render, out, err);
  if (version_command->parsed()) {
    out << "kubectl-dm " << app::Version() << "\n";
    return kNothingDenied;
  }
  auto parsed = ParseUpstreams(upstreams);
  if (!parsed) {
    err << "error: " << parsed.error().ToString() << "\n";
    return kUnreadable;
  }
  init.upstreams = *std::move(parsed);
  if (const auto good = CheckInit(init); !good) {
    err << "error: " << good.error().ToString() << "\n";
    return kUnreadable;
  }
  init.environment = environment == "development" ? Environment::kDevelopment : Environment::kProduction;
  out << Manifest(init);
  return kNothingDenied;
}

}  // namespace dm::cli

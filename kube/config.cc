#include "kube/config.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/strings.h"
#include "kube/kubeconfig.h"

namespace dm::kube {
namespace {

using base::Code;

std::string Environment(const ConfigOptions& options, const std::string& name) {
  if (options.environment) return options.environment(name);
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> PathsOf(const std::string& list) {
  std::vector<std::string> paths;
  for (const std::string_view path : base::Split(list, ':')) {
    if (!path.empty()) paths.emplace_back(path);
  }
  return paths;
}

base::Result<Config> FromFiles(const std::vector<std::string>& files, bool skip_missing, const ConfigOptions& options) {
  auto kubeconfig = ReadKubeconfig(files, skip_missing);
  if (!kubeconfig) return base::Propagate(kubeconfig);
  return ResolveKubeconfig(*kubeconfig, options);
}

// The service account's files, as the kubelet mounts them, and the address that it puts into every container's
// environment.
base::Result<Config> InCluster(const std::string& host, const std::string& port, const ConfigOptions& options) {
  const std::string dir = options.service_account_dir;
  Config config;
  config.source = "the service account in " + dir;
  // The certificate names the service too, and an IPv6 literal in a URL is more than the HTTP client understands.
  const bool ipv6 = host.find(':') != std::string::npos;
  config.server = "https://" + (ipv6 ? std::string("kubernetes.default.svc") : host) + ":" + port;
  if (auto sound = CheckServerUrl(config.server, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT"); !sound) {
    return base::Propagate(sound);
  }
  config.token_file = dir + "/token";
  config.authority_file = dir + "/ca.crt";
  for (const auto& [file, into] :
       {std::pair(dir + "/token", static_cast<std::string*>(nullptr)),
        std::pair(dir + "/ca.crt", &config.authority_pem), std::pair(dir + "/namespace", &config.ns)}) {
    auto content = base::ReadFile(file);
    if (!content) return base::Propagate(content, "the service account");
    if (into != nullptr) *into = std::move(*content);
  }
  config.ns = base::Trim(config.ns);
  return config;
}

base::Result<Config> Find(const ConfigOptions& options) {
  if (!options.kubeconfig.empty()) return FromFiles({options.kubeconfig}, false, options);

  const std::vector<std::string> listed = PathsOf(Environment(options, "KUBECONFIG"));
  if (!listed.empty()) {
    auto kubeconfig = ReadKubeconfig(listed, true);
    if (!kubeconfig) return base::Propagate(kubeconfig);
    if (kubeconfig->files.empty()) {
      return base::Fail(Code::kInvalid, "KUBECONFIG: none of the files exists: " + base::Join(listed, ", "));
    }
    return ResolveKubeconfig(*kubeconfig, options);
  }

  const std::string host = Environment(options, "KUBERNETES_SERVICE_HOST");
  const std::string port = Environment(options, "KUBERNETES_SERVICE_PORT");
  if (!host.empty() && !port.empty()) return InCluster(host, port, options);

  const std::string home = Environment(options, "HOME");
  const std::string usual = home + "/.kube/config";
  if (!home.empty()) {
    auto kubeconfig = ReadKubeconfig({usual}, true);
    if (!kubeconfig) return base::Propagate(kubeconfig);
    if (!kubeconfig->files.empty()) return ResolveKubeconfig(*kubeconfig, options);
  }
  if (!options.server.empty()) {  // an address alone, as of kubectl proxy
    Config config;
    config.source = "--server";
    return config;
  }
  return base::Fail(
      Code::kNotFound,
      "no cluster is configured: there is no --kubeconfig, no KUBECONFIG, no service account, and no file " +
          (home.empty() ? std::string("~/.kube/config") : usual));
}

}  // namespace

base::Result<Config> LoadConfig(const ConfigOptions& options) {
  auto config = Find(options);
  if (!config) return config;
  if (!options.server.empty()) {
    if (auto sound = CheckServerUrl(options.server, "--server"); !sound) return base::Propagate(sound);
    config->server = options.server;
  }
  while (base::EndsWith(config->server, "/")) config->server.pop_back();
  if (!options.ns.empty()) config->ns = options.ns;
  config->user_agent = options.user_agent;
  return config;
}

}  // namespace dm::kube

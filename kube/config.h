// Where the API server is and who we are: kubeconfig files and the in-cluster service account.
// Precedence: --kubeconfig, KUBECONFIG (a list), in-cluster, ~/.kube/config.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/transport.h"

namespace dm::kube {

struct ConfigOptions {
  std::string kubeconfig;     // --kubeconfig
  std::string context;        // --context
  std::string cluster, user;  // --cluster, --user
  std::string server;         // --server overrides the URL
  std::string ns;             // -n
  std::string user_agent = "dm-operator";
  // Where the process stands; tests put their own here.
  std::function<std::string(const std::string& name)> environment;  // "" when unset; absent: the process' environment
  std::string service_account_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
};

struct Config {
  std::string server;          // https://host:port
  std::string ns = "default";  // the context's (or the service account's) namespace
  std::string authority_pem;
  std::string authority_file;              // where that came from, if from a file: read again for each new connection
  std::string server_name;
  bool insecure = false;
  std::string certificate_pem, key_pem;
  std::string certificate_file, key_file;  // where these came from, if from files: read again for each new connection
  std::string token;                       // a fixed token, or
  std::string token_file;  // re-read each minute (leeway 10 s); the last good one is kept when a read fails
  std::string user_agent;
  std::string source;  // what it was read from, for messages
};

// kNotFound when there is no configuration at all (what was looked for is in the message); kInvalid names the file, the
// field and the value. Fields that are not supported (exec, auth-provider, username, as, proxy-url) are refused by name
// when they are part of what is used. A KUBECONFIG or --kubeconfig that names no file is kInvalid, not a reason to look
// elsewhere.
base::Result<Config> LoadConfig(const ConfigOptions& options);

// A transport of its own connections: make one for the lease, so that it never waits behind others.
// `clock` is for the age of the token; none: the system's.
std::unique_ptr<net::Transport> MakeTransport(const Config& config, base::Clock* clock = nullptr);

}  // namespace dm::kube

// Where the API server is and who we are: kubeconfig files and the in-cluster service account.
// Precedence: --kubeconfig, KUBECONFIG (a list), in-cluster, ~/.kube/config.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/transport.h"

namespace dm::kube {

struct ConfigOptions {
  std::string kubeconfig;           // --kubeconfig
  std::string context;              // --context
  std::string cluster, user;        // --cluster, --user
  std::string server;               // --server overrides the URL
  std::string ns;                   // -n
  std::string user_agent = "dm-operator";
};

struct Config {
  std::string server;               // https://host:port
  std::string ns = "default";       // the context's (or the service account's) namespace
  std::string authority_pem;
  std::string server_name;
  bool insecure = false;
  std::string certificate_pem, key_pem;
  std::string token;                // a fixed token, or
  std::string token_file;           // re-read each minute (leeway 10 s); the last good one is kept when a read fails
  std::string user_agent;
  std::string source;               // what it was read from, for messages
};

// kNotFound when there is no configuration at all; kInvalid names the file, the field and the value. Fields that are not
// supported (exec, auth-provider, username) are refused by name.
base::Result<Config> LoadConfig(const ConfigOptions& options);
std::unique_ptr<net::Transport> MakeTransport(const Config& config);

}  // namespace dm::kube

// Flags of dm-webhook.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "app/flags.h"

namespace dm::webhook {

struct Options {
  app::CommonFlags common;
  std::string address = "0.0.0.0";
  std::uint16_t port = 9443;
  int workers = 8;
  base::Duration drain_delay = std::chrono::seconds(10);
  base::Duration stale_after = std::chrono::minutes(5);

  std::string ns;                                        // empty: that of the service account or the kubeconfig
  std::string service = "dm-webhook";
  std::string tls_mode = "self";
  std::string tls_dir = "/etc/dm-webhook/tls";
  std::string ca_secret = "dm-webhook-ca";
  std::string configuration = "dm-webhook";
  std::vector<std::string> hosts;
  std::string cluster_domain = "cluster.local";
};

// nullopt: run. Else the exit code.
std::optional<int> ParseOptions(int argc, const char* const* argv, Options& options, std::ostream& out, std::ostream& errors);

}  // namespace dm::webhook

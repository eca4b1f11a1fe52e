// Flags and TOML of /dm-master and /dm-worker, with their real names, defaults and refusals.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace dm::standin {

struct MasterOptions {
  std::string name, data_dir, master_addr = ":8261", advertise_addr, initial_cluster, join, config;
  std::string peer_urls = "http://127.0.0.1:8291", advertise_peer_urls;
  std::string ssl_ca, ssl_cert, ssl_key;
  bool openapi = false;
};

struct WorkerOptions {
  std::string name, worker_addr = ":8262", advertise_addr, join, config, relay_dir;
  std::string ssl_ca, ssl_cert, ssl_key;
  int keepalive_ttl = 60, relay_keepalive_ttl = 1800;
};

// The message of an error is what DM prints ("parse cmd flags err: …"); the process exits 2 with it.
// `print_version`: -V was given.
base::Result<MasterOptions> ParseMasterOptions(const std::vector<std::string>& arguments, bool& print_version);
base::Result<WorkerOptions> ParseWorkerOptions(const std::vector<std::string>& arguments, bool& print_version);

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
// "host:8261", ":8261", "http://host:8291"; port 0 when it has none.
HostPort ParseHostPort(const std::string& address);

}  // namespace dm::standin

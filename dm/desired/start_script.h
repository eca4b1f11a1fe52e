// The shell scripts that start DM in its pods, as text. POSIX sh; nothing is decided in them that the operator decides.
//
// A master with data restarts. A master without data waits for its line in the bootstrap ConfigMap, which is mounted as the
// directory /etc/dm-bootstrap, so that it changes under a running pod. Its keys:
//   <pod>:           bootstrap <initial-cluster>      be one of the first members
//                    join <address>[,<address>…]      join those that are there
//   removed-<pod>:   <id>                             data of that removed member (or of that claim) is dead: it is moved
//                                                     aside once, as removed-<id>, and the master goes on as without data
// The operator must take `bootstrap` lines away once the cluster exists: a master that lost its volume would found a new one.
// The kubelet shows a change of a mounted ConfigMap after up to a minute: write a line before its pod is made.
#pragma once

#include <string>

namespace dm::desired {

struct StartScript {
  std::string data_dir;            // /var/lib/dm-master[/sub]
  std::string host_suffix;         // what follows the pod's name in its address: .a-dm-master-peer
  std::string join;                // workers: a-dm-master:8261
  std::string relay_dir;           // workers: made before the start; empty when the user's configuration names its own
  std::string dump_dir;            // workers: the working directory, where DM puts ./dumped_data
  std::string listen = "0.0.0.0";
  bool tls = false;
  // For tests: where "/" is, what is started, and how long the own DNS name is waited for.
  std::string root;
  std::string binary;              // default /dm-master, /dm-worker
  int dns_seconds = 30;
};

std::string MasterStartScript(const StartScript& script);
std::string WorkerStartScript(const StartScript& script);

}  // namespace dm::desired

// The live cluster as `check`, `nodes` and `status` see it: a seam, so that tests play one. One thread.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/pod_ledger.h"
#include "base/json.h"
#include "base/result.h"
#include "dm/requirements/evaluate.h"
#include "kube/client.h"

namespace dm::cli {

class LiveCluster {
 public:
  virtual ~LiveCluster() = default;
  virtual base::Result<std::vector<base::Json>> Nodes() = 0;
  virtual base::Result<std::vector<base::Json>> StorageClasses() = 0;
  virtual base::Result<std::vector<base::Json>> Namespaces() = 0;
  // What runs on the nodes, read whole: some seconds where there are very many pods.
  virtual base::Result<app::UsageNow> PodUsage() = 0;
  // The DMCluster as it is now; kNotFound when there is none.
  virtual base::Result<base::Json> Cluster(const std::string& ns, const std::string& name) = 0;
  virtual base::Result<std::vector<requirements::LiveClaim>> Claims(const std::string& ns, const std::string& cluster) = 0;
  // Anything else; the selectors as kubectl's -l and --field-selector, ns empty: across namespaces.
  virtual base::Result<base::Json> Get(const kube::Resource& resource, const std::string& ns, const std::string& name) = 0;
  virtual base::Result<std::vector<base::Json>> List(const kube::Resource& resource, const std::string& ns, const std::string& labels = {},
                                                     const std::string& fields = {}) = 0;
  // Server-side dry run: what the API server and its webhooks would answer. kInvalid, kDenied: refused.
  virtual base::Result<void> DryRun(const base::Json& object) = 0;
  virtual std::string DefaultNamespace() const = 0;
  virtual std::string Name() const = 0;          // the server, for messages
  virtual void StopWith(std::stop_token) {}      // ends reads that are under way
};

// What the rules want to know of a cluster's claims; those of other components are left out.
std::vector<requirements::LiveClaim> LiveClaimsOf(const std::vector<base::Json>& objects, const std::string& cluster);

struct LiveOptions {
  std::string kubeconfig, context, server, ns;
  bool Asked() const { return !kubeconfig.empty() || !context.empty() || !server.empty(); }
};
// kNotFound: there is no configuration on this machine.
base::Result<std::unique_ptr<LiveCluster>> Connect(const LiveOptions& options);
// The cluster behind a transport; `server` is its name in messages.
std::unique_ptr<LiveCluster> ClusterBehind(std::unique_ptr<net::Transport> transport, std::string server, std::string default_ns);

}  // namespace dm::cli

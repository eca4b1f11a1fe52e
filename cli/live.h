// The live cluster as `check` and `nodes` see it: a seam, so that tests play one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "dm/requirements/evaluate.h"

namespace dm::cli {

class LiveCluster {
 public:
  virtual ~LiveCluster() = default;
  virtual base::Result<std::vector<base::Json>> Nodes() = 0;
  virtual base::Result<std::vector<base::Json>> StorageClasses() = 0;
  virtual base::Result<std::vector<base::Json>> Namespaces() = 0;
  // The DMCluster as it is now; kNotFound when there is none.
  virtual base::Result<base::Json> Cluster(const std::string& ns, const std::string& name) = 0;
  virtual base::Result<std::vector<requirements::LiveClaim>> Claims(const std::string& ns, const std::string& cluster) = 0;
  // Server-side dry run: what the API server and its webhooks would answer. kInvalid, kDenied: refused.
  virtual base::Result<void> DryRun(const base::Json& object) = 0;
  virtual std::string DefaultNamespace() const = 0;
  virtual std::string Name() const = 0;          // the server, for messages
};

struct LiveOptions {
  std::string kubeconfig, context, server, ns;
  bool Asked() const { return !kubeconfig.empty() || !context.empty() || !server.empty(); }
};
// kNotFound: there is no configuration on this machine.
base::Result<std::unique_ptr<LiveCluster>> Connect(const LiveOptions& options);

}  // namespace dm::cli

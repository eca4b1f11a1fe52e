// ViewBuilder: from what the reflectors hold to the immutable ClusterView that rules judge on. A node is judged when what
// rules read of it changes, not when its heartbeat does, and never per request. Not thread-safe: one thread builds.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/pod_ledger.h"
#include "dm/requirements/policy.h"
#include "dm/requirements/view.h"
#include "kube/api/namespace.h"
#include "kube/api/node.h"
#include "kube/api/storage_class.h"
#include "kube/store.h"

namespace dm::app {

// What differs from the view before, by name.
struct ViewChange {
  bool policy = false;
  bool known = false;                 // a kind of data was listed for the first time (what runs: also that it no longer is known)
  bool usage = false;                 // what runs on the nodes, where the policy measures what is free
  std::vector<std::string> nodes, classes, namespaces;
  bool AnyButUsage() const { return policy || known || !nodes.empty() || !classes.empty() || !namespaces.empty(); }
  bool Any() const { return usage || AnyButUsage(); }
};

// Do they look the same to a rule? Heartbeats, addresses and resource versions do not count.
bool SameToRules(const kube::api::Node& a, const kube::api::Node& b);
bool SameToRules(const kube::api::StorageClass& a, const kube::api::StorageClass& b);
bool SameToRules(const kube::api::Namespace& a, const kube::api::Namespace& b);

// Parsers that keep only what rules read: memory of a large cluster is labels and annotations.
base::Result<kube::api::Node> ParseTrimmedNode(const base::Json& object);
base::Result<kube::api::Namespace> ParseTrimmedNamespace(const base::Json& object);

// What the watch of nodes said since the last view, so that one node of thousands costs little.
struct NodeNews {
  bool synced = false;                                                        // a list has been taken in whole
  std::map<std::string, std::shared_ptr<const kube::api::Node>> changed;      // by name; null: gone
};

class ViewBuilder {
 public:
  struct Built {
    std::shared_ptr<const requirements::ClusterView> view;   // the same pointer as before when nothing changed
    ViewChange change;
  };
  ViewBuilder();
  Built Build(const NodeNews& nodes, const kube::Snapshot<kube::api::StorageClass>& classes,
              const kube::Snapshot<kube::api::Namespace>& namespaces,
              const std::shared_ptr<const requirements::Policy>& policy, const UsageNow& usage = {});

 private:
  requirements::TraitsPool traits_;
  std::shared_ptr<const requirements::ClusterView> view_;
  std::shared_ptr<const requirements::Policy> policy_;
  UsageNow usage_;
};

}  // namespace dm::app

// Render: spec → the objects it stands for, as values. The operator applies them, the rules judge them, `kubectl dm render`
// prints them, so a rule can never disagree with what runs. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dm/cluster.h"
#include "kube/api/pod_spec.h"

namespace dm::desired {

struct Claim {
  std::string name;                              // of the template
  std::optional<std::string> storage_class;      // absent: the default class; "": static binding
  std::optional<Quantity> size;                  // what is rendered: v1's 10Gi where the spec says nothing
};

// One role's pods as the scheduler and the rules see them.
struct RolePods {
  Role role = Role::kMaster;
  int replicas = 0;
  kube::api::PodSpec pod;                        // the whole template, sidecars included
  std::string main_container;                    // the DM container: minimums are held against its requests
  std::optional<Claim> claim;
};

struct Objects {
  // In the order to apply; each with apiVersion, kind, metadata (name, namespace, labels, owner reference) and spec or
  // data. StatefulSets come last: masters, workers, monitor. The owner reference is left out while the cluster has no uid.
  // `suspendAction` changes nothing here: taking the StatefulSets away is the operator's step.
  std::vector<base::Json> manifests;
  std::vector<RolePods> roles;                   // master, worker if any, monitor if deployed
  std::vector<FieldProblem> problems;            // passed-through parts of the spec of which no pod can be made

  const base::Json* FindManifest(std::string_view kind, std::string_view name) const;
  const RolePods* Find(Role role) const;
};

struct RenderFacts {
  Environment environment = Environment::kProduction;     // effective: decides defaults of spread and anti-affinity
  std::string cluster_domain{};                           // empty: short names, as v1
  std::string runbooks{};                                 // URL of the page that alerts point to; empty: they point to none
};

Objects Render(const DMCluster& cluster, const RenderFacts& facts);

}  // namespace dm::desired

// Evaluate and Judge: the one engine of webhook, operator and CLI. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dm/cluster.h"
#include "dm/desired/render.h"
#include "dm/requirements/policy.h"
#include "dm/requirements/report.h"
#include "dm/requirements/view.h"

namespace dm::requirements {

// Live claims and members of a running cluster, where known.
struct LiveClaim {
  Role role;
  std::string name;
  // What was asked for and is there, so the smaller of the two: drivers round up, and a request that was never carried out may be
  // taken back. Zero: never provisioned.
  kube::api::Quantity capacity;
  std::optional<std::string> storage_class;
};
// Of a PersistentVolumeClaim as the API server gives it.
LiveClaim ReadLiveClaim(const base::Json& object, Role role);
struct LiveFacts {
  bool known = false;
  std::vector<LiveClaim> claims;
  std::vector<std::string> sources;      // that the running DM reports
};

struct Subject {
  DMCluster cluster;
  desired::Objects objects;
  Effective effective;
  LiveFacts live;
};

// Decodes nothing: `cluster` is what Decode gave. Resolves the environment from the view's namespace labels, renders.
Subject MakeSubject(DMCluster cluster, const ClusterView& view, const Policy& policy, LiveFacts live = {});

// `before`: the object as it was, for node rules on an update (judged only for roles whose own needs grew); null: all.
Report Evaluate(const Subject& now, const Subject* before, const ClusterView& view, const Policy& policy);

// The ratchet: a denial that `before` had too with no smaller shortfall becomes a warning.
Verdict Judge(const Report& now, const Report* before);

// The whole update order of requirements.md §6 for webhook and CLI: unchanged or being deleted → allowed; else both are
// evaluated on the same view. Decode problems are the caller's (they deny by themselves).
struct Review {
  Verdict verdict;
  Report report;
  // Passed-through parts of the new spec of which no pod can be made, and could be before; like Decode's problems they deny
  // and are the caller's.
  std::vector<FieldProblem> problems;
  bool skipped = false;                  // unchanged spec or being deleted: nothing was judged
};
Review ReviewChange(const DMCluster& now, const DMCluster* before, const ClusterView& view, const Policy& policy,
                    const LiveFacts& live = {});

}  // namespace dm::requirements

// `kubectl dm check`: the requirement rules on manifests, before anything is sent.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/cluster_data.h"
#include "cli/live.h"
#include "dm/requirements/evaluate.h"
#include "dm/requirements/problems.h"

namespace dm::cli {

struct CheckOptions {
  std::vector<std::string> files;
  DataFiles data;
  std::string policy;                 // file; empty: the cluster's own, else the built-in one
  std::vector<std::string> old;       // the objects as they were
  LiveOptions live;
  bool offline = false;
  bool require_nodes = false;
  bool json = false;
};

// One object's answer.
struct Outcome {
  Item item;                          // source and line
  std::string ns, name;
  requirements::Review review;
  requirements::Problems problems;            // of the schema: new ones deny
  std::string refused;                        // by the API server, in a dry run
  bool Denied() const { return !problems.denials.empty() || !refused.empty() || !review.verdict.allowed; }
};

struct Checked {
  std::vector<Outcome> outcomes;
  int skipped = 0;                            // objects of other kinds
  std::vector<std::string> remarks;           // for standard error
};

// `connect` makes the live cluster when one is to be asked; tests give their own.
using Connector = base::Result<std::unique_ptr<LiveCluster>> (*)(const LiveOptions&);
base::Result<Checked> Check(const CheckOptions& options, Connector connect = Connect);

// Check, print, exit code.
int RunCheck(const CheckOptions& options, std::ostream& out, std::ostream& err, Connector connect = Connect);

}  // namespace dm::cli

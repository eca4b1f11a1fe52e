// Label selectors, node selectors, taints and tolerations: the scheduler's matching rules as pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/api/object_meta.h"

namespace dm::kube::api {

enum class Operator { kIn, kNotIn, kExists, kDoesNotExist, kGt, kLt };

struct Requirement {
  std::string key;
  Operator op = Operator::kIn;
  std::vector<std::string> values;
};

// metav1.LabelSelector. An empty selector matches everything; one that is absent where the API allows it nothing.
struct LabelSelector {
  Labels match_labels;
  std::vector<Requirement> match_expressions;
  bool nothing = false;
  bool Matches(const Labels& labels) const;
};
// kInvalid names the path from the selector on: "matchExpressions[0].operator must be …". JSON null: matches nothing.
base::Result<LabelSelector> ParseLabelSelector(const base::Json& selector);

// One term of a required node affinity: expressions on labels and on fields (metadata.name), all must hold.
// A term without any expression matches nothing (as in the scheduler).
struct NodeSelectorTerm {
  std::vector<Requirement> match_expressions;
  std::vector<Requirement> match_fields;
  bool Matches(const Labels& node_labels, const std::string& node_name) const;
};

// One requirement against a label map; Gt and Lt compare integers.
bool MatchesRequirement(const Requirement& requirement, const Labels& labels);
// With any of the six operators; kInvalid when operator and values do not fit.
base::Result<Requirement> ParseRequirement(const base::Json& expression);

struct Taint {
  std::string key, value, effect;
  bool operator==(const Taint&) const = default;
};

struct Toleration {
  std::string key, op = "Equal", value, effect;   // empty effect: every effect; key empty with Exists: every taint
  bool Tolerates(const Taint& taint) const;
};

}  // namespace dm::kube::api

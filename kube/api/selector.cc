// Matching labels, nodes and taints, as the API machinery and the scheduler do.
#include "kube/api/selector.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "kube/api/fields.h"
#include "kube/api/selector_fields.h"

namespace dm::kube::api {
namespace {

constexpr std::array<std::pair<std::string_view, Operator>, 6> kOperators = {{{"In", Operator::kIn},
                                                                              {"NotIn", Operator::kNotIn},
                                                                              {"Exists", Operator::kExists},
                                                                              {"DoesNotExist", Operator::kDoesNotExist},
                                                                              {"Gt", Operator::kGt},
                                                                              {"Lt", Operator::kLt}}};

bool Contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// What Gt and Lt compare with. The API server and the scheduler want it to be a label's value as well as an integer, so it can
// bear no sign: a term with one is refused, and where it got into the store it selects no node.
std::optional<std::int64_t> Bound(const std::string& text) {
  constexpr std::size_t kLongestValue = 63;
  if (text.empty() || text.size() > kLongestValue || text[0] < '0' || text[0] > '9') return std::nullopt;
  return base::ParseInt(text);
}

}  // namespace

bool MatchesRequirement(const Requirement& requirement, const Labels& labels) {
  const auto found = labels.find(requirement.key);
  const bool has = found != labels.end();
  switch (requirement.op) {
    case Operator::kIn: return has && Contains(requirement.values, found->second);
    case Operator::kNotIn: return !has || !Contains(requirement.values, found->second);
    case Operator::kExists: return has;
    case Operator::kDoesNotExist: return !has;
    case Operator::kGt:
    case Operator::kLt: {
      if (!has || requirement.values.size() != 1) return false;
      const auto actual = base::ParseInt(found->second);
      const auto bound = Bound(requirement.values.front());
      if (!actual || !bound) return false;
      return requirement.op == Operator::kGt ? *actual > *bound : *actual < *bound;
    }
  }
  return false;
}

bool LabelSelector::Matches(const Labels& labels) const {
  if (nothing) return false;
  const bool labels_fit = std::all_of(match_labels.begin(), match_labels.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
  return labels_fit && std::all_of(match_expressions.begin(), match_expressions.end(),
                                   [&](const Requirement& r) { return MatchesRequirement(r, labels); });
}

bool NodeSelectorTerm::Matches(const Labels& node_labels, const std::string& node_name) const {
  if (match_expressions.empty() && match_fields.empty()) return false;
  const Labels fields{{"metadata.name", node_name}};
  return std::all_of(match_expressions.begin(), match_expressions.end(),
                     [&](const Requirement& r) { return MatchesRequirement(r, node_labels); }) &&
         std::all_of(match_fields.begin(), match_fields.end(),
                     [&](const Requirement& r) { return MatchesRequirement(r, fields); });
}

bool Toleration::Tolerates(const Taint& taint) const {
  if (!effect.empty() && effect != taint.effect) return false;
  if (!key.empty() && key != taint.key) return false;
  if (op == "Exists") return true;
  return (op.empty() || op == "Equal") && value == taint.value;
}

Requirement ReadRequirement(const Fields& fields, Comparisons comparisons) {
  const bool with_comparisons = comparisons == Comparisons::kAllowed;
  Requirement requirement;
  requirement.key = fields.String("key");
  if (requirement.key.empty()) fields.Refuse("key", "the key of a label");
  const std::string op = fields.String("operator");
  const std::size_t allowed = with_comparisons ? 6 : 4;
  const auto end = kOperators.begin() + allowed;
  const auto found = std::find_if(kOperators.begin(), end, [&](const auto& row) { return row.first == op; });
  if (found == end) {
    fields.Refuse("operator", with_comparisons ? "In, NotIn, Exists, DoesNotExist, Gt or Lt"
                                               : "In, NotIn, Exists or DoesNotExist");
    return requirement;
  }
  requirement.op = found->second;
  requirement.values = fields.StringList("values");
  switch (requirement.op) {
    case Operator::kIn:
    case Operator::kNotIn:
      if (requirement.values.empty()) fields.Refuse("values", "a list with at least one value for " + op);
      break;
    case Operator::kExists:
    case Operator::kDoesNotExist:
      if (!requirement.values.empty()) fields.Refuse("values", "absent for " + op);
      break;
    case Operator::kGt:
    case Operator::kLt:
      if (requirement.values.size() != 1 || !Bound(requirement.values.front())) {
        fields.Refuse("values", "a list of exactly one integer without a sign, as [\"4\"], for " + op);
      }
      break;
  }
  return requirement;
}

LabelSelector ReadLabelSelector(const Fields& fields) {
  LabelSelector selector;
  selector.nothing = !fields.present();
  selector.match_labels = fields.StringMap("matchLabels");
  fields.ForEach("matchExpressions", [&](const Fields& expression) {
    selector.match_expressions.push_back(ReadRequirement(expression, Comparisons::kForbidden));
  });
  return selector;
}

base::Result<Requirement> ParseRequirement(const base::Json& expression) {
  FieldError error;
  const Fields fields(&expression, "", error);
  Requirement requirement = ReadRequirement(fields, Comparisons::kAllowed);
  if (error) return base::Fail(*std::move(error));
  return requirement;
}

base::Result<LabelSelector> ParseLabelSelector(const base::Json& selector) {
  FieldError error;
  const Fields fields(&selector, "", error);
  LabelSelector parsed = ReadLabelSelector(fields);
  if (error) return base::Fail(*std::move(error));
  return parsed;
}

}  // namespace dm::kube::api

// Objects of the API: any JSON is answered, and matching keeps its logic.
#include <nlohmann/json.hpp>

#include "kube/api/node.h"
#include "kube/api/pod_spec.h"
#include "kube/api/selector.h"
#include "kube/api/storage_class.h"
#include "tests/fuzz/target.h"

namespace dm::fuzz {
namespace {

using kube::api::Labels;
using kube::api::Operator;
using kube::api::Requirement;

const std::vector<Labels>& SomeLabels() {
  static const std::vector<Labels> labels = {{}, {{"a", "b"}}, {{"a", ""}, {"zone", "z1"}}, {{"a", "16"}, {"", "x"}}};
  return labels;
}

bool Matches(Requirement requirement, Operator op, const Labels& labels) {
  requirement.op = op;
  return kube::api::MatchesRequirement(requirement, labels);
}

void CheckRequirement(const Requirement& requirement, const Labels& labels) {
  Require(Matches(requirement, Operator::kIn, labels) != Matches(requirement, Operator::kNotIn, labels),
          "NotIn is the opposite of In");
  Require(Matches(requirement, Operator::kExists, labels) != Matches(requirement, Operator::kDoesNotExist, labels),
          "DoesNotExist is the opposite of Exists");
  Require(!(Matches(requirement, Operator::kGt, labels) && Matches(requirement, Operator::kLt, labels)),
          "nothing is both greater and less");
}

void Try(std::string_view input) {
  const auto object = base::ParseJson(input, {.max_bytes = 1 << 16, .max_depth = 32});
  if (!object) return;
  const auto node = kube::api::ParseNode(*object);
  const auto pod = kube::api::ParsePod(*object);
  (void)kube::api::ParseStorageClass(*object);
  const auto selector = kube::api::ParseLabelSelector(*object);
  const auto requirement = kube::api::ParseRequirement(*object);
  const auto spec = kube::api::ParsePodSpec(*object);
  Require(!pod || spec, "a pod that can be read has a spec that can be read");
  for (const Labels& labels : SomeLabels()) {
    if (requirement) CheckRequirement(*requirement, labels);
    if (!selector) continue;
    for (const Requirement& r : selector->match_expressions) {
      CheckRequirement(r, labels);
      Require(!selector->Matches(labels) || kube::api::MatchesRequirement(r, labels), "a selector is the and of its parts");
    }
  }
  if (!spec) return;
  Require(spec->TotalCpu() >= spec->cpu_overhead.value_or(kube::api::Quantity()) || spec->pod_cpu_request ||
              spec->TotalCpu().IsNegative(),
          "overhead comes on top");
  kube::api::Node one;
  one.meta.labels = SomeLabels()[1];
  one.taints = {{"a", "b", "NoSchedule"}, {"", "", "NoExecute"}};
  (void)spec->SelectsNode(node ? *node : one);
  (void)spec->UntoleratedTaint(node ? *node : one);
}

const Registered kTarget{{"selector",
                          &Try,
                          {"\"In\"", "\"NotIn\"", "\"Exists\"", "\"DoesNotExist\"", "\"Gt\"", "\"Lt\"", "\"operator\":", "\"values\":",
                           "\"key\":\"a\"", "\"matchExpressions\":[", "\"matchLabels\":{", "null", "[]", "{}", "\"\"", "16", "\"16\"",
                           "\"spec\":", "\"tolerations\":[", "\"affinity\":", "\"resources\":", "\"cpu\":\"9e9\"", "-1", ","},
                          10'000}};

}  // namespace
}  // namespace dm::fuzz

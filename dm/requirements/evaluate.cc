#include "dm/requirements/evaluate.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dm/requirements/context.h"
#include "dm/requirements/registry.h"

namespace dm::requirements {

namespace {

constexpr const char* kNamespaceName = "kubernetes.io/metadata.name";   // a label that every namespace carries

}  // namespace

LiveClaim ReadLiveClaim(const base::Json& object, Role role) {
  const auto amount = [&](std::initializer_list<std::string_view> path) {
    const base::Json* value = base::FindPath(object, path);
    const auto parsed = value == nullptr ? base::Result<kube::api::Quantity>(kube::api::Quantity()) : kube::api::Quantity::FromJson(*value);
    return parsed ? *parsed : kube::api::Quantity();
  };
  LiveClaim claim;
  claim.role = role;
  if (const base::Json* name = base::FindPath(object, {"metadata", "name"}); name != nullptr && name->is_string()) claim.name = name->get<std::string>();
  const auto asked = amount({"spec", "resources", "requests", "storage"});
  claim.capacity = amount({"status", "capacity", "storage"});
  if (!asked.IsZero()) claim.capacity = std::min(claim.capacity, asked);
  if (const base::Json* spec = base::Find(object, "spec")) claim.storage_class = base::GetString(*spec, "storageClassName");
  return claim;
}

Subject MakeSubject(DMCluster cluster, const ClusterView& view, const Policy& policy, LiveFacts live) {
  Subject subject;
  const std::string ns = cluster.meta.ns.empty() ? "default" : cluster.meta.ns;
  const auto known = view.namespaces.find(ns);
  subject.effective = known != view.namespaces.end() ? Resolve(policy, known->second, cluster.environment)
                                                     : Resolve(policy, {{kNamespaceName, ns}}, cluster.environment);
  desired::RenderFacts facts;
  facts.environment = subject.effective.environment;
  facts.runbooks = policy.runbooks;
  subject.objects = desired::Render(cluster, facts);
  subject.cluster = std::move(cluster);
  subject.live = std::move(live);
  return subject;
}

Report Evaluate(const Subject& now, const Subject* before, const ClusterView& view, const Policy& policy) {
  Context context(now, before, view, policy);
  for (const RuleRow& row : Registry()) row.check(row.rule, context);
  // A policy that selects namespaces by label cannot be applied to one whose labels nobody knows.
  const bool labels_known = view.namespaces.contains(now.cluster.meta.ns.empty() ? "default" : now.cluster.meta.ns);
  if (!policy.namespaces.empty() && !labels_known) {
    context.NotCheck(Rule::kEnvironmentTooLax, "the labels of the namespace, by which the policy selects, are not known",
                     Severity::kWarn);   // whatever environment it came to be judged by
  }
  return context.Take();
}

Review ReviewChange(const DMCluster& now, const DMCluster* before, const ClusterView& view, const Policy& policy,
                    const LiveFacts& live) {
  Review review;
  if (now.meta.BeingDeleted() || (before != nullptr && before->raw == now.raw)) {
    review.skipped = true;
    return review;
  }
  const Subject subject = MakeSubject(now, view, policy, live);
  review.problems = subject.objects.problems;
  if (before == nullptr) {
    review.report = Evaluate(subject, nullptr, view, policy);
    review.verdict = Judge(review.report, nullptr);
    return review;
  }
  const Subject previous = MakeSubject(*before, view, policy, live);
  std::erase_if(review.problems, [&](const FieldProblem& problem) {    // as it was before: not held against this change
    const auto& old = previous.objects.problems;
    return std::any_of(old.begin(), old.end(), [&](const FieldProblem& p) { return p.field == problem.field && p.message == problem.message; });
  });
  const Report old = Evaluate(previous, nullptr, view, policy);
  review.report = Evaluate(subject, &previous, view, policy);
  review.verdict = Judge(review.report, &old);
  return review;
}

}  // namespace dm::requirements

#include "webhook/decide.h"

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "dm/cluster.h"
#include "webhook/answer.h"
#include "webhook/live_facts.h"

namespace dm::webhook {
namespace {

using base::Json;
using requirements::Rule;

// Bookmarks come each minute: a node watch that is silent for longer may not know of new nodes.
constexpr auto kNodesStale = std::chrono::seconds(90);

bool Denies(const requirements::Review& judged, Rule first, Rule last) {
  return std::any_of(judged.verdict.denials.begin(), judged.verdict.denials.end(),
                     [&](const auto& finding) { return finding.rule >= first && finding.rule <= last; });
}

Decision NotNowBecause(std::string why) {
  Decision decision;
  decision.not_now = std::move(why);
  return decision;
}

Decision Skipped(const Review& review, const std::string& why) {
  Decision decision{Allowed(review.uid), {}};
  decision.reply.audit["skipped"] = why;
  return decision;
}

// Worth asking again, as opposed to a fault that asking does not mend (no permission, an answer that makes no sense).
bool Passing(const base::Error& error) {
  return error.code == base::Code::kUnavailable || error.code == base::Code::kTimeout || error.code == base::Code::kCancelled;
}

bool BeingDeleted(const Json& object) {
  const Json* metadata = base::Find(object, "metadata");
  return metadata != nullptr && base::Find(*metadata, "deletionTimestamp") != nullptr &&
         !base::Find(*metadata, "deletionTimestamp")->is_null();
}

bool SameSpec(const Json& now, const Json& before) {
  const Json* a = base::Find(now, "spec");
  const Json* b = base::Find(before, "spec");
  if (a == nullptr || b == nullptr) return a == b;
  return *a == *b;
}

// Takes what a look-up brought, or says what to do without it: ask again (a reason), or go on with what we have.
template <class T>
std::string Take(base::Result<T> found, T& into) {
  if (found) {
    into = std::move(*found);
    return {};
  }
  if (Passing(found.error())) return found.error().ToString();
  base::LogWarn("a look-up failed; judging by the cache", {{"error", found.error().ToString()}});
  return {};
}

}  // namespace

Decision Decider::DecideChange(const Review& review, const Json& now, const Json* before) const {
  if (before != nullptr && BeingDeleted(now)) return Skipped(review, "being deleted");
  if (before != nullptr && SameSpec(now, *before)) return Skipped(review, "spec unchanged");
  if (std::string cold = knowledge_.why_cold(); !cold.empty()) return NotNowBecause(std::move(cold));

  const app::Surroundings around = knowledge_.surroundings();
  if (!around.policy) return NotNowBecause("there is no good policy yet");
  ViewPtr view = around.view;

  const Decoded decoded = Decode(now);
  std::optional<Decoded> old;
  if (before != nullptr) old = Decode(*before);
  const DMCluster* stored = old ? &old->cluster : nullptr;
  requirements::Problems problems = requirements::SplitProblems(decoded, old ? &*old : nullptr);

  const bool held = view->namespaces.contains(review.ns);
  if (!held) {
    if (auto why = Take(lookup_.WithNamespace(view, review.ns), view); !why.empty()) return NotNowBecause(std::move(why));
  }
  requirements::LiveFacts live;
  if (auto why = Take(GatherLiveFacts(decoded.cluster, stored, lookup_), live); !why.empty()) return NotNowBecause(std::move(why));

  const auto judge = [&] { return requirements::ReviewChange(decoded.cluster, stored, *view, *around.policy, live); };
  requirements::Review judged = judge();
  // What we hold may be older than what was applied a moment ago, so nothing is refused for labels or classes unseen.
  if (held && !around.policy->namespaces.empty() && !judged.verdict.denials.empty()) {
    if (auto why = Take(lookup_.WithNamespace(view, review.ns), view); !why.empty()) return NotNowBecause(std::move(why));
    judged = judge();
  }
  if (Denies(judged, Rule::kStorageClassExists, Rule::kObjectStorage)) {
    if (auto why = Take(lookup_.WithClasses(view), view); !why.empty()) return NotNowBecause(std::move(why));
    judged = judge();
  }
  if (knowledge_.node_silence() > kNodesStale && Denies(judged, Rule::kNodeLinux, Rule::kNoCandidates)) {
    if (auto why = Take(lookup_.WithNodes(view, *around.policy), view); !why.empty()) return NotNowBecause(std::move(why));
    judged = judge();
  }
  problems.denials.insert(problems.denials.end(), judged.problems.begin(), judged.problems.end());
  return {Answer(review, judged.verdict, problems, judged.report.effective), {}};
}

// A scale request shows an autoscaling/v1 Scale. It is judged like the edit that it stands for, on the object as it is now:
// the Scale may be younger than any cache.
Decision Decider::DecideScale(const Review& review) const {
  auto current = lookup_.Cluster(review.ns, review.name);
  if (!current) {
    const base::Error& error = current.error();
    if (Passing(error)) return NotNowBecause(error.ToString());
    if (error.code == base::Code::kNotFound) {
      return {Refused(review.uid, 404, "NotFound", "DMCluster " + review.ns + "/" + review.name + " was not found"), {}};
    }
    return {Refused(review.uid, 500, "InternalError", "the DMCluster to be scaled could not be read: " + error.ToString()), {}};
  }
  Json now = *current;
  const Json* spec = base::Find(review.object, "spec");
  // Absent stands for zero: Go leaves it out.
  const std::int64_t replicas = spec == nullptr ? 0 : base::GetIntOr(*spec, "replicas", 0);
  Json& worker = now["spec"]["worker"];
  if (!worker.is_object()) worker = Json::object();
  worker["replicas"] = replicas;

  Review change = review;
  if (const Json* metadata = base::Find(*current, "metadata")) change.object_uid = base::GetStringOr(*metadata, "uid");
  return DecideChange(change, now, &*current);
}

Decision Decider::Decide(const Review& review) const {
  // Deletions are never in our hands, whatever the registration says.
  if (review.operation == Operation::kDelete || review.operation == Operation::kConnect) return {Allowed(review.uid), {}};
  switch (review.target) {
    case Target::kStatus: return {Allowed(review.uid), {}};
    case Target::kScale: return DecideScale(review);
    case Target::kCluster:
      return DecideChange(review, review.object, review.operation == Operation::kUpdate ? &review.old_object : nullptr);
    case Target::kOther: break;
  }
  return {Refused(review.uid, 400, "BadRequest",
                  "this webhook judges " + std::string(kApiVersion) + " " + std::string(kPlural) + " and was asked about " +
                      review.resource + ": correct the rules of the ValidatingWebhookConfiguration"),
          {}};
}

}  // namespace dm::webhook

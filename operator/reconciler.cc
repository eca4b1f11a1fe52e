#include "operator/reconciler.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/dm_resource.h"
#include "base/log.h"
#include "base/strings.h"
#include "operator/lifecycle/left_alone.h"
#include "operator/observe.h"
#include "operator/requirements_check.h"
#include "operator/status.h"

namespace dm::op {
namespace {

using base::Code;
using base::Json;
using base::Result;

constexpr auto kAfterChange = std::chrono::milliseconds(500);   // DM needs a moment: a new leader comes within 0.1 to 1 s
constexpr auto kCatchUp = std::chrono::milliseconds(100);

kube::ObjectReference ReferenceOf(const DMCluster& want) {
  return {std::string(kApiVersion), std::string(kKind), want.meta.ns, want.meta.name, want.meta.uid};
}

// An object that the webhook would have refused (it was down, or it is not installed).
lifecycle::Plan Refuse(const FieldProblem& problem, std::size_t count) {
  lifecycle::Plan plan;
  std::string text = problem.field + ": " + problem.message;
  if (count > 1) text += " (and " + std::to_string(count - 1) + " more)";
  plan.waits.push_back({lifecycle::Component::kCluster, "InvalidSpec", std::move(text)});
  return plan;
}

// The marks of the pods there are: which authority each of them was started to trust.
std::set<std::string> MarksOf(const lifecycle::Observed& seen) {
  std::set<std::string> marks;
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    for (const auto& [ordinal, pod] : seen.role(role).pods) marks.insert(pod.meta.Annotation(std::string(lifecycle::kAuthorityMark)));
  }
  return marks;
}

// Certificates as the plan's outcome: a condition, a wait while they are not usable, and nothing started without them.
void TellCertificates(const certificates::Standing& standing, const lifecycle::Observed& seen, const DMCluster& want, lifecycle::Plan& plan) {
  if (!standing.usable) {
    const lifecycle::Wait wait{lifecycle::Component::kCluster, standing.reason, standing.message};
    if (!seen.Find("StatefulSet", want.names().StatefulSet(Role::kMaster))) {
      std::erase_if(plan.actions, [](const lifecycle::Action& action) { return !std::holds_alternative<lifecycle::Emit>(action); });
    }
    plan.waits.push_back(wait);
  }
  kube::api::Condition condition;
  condition.type = "CertificatesReady";
  condition.status = standing.usable ? "True" : "False";
  condition.reason = standing.reason;
  condition.message = standing.message;
  plan.conditions.push_back(std::move(condition));
  plan.look_again = plan.look_again ? std::min(*plan.look_again, standing.look_again) : standing.look_again;
}

}  // namespace

// What one pass carries from step to step.
struct Reconciler::Pass {
  std::string key;
  requirements::Subject subject;
  lifecycle::Observed seen;
  lifecycle::Plan plan;
  RequirementsCheck check;
  std::optional<certificates::Standing> certificates;   // of a cluster with an issuer
  base::WallTime wall{};
  bool ready = false;                  // the condition Ready as written

  const DMCluster& want() const { return subject.cluster; }
};

void Reconciler::Forget(const std::string& key) {
  parts_.poller.Forget(key);
  parts_.findings.Forget(key);
  parts_.credentials.Forget(key);
  parts_.certificates.Forget(key);
  expectations_.Forget(key);
  subtasks_.Lock()->erase(key);
}

std::shared_ptr<const requirements::Policy> Reconciler::Unsoftened(const std::shared_ptr<const requirements::Policy>& policy) {
  auto pair = policy_.Lock();
  if (pair->given != policy) {
    pair->given = policy;
    pair->unsoftened = std::make_shared<const requirements::Policy>(op::Unsoftened(*policy));
  }
  return pair->unsoftened;
}

// Before anything else: members need them to start, and we to ask the members.
void Reconciler::KeepCertificates(Pass& pass, const DMCluster& want, std::stop_token stop) {
  if (!want.tls || want.issuer == Issuer::kUser || lifecycle::LeftAlone(want, pass.seen)) return;
  pass.certificates = parts_.certificates.Keep(want, MarksOf(pass.seen), std::move(stop));
  pass.seen.authority = pass.certificates->mark;
  if (pass.certificates->written) parts_.credentials.Forget(pass.key);
  if (!pass.certificates->news.empty()) parts_.emit(ReferenceOf(want), false, "CertificatesChanged", pass.certificates->news);
}

void Reconciler::Expect(const std::string& key, const std::string& ns, const Written& written) {
  const std::string where = ns + "/" + written.name;
  const auto reached = [written, where](const auto& store) {
    const auto item = store.Find(where);
    if (written.resource_version.empty()) return !item || item->meta.uid != written.uid || item->meta.BeingDeleted();
    return item && HasReached(item->meta.resource_version, written.resource_version);
  };
  const Stores& stores = parts_.stores;
  if (written.kind == "Pod") return expectations_.Add(key, [reached, &stores] { return reached(stores.pods); });
  if (written.kind == "PersistentVolumeClaim") return expectations_.Add(key, [reached, &stores] { return reached(stores.claims); });
  const auto* store = written.kind == "StatefulSet"           ? &stores.sets
                      : written.kind == "Service"             ? &stores.services
                      : written.kind == "ConfigMap"           ? &stores.config_maps
                      : written.kind == "PodDisruptionBudget" ? &stores.budgets
                                                              : &stores.clusters;
  expectations_.Add(key, [reached, store] { return reached(*store); });
}

Result<void> Reconciler::WriteStatus(Pass& pass, std::stop_token stop) {
  const StatusInput in{pass.want(), pass.seen, pass.plan, pass.check.conditions,
                       std::string(EnvironmentName(pass.subject.effective.environment)), pass.wall};
  const Json status = BuildStatus(in);
  const auto conditions = kube::api::ParseConditions(base::Find(status, "conditions"));
  const auto* ready = kube::api::FindCondition(conditions, "Ready");
  pass.ready = ready && ready->status == "True";
  const Json diff = MergeDiff(pass.want().status, status);
  if (diff.empty()) return {};
  const Json patch = {{"metadata", {{"uid", pass.want().meta.uid}}}, {"status", diff}};
  auto patched = parts_.client.MergePatch(app::DMClusters(), pass.want().meta.ns, pass.want().meta.name, patch, "status", std::move(stop));
  if (!patched) {
    // The cluster went away meanwhile, or another of its name came: nothing to say any more.
    if (patched.error().code == Code::kNotFound) return {};
    return base::Propagate(patched, "writing the status");
  }
  ++writes_.Lock()->statuses;
  base::LogDebug("status", {{"cluster", pass.key}, {"diff", base::DumpJson(diff)}});
  const Json* meta = base::Find(*patched, "metadata");
  Expect(pass.key, pass.want().meta.ns, {std::string(kKind), pass.want().meta.name, pass.want().meta.uid, meta ? base::GetStringOr(*meta, "resourceVersion") : ""});
  pass.subject.cluster.status = status;
  return {};
}

namespace {

// What the API server refuses as invalid it may take once something else has changed: a port is free, a policy of the
// cluster's is milder. Of that nobody tells us, and the plan's own times must not be lost for it.
tl::unexpected<base::Error> TriedAgain(base::Error error) {
  if (error.code == base::Code::kInvalid) error.code = base::Code::kUnavailable;
  return base::Fail(std::move(error));
}

}  // namespace

Result<kube::Requeue> Reconciler::Reconcile(const std::string& key, std::stop_token stop) {
  const auto kept = parts_.stores.clusters.Find(key);
  if (!kept || kept->meta.BeingDeleted()) {
    Forget(key);
    return kube::Requeue{};
  }
  if (!expectations_.Met(key)) return kube::Requeue{kCatchUp};
  const auto surroundings = parts_.surroundings();
  if (!surroundings.policy) return base::Fail(Code::kUnavailable, "there is no policy yet");
  const auto policy = Unsoftened(surroundings.policy);
  const auto object = ObjectOf(*kept);
  if (!object) return base::Fail(Code::kInternal, "a kept DMCluster does not parse");
  Decoded decoded = Decode(*object);

  Pass pass;
  pass.key = key;
  pass.wall = parts_.clock.Wall();

  // Members: tell the poller whom to ask now, then take what it knows.
  const bool subtasks = subtasks_.Lock()->contains(key);
  pass.seen = Observe(parts_.stores, decoded.cluster, nullptr, *surroundings.view);
  if (decoded.problems.empty()) KeepCertificates(pass, decoded.cluster, stop);
  const auto credentials = parts_.credentials.Of(decoded.cluster, stop);
  const auto target = [&](bool with_subtasks) { return TargetOf(decoded.cluster, pass.seen.master.pods, *credentials, with_subtasks); };
  if (credentials) {
    parts_.poller.Retarget(key, target(subtasks));
    if (const auto reads = parts_.poller.Latest(key)) pass.seen.members = *reads;
  } else {
    pass.seen.members.roster = members::Known<members::Roster>::Unknown(credentials.error().ToString());
    pass.seen.members.current = true;
  }

  pass.subject = requirements::MakeSubject(decoded.cluster, *surroundings.view, *policy, LiveFactsOf(decoded.cluster, pass.seen));
  auto problems = decoded.problems;
  problems.insert(problems.end(), pass.subject.objects.problems.begin(), pass.subject.objects.problems.end());
  pass.plan = lifecycle::MakePlan(pass.want(), pass.subject.objects, pass.seen, {parts_.clock.Now(), pass.wall});
  if (!problems.empty() && !pass.plan.hands_off) {
    auto refused = Refuse(problems.front(), problems.size());
    refused.bootstrap = std::move(pass.plan.bootstrap);   // what is remembered stays remembered
    refused.intents = std::move(pass.plan.intents);
    refused.transfers = std::move(pass.plan.transfers);
    refused.failures = std::move(pass.plan.failures);
    pass.plan = std::move(refused);
  }
  if (pass.certificates && !pass.plan.hands_off) TellCertificates(*pass.certificates, pass.seen, pass.want(), pass.plan);
  if (!pass.plan.hands_off) {
    pass.check = CheckRequirements(pass.subject, pass.seen, *surroundings.view, *policy);
    if (const auto refused = PolicyRefused(parts_.policy_error())) pass.check.conditions.push_back(*refused);
  }

  const auto reference = ReferenceOf(pass.want());
  const auto before = kube::api::ParseConditions(base::Find(pass.want().status, "conditions"));
  const ExecuteInput input{pass.want(),
                           pass.seen,
                           pass.plan,
                           credentials ? *credentials : members::Credentials{},
                           [&] { return WriteStatus(pass, stop); },
                           [&](const lifecycle::Emit& e) { parts_.emit(reference, e.warning, e.reason, e.message); }};
  Outcome outcome = parts_.executor.Run(input, stop);
  writes_.Lock()->objects += outcome.written.size();
  for (const Written& written : outcome.written) Expect(key, pass.want().meta.ns, written);
  // A namespace that goes takes nothing new: no failure, and no use in asking again before the DMCluster has gone too.
  const bool namespace_goes = !outcome.result && outcome.result.error().reason == "NamespaceTerminating";
  if (namespace_goes) {
    pass.plan.waits.push_back({lifecycle::Component::kCluster, "NamespaceTerminating",
                               "the namespace " + pass.want().meta.ns + " is being deleted: nothing is created in it any more"});
    outcome.result = {};
  } else if (!outcome.result && outcome.result.error().code != Code::kCancelled && outcome.result.error().code != Code::kConflict) {
    const base::Error& error = outcome.result.error();
    if (error.reason == "NameTaken") {
      pass.plan.waits.push_back({lifecycle::Component::kCluster, "NameTaken", error.message});
    } else {
      pass.plan.waits.push_back({lifecycle::Component::kCluster, "ActionFailed", error.ToString()});
    }
  }
  // After a start of ours nothing has been read of the members yet. That is no news to a status that is up to date: the reading
  // comes at once, and this pass again with it.
  const bool unread = credentials && !pass.plan.hands_off && !parts_.poller.Latest(key) && outcome.written.empty() && outcome.result && !namespace_goes &&
                      base::GetIntOr(pass.want().status, "observedGeneration", 0) == pass.want().meta.generation;
  const auto written = unread ? Result<void>() : WriteStatus(pass, stop);

  if (pass.plan.hands_off || !credentials) {
    parts_.poller.Forget(key);
  } else {
    if (pass.seen.members.current && subtasks != pass.plan.wants_subtasks) {
      auto wanted = subtasks_.Lock();
      wanted->erase(key);
      if (pass.plan.wants_subtasks) wanted->insert(key);
    }
    parts_.poller.Watch(key, target(pass.seen.members.current ? pass.plan.wants_subtasks : subtasks),
                        pass.ready && pass.plan.Settled() ? options_.members_settled : options_.members_busy);
    if (outcome.members_changed) {
      parts_.poller.Refresh(key, kAfterChange);
    } else if (pass.plan.wants_fresh) {
      parts_.poller.Refresh(key);
    }
  }
  if (!pass.plan.hands_off) {
    parts_.findings.Set(key, pass.check.counts);
    for (const auto& telling : WhatChanged(before, pass.check.conditions)) {
      parts_.emit(reference, telling.warning, telling.reason, telling.message);
    }
  }
  if (!outcome.result) return TriedAgain(outcome.result.error());
  if (!written) return TriedAgain(written.error());
  if (namespace_goes) return kube::Requeue{options_.resync};
  auto again = std::min(pass.plan.look_again.value_or(options_.resync), options_.resync);
  if (!credentials) again = std::min(again, CredentialSource::kKeepFailure);   // nothing else tells when they can be read
  return kube::Requeue{again};
}

}  // namespace dm::op

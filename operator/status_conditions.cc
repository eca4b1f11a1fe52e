// The conditions that follow from what is observed. Each looks for the first thing that is wrong, the gravest first, and says
// that; texts are steady (no counters that move, no times), so that a condition changes only when its meaning does.
#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "operator/status.h"

namespace dm::op {
namespace {

using kube::api::Condition;
using lifecycle::ReadSet;

constexpr std::size_t kMaxMessage = 1000;

Condition Make(std::string type, std::string status, std::string reason, std::string message) {
  Condition condition;
  condition.type = std::move(type);
  condition.status = std::move(status);
  condition.reason = std::move(reason);
  if (message.size() > kMaxMessage) message = base::Printable(message, kMaxMessage);
  condition.message = std::move(message);
  return condition;
}

class Judge {
 public:
  explicit Judge(const StatusInput& in) : in_(in), names_(in.want.names()) {}

  Condition Ready() const {
    const auto no = [](std::string reason, std::string message) { return Make("Ready", "False", std::move(reason), std::move(message)); };
    if (in_.plan.suspended) return no("Suspended", "suspendAction keeps pods of this cluster down");
    for (const auto& wait : in_.plan.waits) {
      if (wait.component == lifecycle::Component::kCluster) return no(wait.reason, wait.message);
    }
    if (const auto why = PodsNotReady(Role::kMaster); !why.empty()) return no("MastersNotReady", why);
    if (const auto why = MembersNotWell(); !why.empty()) return no("MembersNotReady", why);
    if (const auto why = PodsNotReady(Role::kWorker); !why.empty()) return no("WorkersNotReady", why);
    if (const auto why = WorkersNotWell(); !why.empty()) return no("WorkersNotReady", why);
    if (!in_.plan.waits.empty()) return no("Progressing", Text(in_.plan.waits.front()));
    return Make("Ready", "True", "Ready", "all members run as the spec asks");
  }

  Condition Available() const {
    const auto& roster = in_.seen.members.roster;
    if (!roster) {
      // Silence of pods that are not even there is an answer.
      const bool up = std::any_of(in_.seen.master.pods.begin(), in_.seen.master.pods.end(), [](const auto& p) { return p.second.ready; });
      return up ? Make("Available", "Unknown", "MembersUnknown", roster.why())
                : Make("Available", "False", "NoMaster", "no dm-master is ready");
    }
    if (roster->leader.name.empty()) return Make("Available", "False", "NoLeader", "the dm-masters have no leader");
    const auto working = std::count_if(roster->workers.begin(), roster->workers.end(), [](const auto& w) { return w.stage != "offline"; });
    if (in_.want.has_worker && working == 0) return Make("Available", "False", "NoWorker", "no dm-worker is registered and online");
    return Make("Available", "True", "Available", "the dm-masters have a leader" + std::string(in_.want.has_worker ? " and a dm-worker is online" : ""));
  }

  Condition Progressing(const Condition& ready) const {
    if (!in_.plan.waits.empty()) {
      std::vector<std::string> texts;
      for (const auto& wait : in_.plan.waits) texts.push_back(Text(wait));
      const bool still = std::all_of(in_.plan.waits.begin(), in_.plan.waits.end(), [](const auto& w) { return w.reason == "Suspended"; });
      return Make("Progressing", still ? "False" : "True", in_.plan.waits.front().reason, base::Join(texts, "; "));
    }
    if (ready.status != "True") return Make("Progressing", "True", ready.reason, ready.message);
    return Make("Progressing", "False", "Settled", "nothing is under way");
  }

  Condition Degraded() const {
    const auto yes = [](std::string reason, std::string message) { return Make("Degraded", "True", std::move(reason), std::move(message)); };
    const auto& reads = in_.seen.members;
    const auto healthy = [](std::string message) { return Make("Degraded", "False", "Healthy", std::move(message)); };
    if (in_.plan.suspended) return healthy("the cluster is suspended");
    if (in_.plan.bootstrap.cluster_id.empty()) return healthy("the cluster has not formed yet");
    if (reads.cluster_id && *reads.cluster_id != in_.plan.bootstrap.cluster_id) {
      return yes("ForeignMembers", "the members that answer belong to DM cluster " + *reads.cluster_id + ", the claims to " + in_.plan.bootstrap.cluster_id);
    }
    if (!reads.roster) return yes("MembersUnknown", "DM does not answer: " + reads.roster.why());
    std::vector<std::string> sick, foreign, offline, loose;
    for (const auto& master : reads.roster->masters) {
      if (OrdinalOf(names_, Role::kMaster, master.name) < 0) {
        foreign.push_back(master.name.empty() ? "(no name yet)" : master.name);
      } else if (!reads.Healthy(master.name)) {
        sick.push_back(master.name);
      }
    }
    const std::size_t all = reads.roster->masters.size();
    if (!sick.empty()) {
      const bool at_risk = all - sick.size() <= all / 2 + 1 && all > 1;
      return yes(at_risk ? "QuorumAtRisk" : "MemberUnhealthy", base::Join(sick, ", ") + " is not healthy" +
                 (at_risk ? "; the loss of one more takes the majority away" : ""));
    }
    for (const auto& source : reads.sources ? *reads.sources : std::vector<members::Source>{}) {
      if (source.worker.empty()) loose.push_back(source.name);
    }
    if (!loose.empty()) return yes("SourceUnscheduled", "no dm-worker is bound to source " + base::Join(loose, ", "));
    for (const auto& worker : reads.roster->workers) {
      if (worker.stage == "offline" && OrdinalOf(names_, Role::kWorker, worker.name) < in_.want.worker.replicas) offline.push_back(worker.name);
    }
    if (!offline.empty()) return yes("WorkerOffline", base::Join(offline, ", ") + " is offline");
    if (!foreign.empty()) return yes("UnknownMember", "DM lists dm-masters that this cluster does not have: " + base::Join(foreign, ", "));
    return healthy("every member is healthy");
  }

  // Only where the operator runs one. What it watches is well without it, so it takes nothing from Ready.
  std::optional<Condition> Monitor() const {
    if (!in_.want.monitor || in_.want.monitor->external || in_.want.monitor->replicas < 1) return std::nullopt;
    for (int ordinal = 0; ordinal < in_.want.monitor->replicas; ++ordinal) {
      const std::string name = names_.Pod(Role::kMonitor, ordinal);
      const auto pod = in_.seen.monitor.pods.find(ordinal);
      const bool there = pod != in_.seen.monitor.pods.end();
      if (there && pod->second.ready && !pod->second.meta.BeingDeleted()) continue;
      return Make("MonitorReady", "False", "MonitorNotReady", there ? name + PodTrouble(pod->second) : name + " does not exist yet");
    }
    return Make("MonitorReady", "True", "MonitorReady", "the monitor runs");
  }

 private:
  static std::string Text(const lifecycle::Wait& wait) {
    if (wait.component == lifecycle::Component::kCluster) return wait.message;
    return std::string(lifecycle::ComponentName(wait.component)) + ": " + wait.message;
  }

  // What keeps a pod from being ready, as Kubernetes says it.
  static std::string PodTrouble(const kube::api::Pod& pod) {
    if (pod.meta.BeingDeleted()) return " is ending";
    if (!pod.scheduled && !pod.unscheduled_message.empty()) return " cannot be scheduled: " + base::Printable(pod.unscheduled_message, 300);
    if (!pod.waiting_reason.empty() && pod.waiting_reason != "ContainerCreating" && pod.waiting_reason != "PodInitializing") {
      return " waits: " + pod.waiting_reason + (pod.waiting_message.empty() ? "" : ", " + base::Printable(pod.waiting_message, 300));
    }
    return " is not ready";
  }

  std::string PodsNotReady(Role role) const {
    const int replicas = role == Role::kWorker && !in_.want.has_worker ? 0 : in_.want.component(role).replicas;
    const auto* set = in_.seen.Find("StatefulSet", names_.StatefulSet(role));
    const std::string title(RoleTitle(role));
    if (!set) return replicas > 0 || role == Role::kMaster ? "there is no StatefulSet of " + title + " yet" : "";
    const auto state = ReadSet(*set);
    if (!state.observed) return "Kubernetes has not taken in the newest StatefulSet of " + title;
    for (int ordinal = 0; ordinal < replicas; ++ordinal) {
      const auto pod = in_.seen.role(role).pods.find(ordinal);
      if (pod == in_.seen.role(role).pods.end()) return names_.Pod(role, ordinal) + " does not exist yet";
      if (!pod->second.ready || pod->second.meta.BeingDeleted()) return names_.Pod(role, ordinal) + PodTrouble(pod->second);
    }
    return {};
  }

  std::string MembersNotWell() const {
    const auto& reads = in_.seen.members;
    if (!reads.roster) return "DM does not answer: " + reads.roster.why();
    if (reads.roster->leader.name.empty()) return "the dm-masters have no leader";
    for (int ordinal = 0; ordinal < in_.want.master.replicas; ++ordinal) {
      const std::string pod = names_.Pod(Role::kMaster, ordinal);
      if (!reads.roster->FindMaster(pod)) return pod + " is not a member yet";
      if (!reads.Healthy(pod)) return pod + " is not healthy";
    }
    return {};
  }

  std::string WorkersNotWell() const {
    if (!in_.want.has_worker) return {};
    for (int ordinal = 0; ordinal < in_.want.worker.replicas; ++ordinal) {
      const std::string pod = names_.Pod(Role::kWorker, ordinal);
      const auto* worker = in_.seen.members.roster->FindWorker(pod);
      if (!worker) return pod + " is not registered yet";
      if (worker->stage == "offline") return pod + " is offline";
    }
    return {};
  }

  const StatusInput& in_;
  const Names names_;
};

}  // namespace

std::vector<Condition> BuildConditions(const StatusInput& in) {
  const Judge judge(in);
  std::vector<Condition> conditions;
  conditions.push_back(judge.Ready());
  conditions.push_back(judge.Available());
  conditions.push_back(judge.Progressing(conditions.front()));
  conditions.push_back(judge.Degraded());
  if (auto monitor = judge.Monitor()) conditions.push_back(*std::move(monitor));
  if (!kube::api::FindCondition(in.plan.conditions, "DataAtRisk")) {
    conditions.push_back(Make("DataAtRisk", "False", "DataSafe", "every recorded member has its volume"));
  }
  // The schema has an end, and so has a reader: of a hundred claims not all need be named.
  for (const auto& c : in.plan.conditions) conditions.push_back(Make(c.type, c.status, c.reason, c.message));
  conditions.insert(conditions.end(), in.requirements.begin(), in.requirements.end());
  return conditions;
}

}  // namespace dm::op

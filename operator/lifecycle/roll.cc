// Roll: pods of an older template, and those whose disks grow only when they are mounted anew, are replaced one at a time, masters
// before workers, never both, the leader last, and only while every other one is well. The StatefulSets are OnDelete, so that the
// order is ours: a worker in the middle of a dump must not hold up the others, and the leadership moves once. Nothing is lost by
// replacing a pod that is broken, so those come first.
#include <algorithm>

#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

constexpr const char* kGrows = "its disk grows when it is mounted anew";

void Replace(Planning& p, Role role, int ordinal) {
  const auto& pod = p.seen.role(role).pods.at(ordinal);
  p.moves.emplace_back(DeleteObject{"Pod", pod.meta.name, pod.meta.uid,
                                    p.OfOldTemplate(role, ordinal) ? "it runs an older template" : kGrows});
}

// What is the matter with those pods.
std::string Trouble(const Planning& p, Role role, const std::vector<int>& outdated, const std::string& pods) {
  const bool old = std::any_of(outdated.begin(), outdated.end(), [&](int ordinal) { return p.OfOldTemplate(role, ordinal); });
  const bool disk = std::any_of(outdated.begin(), outdated.end(), [&](int ordinal) { return p.AwaitsMount(role, ordinal); });
  return std::to_string(outdated.size()) + " " + pods + (old && disk ? " run an older template, or have disks that grow only when they are mounted anew"
                                                         : disk      ? " have disks that grow only when they are mounted anew"
                                                                     : " run an older template");
}

std::string Goal(const Planning& p, Role role, int ordinal, const std::vector<int>& outdated) {
  return "replacing " + p.Pod(role, ordinal) + " (" + Trouble(p, role, outdated, std::string(RoleTitle(role)) + " pods") + ")";
}

bool UserReplaces(const Planning& p, Role role) {
  const auto& component = p.want.component(role);
  auto strategy = base::GetStringOr(component.raw, "statefulSetUpdateStrategy");
  if (strategy.empty()) strategy = base::GetStringOr(p.want.raw, "statefulSetUpdateStrategy");
  return strategy == "OnDelete";
}

// The outdated pod that is ending already; -1: none.
int Ending(const Planning& p, Role role, const std::vector<int>& outdated) {
  for (const int ordinal : outdated) {
    if (p.seen.role(role).pods.at(ordinal).meta.BeingDeleted()) return ordinal;
  }
  return -1;
}

// Its DM never started, or does not stay up. A container beside it (a sidecar of the user's, or an injected one) says nothing of DM.
bool Down(Role role, const kube::api::Pod& pod) {
  const std::string dm = "dm-" + std::string(RoleName(role));
  return !pod.ready && (pod.pod_ip.empty() || std::find(pod.waiting.begin(), pod.waiting.end(), dm) != pod.waiting.end());
}

// It runs, but DM itself says that it is of no use. Not ready alone is no such word: after an outage of the API server the pods
// of every node that could not report are called not ready, while all members work.
bool Useless(const Planning& p, Role role, int ordinal) {
  const auto& pod = p.seen.role(role).pods.at(ordinal);
  if (pod.ready || Down(role, pod)) return false;
  if (role == Role::kMaster) {
    const auto health = p.seen.members.health.find(p.Pod(role, ordinal));
    return health != p.seen.members.health.end() && health->second && !*health->second;
  }
  const auto* roster = p.Trusted();
  const auto* worker = roster ? roster->FindWorker(p.Pod(role, ordinal)) : nullptr;
  return roster && (!worker || worker->stage == "offline");
}

// Outdated pods that do not work: those that are down at once, whatever else is going on; those that run one after the other.
bool ReplaceBroken(Planning& p, Role role, const std::vector<int>& outdated) {
  bool any = false;
  const bool ending = Ending(p, role, outdated) >= 0;
  for (const int ordinal : outdated) {
    if (p.seen.role(role).pods.at(ordinal).meta.BeingDeleted()) continue;
    if (!Down(role, p.seen.role(role).pods.at(ordinal)) && (any || ending || !Useless(p, role, ordinal))) continue;
    Replace(p, role, ordinal);
    any = true;
  }
  if (any) p.WaitFor(ComponentOf(role), "Rolling", "replacing pods that do not work: " + Trouble(p, role, outdated, "pods"));
  return any;
}

// Another pod of the role that is not ready or missing; empty: none.
std::string Unready(const Planning& p, Role role, int except) {
  const int replicas = p.LiveReplicas(role);
  for (int ordinal = 0; ordinal < replicas; ++ordinal) {
    if (ordinal == except) continue;
    const auto it = p.seen.role(role).pods.find(ordinal);
    if (it == p.seen.role(role).pods.end() || !it->second.ready || it->second.meta.BeingDeleted()) return p.Pod(role, ordinal);
  }
  return {};
}

// Highest ordinal first, the leader last; one that is not ready before all others, which would have to wait for it.
int NextMaster(const Planning& p, const members::Roster* roster, const std::vector<int>& outdated) {
  int next = outdated.back(), best = 0;
  for (auto it = outdated.rbegin(); it != outdated.rend(); ++it) {
    const bool leads = roster && roster->leader.name == p.Pod(Role::kMaster, *it);
    const int rank = leads ? 1 : p.seen.master.pods.at(*it).ready ? 2 : 3;
    if (rank > best) {
      next = *it;
      best = rank;
    }
  }
  return next;
}

void RollMasters(Planning& p, const std::vector<int>& outdated) {
  std::string why;
  const auto* roster = p.Trusted(&why);
  const int ordinal = NextMaster(p, roster, outdated);
  const std::string pod = p.Pod(Role::kMaster, ordinal);
  const std::string goal = Goal(p, Role::kMaster, ordinal, outdated);
  if (!roster) return p.WaitFor(Component::kMaster, "RollBlocked", goal + ": the members are not known: " + why);
  if (why = Unready(p, Role::kMaster, ordinal); !why.empty()) {
    return p.WaitFor(Component::kMaster, "Rolling", goal + ": waiting for " + why + " to be ready");
  }
  if (!p.OthersHealthy(*roster, pod, &why)) return p.WaitFor(Component::kMaster, "RollBlocked", goal + ": " + why + " is not healthy");
  if (!p.Fresh()) return p.WaitFor(Component::kMaster, "Rolling", goal + ": asking the members once more");
  if (roster->leader.name == pod && roster->masters.size() > 1) {
    return p.Evict(pod, p.seen.master.pods.at(ordinal).meta.uid, goal);
  }
  Replace(p, Role::kMaster, ordinal);
  p.WaitFor(Component::kMaster, "Rolling", goal);
}

void RollWorkers(Planning& p, const std::vector<int>& outdated) {
  if (const auto why = Unready(p, Role::kMaster, -1); !why.empty()) {   // the last to be replaced is on its way back
    return p.WaitFor(Component::kWorker, "Rolling", Goal(p, Role::kWorker, outdated.back(), outdated) + ": waiting for " + why + " to be ready");
  }
  std::string held;
  for (auto it = outdated.rbegin(); it != outdated.rend(); ++it) {
    const std::string pod = p.Pod(Role::kWorker, *it);
    const std::string goal = Goal(p, Role::kWorker, *it, outdated);
    if (const auto why = Unready(p, Role::kWorker, *it); !why.empty()) {
      return p.WaitFor(Component::kWorker, "Rolling", goal + ": waiting for " + why + " to be ready");
    }
    if (p.want.update.wait_for_sync && !p.Forced("roll")) {
      std::string what;
      const auto may = Disturbable(p, pod, &what);
      if (!may) return p.WaitFor(Component::kWorker, "Rolling", goal + ": finding out what it does: " + what);
      if (!*may) {
        held += (held.empty() ? "" : ", ") + pod + " " + what;
        continue;
      }
      if (!p.Fresh()) return p.WaitFor(Component::kWorker, "Rolling", goal + ": asking the members once more");
    }
    Replace(p, Role::kWorker, *it);
    return p.WaitFor(Component::kWorker, "Rolling", goal);
  }
  p.WaitFor(Component::kWorker, "RollBlocked", held + "; it is replaced when that has finished (or set dm.pingcap.com/force: roll)");
}

// Its template is rolled by Kubernetes; nobody waits for it.
void RestartMonitor(Planning& p) {
  const auto& pods = p.seen.monitor.pods;
  if (std::any_of(pods.begin(), pods.end(), [](const auto& one) { return one.second.meta.BeingDeleted(); })) return;
  for (const auto& [ordinal, pod] : pods) {
    if (!p.AwaitsMount(Role::kMonitor, ordinal)) continue;
    p.moves.emplace_back(DeleteObject{"Pod", pod.meta.name, pod.meta.uid, kGrows});
    return;
  }
}

}  // namespace

void Roll(Planning& p) {
  RestartMonitor(p);
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    const auto outdated = p.Outdated(role);
    if (outdated.empty() || p.held.contains(role)) continue;
    if (UserReplaces(p, role)) {
      p.Say("UpdateAvailable", true, "OnDelete",
            Trouble(p, role, outdated, "pods") + "; statefulSetUpdateStrategy is OnDelete, so they change when you delete them");
      continue;
    }
    if (ReplaceBroken(p, role, outdated)) return;
    if (p.Busy(ComponentOf(role))) return;
    if (role == Role::kWorker && p.Busy(Component::kMaster)) {   // masters join, go, or hand over the lead: one thing at a time
      return p.WaitFor(Component::kWorker, "Rolling", Goal(p, role, outdated.back(), outdated) + ": the dm-masters change first");
    }
    if (const int ordinal = Ending(p, role, outdated); ordinal >= 0) {
      return p.WaitFor(ComponentOf(role), "Rolling", Goal(p, role, ordinal, outdated) + ": waiting for its end");
    }
    role == Role::kMaster ? RollMasters(p, outdated) : RollWorkers(p, outdated);
    return;   // never both
  }
}

}  // namespace dm::op::lifecycle

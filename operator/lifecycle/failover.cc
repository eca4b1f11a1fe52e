// Failover: a master that cannot come back is removed from DM, so that the majority is counted without it, and joins anew under
// its name. Nothing but two facts makes it lost: its node is gone (or an administrator has tainted it out-of-service), or its
// claim does not carry its data any more. Silence alone never does. What was found stands in the status from the first look on,
// with its time; nothing is judged while DM's answer is unknown, and the executor looks at the node or claim once more, live.
#include <algorithm>

#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

constexpr int kMaxFailover = 3;   // v1's maxFailoverCount

struct Lost {
  std::string node, why;          // node empty: the claim
};

bool NodeLost(const Planning& p, const std::string& node) {
  const auto it = p.seen.nodes.find(node);
  return it != p.seen.nodes.end() && it->second != NodeState::kThere;
}

const kube::api::Pod* PodOf(const Planning& p, int ordinal) {
  const auto it = p.seen.master.pods.find(ordinal);
  return it == p.seen.master.pods.end() ? nullptr : &it->second;
}

const Claim* ClaimOf(const Planning& p, int ordinal) {
  const auto it = p.seen.master.claims.find(ordinal);
  return it == p.seen.master.claims.end() ? nullptr : &it->second;
}

// The lost node that holds this master: the one that its pod stands on, or, of a pod that finds no place, the one that it was
// seen on before or that its volume was made for. Empty: none.
std::string LostNode(const Planning& p, int ordinal, const std::string& seen_on) {
  const auto* pod = PodOf(p, ordinal);
  if (pod && !pod->node_name.empty()) return NodeLost(p, pod->node_name) ? pod->node_name : "";
  const Claim* claim = ClaimOf(p, ordinal);
  for (const auto& node : {claim ? claim->meta.Annotation(kSelectedNode) : std::string(), seen_on}) {
    if (!node.empty() && NodeLost(p, node)) return node;
  }
  return {};
}

std::optional<Lost> LookAt(const Planning& p, int ordinal, const std::string& seen_on) {
  if (p.Healthy(p.Pod(Role::kMaster, ordinal))) return std::nullopt;
  if (p.memory.first.contains(ordinal) || p.memory.joining.contains(ordinal)) return std::nullopt;   // it has no data yet
  if (p.recorded.contains(ordinal)) return std::nullopt;   // this plan has its claim say that it carries it
  const Claim* claim = ClaimOf(p, ordinal);
  const std::string name = p.names.Claim(Role::kMaster, ordinal);
  if (!claim) return Lost{"", "its claim " + name + " is gone"};
  if (claim->phase == "Lost") return Lost{"", "the volume of its claim " + name + " is gone"};
  if (!claim->IsMember()) return Lost{"", "its claim " + name + " does not carry its data"};
  const std::string node = LostNode(p, ordinal, seen_on);
  if (node.empty()) return std::nullopt;
  return Lost{node, "node " + node + (p.seen.nodes.at(node) == NodeState::kGone ? " is gone" : " is tainted out-of-service")};
}

FailureMember* Find(Planning& p, const std::string& pod) {
  const auto it = std::find_if(p.plan.failures.begin(), p.plan.failures.end(), [&](const auto& f) { return f.pod == pod; });
  return it == p.plan.failures.end() ? nullptr : &*it;
}

void Drop(Planning& p, const std::string& pod) {
  std::erase_if(p.plan.failures, [&](const auto& f) { return f.pod == pod; });
}

// Which of the listed masters are lost, and since when.
void Judge(Planning& p, const members::Roster& roster) {
  for (const auto& master : roster.masters) {
    const int ordinal = OrdinalOf(p.names, Role::kMaster, master.name);
    if (ordinal < 0) continue;
    FailureMember* known = Find(p, master.name);
    const auto lost = LookAt(p, ordinal, known ? known->node : "");
    if (!lost) {
      if (!known || (known->removed && !p.Healthy(master.name))) continue;   // it has joined, and is about to be well
      p.moves.emplace_back(Emit{false, known->removed ? "MasterReplaced" : "MasterCameBack",
                                master.name + (known->removed ? " has been replaced and is healthy" : " is not lost any more")});
      Drop(p, master.name);
      continue;
    }
    if (known && (known->removed || known->member_id != master.id)) {   // another member of that name
      Drop(p, master.name);
      known = nullptr;
    }
    if (!known) {
      const Claim* claim = ClaimOf(p, ordinal);
      p.plan.failures.push_back({master.name, master.id, claim ? claim->meta.uid : "", lost->node, base::FormatRfc3339(p.now.wall), false});
      p.moves.emplace_back(Emit{true, "MasterLost", master.name + " is lost: " + lost->why});
    } else if (!lost->node.empty()) {
      known->node = lost->node;
    }
  }
  const auto failures = p.plan.failures;
  for (const auto& failure : failures) {
    if (roster.FindMaster(failure.pod)) continue;
    Find(p, failure.pod)->removed = true;   // by us, or by a hand
    const int ordinal = OrdinalOf(p.names, Role::kMaster, failure.pod);
    if (ordinal >= p.Desired(Role::kMaster) && !PodOf(p, ordinal)) Drop(p, failure.pod);
  }
}

// The volume of a removed member lies on the lost node, and its pod can stand nowhere else: claim and pod are made anew. Where
// the volume can follow its pod, the old data is set aside on it instead, as after every removal.
void FreeVolumes(Planning& p) {
  for (const auto& failure : p.plan.failures) {
    const int ordinal = OrdinalOf(p.names, Role::kMaster, failure.pod);
    const Claim* claim = ClaimOf(p, ordinal);
    if (!failure.removed || !claim || claim->meta.uid != failure.claim_uid || claim->meta.BeingDeleted() || !claim->Retired()) continue;
    if (ordinal >= p.Desired(Role::kMaster)) continue;
    if (claim->phase != "Lost" && LostNode(p, ordinal, failure.node).empty()) continue;
    const std::string why = failure.pod + " was removed from DM, and its volume is lost with node " + failure.node;
    p.moves.emplace_back(Emit{true, "VolumeReplaced", why});
    p.moves.emplace_back(DeleteObject{"PersistentVolumeClaim", claim->meta.name, claim->meta.uid, why});
    const auto* pod = PodOf(p, ordinal);
    if (pod && !pod->meta.BeingDeleted()) p.moves.emplace_back(DeleteObject{"Pod", pod->meta.name, pod->meta.uid, why});
  }
}

int Limit(const Planning& p) { return p.want.update.max_failover.value_or(p.want.master.max_failover.value_or(kMaxFailover)); }

// At most one is removed, and only with a majority of healthy others.
void Act(Planning& p, const members::Roster& roster) {
  const auto removed = std::count_if(p.plan.failures.begin(), p.plan.failures.end(), [](const auto& f) { return f.removed; });
  for (const auto& failure : p.plan.failures) {
    if (failure.removed) continue;
    const int ordinal = OrdinalOf(p.names, Role::kMaster, failure.pod);
    const auto lost = LookAt(p, ordinal, failure.node);
    if (!lost) continue;
    const std::string goal = "replacing " + failure.pod + ": " + lost->why;
    if (removed >= Limit(p)) {
      p.Tell(Component::kMaster, "FailoverLimit",
             goal + ", but updatePolicy.maxFailover (" + std::to_string(Limit(p)) + ") allows no more masters to be replaced at a time");
      continue;
    }
    const auto since = base::ParseRfc3339(failure.since);
    const auto due = (since ? std::min(*since, p.now.wall) : p.now.wall) + p.want.update.failover_period;
    if (due > p.now.wall) {
      p.LookAgain(std::chrono::duration_cast<base::Duration>(due - p.now.wall));
      p.Tell(Component::kMaster, "FailoverPending", goal + ", unless it comes back by " + base::FormatRfc3339(due));
      continue;
    }
    const auto well = std::count_if(roster.masters.begin(), roster.masters.end(), [&](const auto& other) {
      return other.name != failure.pod && other.alive && p.Healthy(other.name);
    });
    if (well < static_cast<std::ptrdiff_t>(roster.masters.size() / 2 + 1)) {
      p.Tell(Component::kMaster, "FailoverBlocked", goal + ": the other healthy masters are no majority");
      continue;
    }
    if (roster.leader.name.empty() || roster.leader.name == failure.pod) {
      p.Tell(Component::kMaster, "FailoverBlocked", goal + ": waiting until another master leads");
      continue;
    }
    if (!p.Fresh()) return p.WaitFor(Component::kMaster, "FailingOver", goal + ": asking the members once more");
    p.member_action = DeleteMember{Role::kMaster, failure.pod, failure.member_id, Loss{lost->node, p.names.Claim(Role::kMaster, ordinal)}};
    return p.WaitFor(Component::kMaster, "FailingOver", goal);
  }
}

}  // namespace

void CarryFailures(Planning& p) {
  const base::Json* list = base::FindPath(p.want.status, {"master", "failureMembers"});
  if (!list || !list->is_object()) return;
  for (const auto& [name, entry] : list->items()) {
    if (OrdinalOf(p.names, Role::kMaster, name) < 0 || !entry.is_object()) continue;
    p.plan.failures.push_back({name, base::GetStringOr(entry, "memberID"), base::GetStringOr(entry, "pvcUID"), base::GetStringOr(entry, "node"),
                               base::GetStringOr(entry, "createdAt"), base::GetBoolOr(entry, "memberDeleted", false)});
  }
}

void Failover(Planning& p) {
  if (p.held.contains(Role::kMaster) || !p.memory.Known()) return;
  const auto* roster = p.Trusted();
  if (!roster) return;
  Judge(p, *roster);
  FreeVolumes(p);
  if (!p.Busy(Component::kMaster)) Act(p, *roster);
}

}  // namespace dm::op::lifecycle

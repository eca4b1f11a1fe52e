// Planning: what the steps share.
#include <algorithm>

#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

void Planning::WaitFor(Component component, std::string reason, std::string message) {
  busy.insert(component);
  plan.waits.push_back({component, std::move(reason), std::move(message)});
}

void Planning::Tell(Component component, std::string reason, std::string message) {
  plan.waits.push_back({component, std::move(reason), std::move(message)});
}

void Planning::Say(std::string type, bool status, std::string reason, std::string message) {
  kube::api::Condition condition;
  condition.type = std::move(type);
  condition.status = status ? "True" : "False";
  condition.reason = std::move(reason);
  condition.message = std::move(message);
  plan.conditions.push_back(std::move(condition));
}

void Planning::LookAgain(base::Duration after) {
  plan.look_again = plan.look_again ? std::min(*plan.look_again, after) : after;
}

int Planning::Desired(Role role) const {
  if (role == Role::kWorker && !want.has_worker) return 0;
  return want.component(role).replicas;
}

const Child* Planning::Set(Role role) const { return seen.Find("StatefulSet", names.StatefulSet(role)); }

int Planning::LiveReplicas(Role role) const {
  const Child* set = Set(role);
  return set ? ReadSet(*set).replicas : 0;
}

const members::Roster* Planning::Trusted(std::string* why) const {
  const auto& reads = seen.members;
  const auto refuse = [&](std::string reason) -> const members::Roster* {
    if (why) *why = std::move(reason);
    return nullptr;
  };
  if (!reads.roster) return refuse(reads.roster.why());
  if (!reads.current) return refuse("the members are being asked again");
  if (!reads.cluster_id) return refuse("the cluster id is not known: " + reads.cluster_id.why());
  if (memory.Known() && memory.cluster_id != *reads.cluster_id) {
    return refuse("the members that answer belong to cluster " + *reads.cluster_id + ", the claims to cluster " + memory.cluster_id);
  }
  return &*reads.roster;
}

bool Planning::OthersHealthy(const members::Roster& roster, const std::string& except, std::string* who) const {
  for (const auto& master : roster.masters) {
    if (master.name == except) continue;
    if (master.name.empty()) {
      if (who) *who = "a master that is just joining";
      return false;
    }
    if (!Healthy(master.name) || !master.alive) {
      if (who) *who = master.name;
      return false;
    }
  }
  return true;
}

base::Duration Planning::Unsettled(const members::Roster& roster, const std::string& except) const {
  base::Duration longest{0};
  for (const auto& master : roster.masters) {
    if (master.name == except) continue;
    const auto since = seen.members.healthy_since.find(master.name);
    const base::Duration for_now = since == seen.members.healthy_since.end() ? base::Duration{0} : now.monotonic - since->second;
    longest = std::max(longest, kSettling - for_now);
  }
  return longest;
}

int Planning::MastersToKeep() const {
  int keep = 0;
  for (const auto& [ordinal, claim] : seen.master.claims) {
    if (claim.IsMember()) keep = std::max(keep, ordinal + 1);
  }
  if (const auto* roster = Trusted()) {
    // One that has begun to join is listed without its name until its etcd is up. DM removes by name only: its pod stays until then.
    bool begun = now.monotonic - seen.members.at > kFresh;   // it may have been added since
    for (const auto& master : roster->masters) {
      keep = std::max(keep, OrdinalOf(names, Role::kMaster, master.name) + 1);
      begun |= master.name.empty();
    }
    for (const int ordinal : memory.joining) {
      if (begun) keep = std::max(keep, ordinal + 1);
    }
    return keep;
  }
  // Without a word from DM nothing is taken away.
  for (const int ordinal : memory.first) keep = std::max(keep, ordinal + 1);
  for (const int ordinal : memory.joining) keep = std::max(keep, ordinal + 1);   // it may have joined by now
  return std::max(keep, LiveReplicas(Role::kMaster));
}

bool Planning::Fresh() {
  if (now.monotonic - seen.members.at <= kFresh) return true;
  plan.wants_fresh = true;
  return false;
}

void Planning::Evict(const std::string& pod, const std::string& incarnation, const std::string& goal) {
  const auto announced = [&](std::string_view action) {
    return std::any_of(plan.intents.begin(), plan.intents.end(), [&](const Intent& i) { return i.pod == pod && i.action == action; });
  };
  if (announced(kNoOtherLeader)) {
    return WaitFor(Component::kMaster, "NoOtherLeader",
                   goal + ": it leads, and no other dm-master may (an eviction by hand? dmctl operate-leader cancel-evict)");
  }
  // One at a time: two that are barred may leave nobody to lead.
  for (const Intent& other : plan.intents) {
    if (other.pod == pod || other.action != kEvictLeader) continue;
    member_action = CancelEvict{other.pod};
    const std::string name = other.pod;
    std::erase_if(plan.intents, [&](const Intent& i) { return i.pod == name; });
    return WaitFor(Component::kMaster, "CancellingEviction", goal + ": it leads; " + name + " may lead again first");
  }
  // Asked for again while it still leads: evicting twice does no harm, forgetting it after a crash would.
  if (!announced(kEvictLeader)) plan.intents.push_back({std::string(kEvictLeader), pod, incarnation});
  member_action = EvictLeader{pod};
  WaitFor(Component::kMaster, "EvictingLeader", goal + ": it leads; waiting for another leader");
}

std::vector<int> Planning::Outdated(Role role) const {
  std::vector<int> ordinals;
  const Child* set = Set(role);
  if (!set) return ordinals;
  const SetState state = ReadSet(*set);
  if (!state.observed || state.update_revision.empty()) return ordinals;
  for (const auto& [ordinal, pod] : seen.role(role).pods) {
    if (ordinal >= state.replicas) continue;   // it goes anyway
    if (OfOldTemplate(role, ordinal) || AwaitsMount(role, ordinal)) ordinals.push_back(ordinal);
  }
  return ordinals;
}

bool Planning::OfOldTemplate(Role role, int ordinal) const {
  const auto pod = seen.role(role).pods.find(ordinal);
  const Child* set = Set(role);
  return set && pod != seen.role(role).pods.end() && !pod->second.controller_revision.empty() &&
         pod->second.controller_revision != ReadSet(*set).update_revision;
}

bool Planning::AwaitsMount(Role role, int ordinal) const {
  const auto pod = seen.role(role).pods.find(ordinal);
  const auto claim = seen.role(role).claims.find(ordinal);
  if (pod == seen.role(role).pods.end() || claim == seen.role(role).claims.end() || claim->second.file_system_since.empty()) return false;
  const auto since = base::ParseRfc3339(claim->second.file_system_since);
  const auto made = base::ParseRfc3339(pod->second.meta.creation_timestamp);
  // A pod that came later has mounted it since, and has changed nothing; the next one would not, either.
  return since && made && *made < *since && now.wall - *since >= kGrowsInUse;
}

bool Planning::Forced(std::string_view what) const {
  const auto words = want.meta.Annotation(std::string(annotations::kForce));
  for (const auto word : base::Split(words, ',')) {
    if (base::Trim(word) == what) return true;
  }
  return false;
}

void Planning::DropForce(std::string_view what) {
  dropped.emplace(what);
  std::vector<std::string> left;
  const auto words = want.meta.Annotation(std::string(annotations::kForce));
  for (const auto word : base::Split(words, ',')) {
    if (!dropped.contains(base::Trim(word)) && !base::Trim(word).empty()) left.emplace_back(base::Trim(word));
  }
  Annotate change{std::string(kKind), want.meta.name, want.meta.uid, {}};
  change.annotations[std::string(annotations::kForce)] =
      left.empty() ? std::nullopt : std::optional<std::string>(base::Join(left, ","));
  moves.emplace_back(std::move(change));
}

void Planning::ConsumeForce(std::string_view what) {
  DropForce(what);
  moves.emplace_back(Emit{false, "ForceUsed", "dm.pingcap.com/force: " + std::string(what) + " has been used up"});
}

}  // namespace dm::op::lifecycle

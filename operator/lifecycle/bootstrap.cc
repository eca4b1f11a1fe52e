// BootstrapMasters: the first masters start together from one static list of members. That happens only where neither a claim
// nor the status nor the ConfigMap knows a cluster; once one is known, lines of this kind are only ever taken away.
#include <algorithm>

#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

std::set<int> UpTo(int count) {
  std::set<int> ordinals;
  for (int i = 0; i < count; ++i) ordinals.insert(ordinals.end(), i);
  return ordinals;
}

// The pods of the first masters have formed a cluster: a majority is listed and healthy, and there is a leader.
bool Formed(const Planning& p, const members::Roster& roster, int count) {
  int healthy = 0;
  for (const auto& master : roster.masters) {
    if (OrdinalOf(p.names, Role::kMaster, master.name) >= 0 && p.Healthy(master.name)) ++healthy;
  }
  return !roster.leader.name.empty() && healthy >= count / 2 + 1;
}

void FromData(Planning& p) {
  p.replicas[Role::kMaster] = std::max(p.LiveReplicas(Role::kMaster), *p.memory.existing.rbegin() + 1);
}

// Its line was used with a claim that is there no more.
bool LostItsClaim(const Planning& p, int ordinal) {
  const auto used = p.memory.line_claims.find(ordinal);
  if (used == p.memory.line_claims.end()) return false;
  const auto claim = p.seen.master.claims.find(ordinal);
  return claim == p.seen.master.claims.end() || claim->second.meta.uid != used->second;
}

// One of the first has lost its claim while a majority keep theirs: they may have formed the cluster without being heard yet
// (suspended at once, a network that is cut), and it would found a second one. Its line is held back until they are known. Once
// a majority has lost theirs there is nothing left to be harmed, and those that are there found the cluster.
bool HeldBack(const Planning& p, int ordinal) {
  if (!p.memory.first.contains(ordinal) || !LostItsClaim(p, ordinal)) return false;
  const auto lost = std::count_if(p.memory.first.begin(), p.memory.first.end(), [&](int of) { return LostItsClaim(p, of); });
  return p.memory.first.size() - static_cast<std::size_t>(lost) >= p.memory.first.size() / 2 + 1;
}

void First(Planning& p) {
  const std::set<int> first = p.memory.first.empty() ? UpTo(p.Desired(Role::kMaster)) : p.memory.first;
  for (const int ordinal : first) {
    const std::string line = BootstrapLine(p, first);
    p.lines[p.Pod(Role::kMaster, ordinal)] = WithClaim(p, ordinal, HeldBack(p, ordinal) ? HeldLine(line) : line);
    p.plan.bootstrap.initial_members.push_back(p.Pod(Role::kMaster, ordinal));
  }
  p.replicas[Role::kMaster] = *first.rbegin() + 1;
}

// For a message; empty: none is held back.
std::string HeldOnes(const Planning& p) {
  std::vector<std::string> pods;
  for (const int ordinal : p.memory.first) {
    if (HeldBack(p, ordinal)) pods.push_back(p.Pod(Role::kMaster, ordinal));
  }
  return pods.empty() ? "" : "; " + base::Join(pods, ", ") + ", whose volume was lost or replaced, is not started before it is known whether the others have formed one";
}

// Lines stay until their pod is a member; what a cluster was started from must not change under it. A member that has lost its
// claim in the moment before is not helped by its line: it goes the way of all that are lost (failover.cc). One that has lost
// it before it joined begins anew; one of the first waits until the others are known.
void KeepLines(Planning& p) {
  const auto* roster = p.memory.Known() ? p.Trusted() : nullptr;
  for (auto* ordinals : {&p.memory.first, &p.memory.joining}) {
    const bool first = ordinals == &p.memory.first;
    std::erase_if(*ordinals, [&](int ordinal) {
      if (const auto claim = p.seen.master.claims.find(ordinal); claim != p.seen.master.claims.end() && claim->second.IsMember()) return false;
      const std::string pod = p.Pod(Role::kMaster, ordinal);
      if (LostItsClaim(p, ordinal)) {
        if (first && p.memory.Known()) return true;
        if (roster && roster->FindMaster(pod)) return true;
        if (roster && p.Fresh()) p.memory.line_claims.erase(ordinal);
      }
      p.lines[pod] = WithClaim(p, ordinal, HeldBack(p, ordinal) ? HeldLine(LiveLine(p, ordinal)) : LiveLine(p, ordinal));
      return false;
    });
  }
}

}  // namespace

void BootstrapMasters(Planning& p) {
  p.plan.bootstrap.cluster_id = p.memory.cluster_id;
  p.plan.bootstrap.initial_members = p.memory.initial_members;
  KeepLines(p);
  if (p.Busy(Component::kMaster) || p.memory.Known()) return;
  if (p.Desired(Role::kMaster) < 1) {
    p.WaitFor(Component::kMaster, "NoMasters", "spec.master.replicas is 0: a DM cluster needs at least one dm-master");
    return;
  }
  p.plan.bootstrap.initial_members.clear();
  const bool reuse = !p.memory.existing.empty();
  reuse ? FromData(p) : First(p);

  std::string why;
  const auto* roster = p.Trusted(&why);
  if (roster && Formed(p, *roster, p.replicas[Role::kMaster])) {
    p.memory.cluster_id = *p.seen.members.cluster_id;    // recorded by this plan, and true for the steps after this one
    p.plan.bootstrap.cluster_id = p.memory.cluster_id;
    p.moves.emplace_back(Emit{false, "Bootstrapped", "DM cluster " + p.memory.cluster_id + " has formed"});
    return;
  }
  p.WaitFor(Component::kMaster, reuse ? "StartingFromData" : "Bootstrapping",
            "waiting for " + std::to_string(p.replicas[Role::kMaster]) + " dm-masters to form a cluster" +
                (why.empty() ? "" : ": " + why) + HeldOnes(p));
}

}  // namespace dm::op::lifecycle

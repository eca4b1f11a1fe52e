// AcceptLoss: dm.pingcap.com/force: bootstrap. Where all data of the masters is lost, the user accepts that: the old cluster's
// identity is struck off, and a new, empty one starts under its name. One write decides it (the ConfigMap: lines, and no
// cluster); all before it is only looked at, all after it is repeated until the word is taken away. The new cluster may well
// have the old one's id, for ids follow from addresses; so nothing is judged by that once it is decided.
//
// Refused, and the word is taken away, while a claim still carries data or a master still answers: a word that stays would
// make a later loss pass unasked.
#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

constexpr std::string_view kWord = "bootstrap";

// Who has to be asked before silence counts; empty: everybody has been.
std::string NotAsked(Planning& p) {
  if (!p.seen.members.current) return "the members";
  for (const auto& [ordinal, pod] : p.seen.master.pods) {
    if (!pod.pod_ip.empty() && !pod.meta.BeingDeleted() && !p.seen.members.health.contains(pod.meta.name)) return pod.meta.name;
  }
  return p.Fresh() ? "" : "the members";
}

// Claims with data; empty: none.
std::string DataLeft(const Planning& p) {
  std::vector<std::string> claims;
  for (const auto& [ordinal, claim] : p.seen.master.claims) {
    if (claim.IsMember()) claims.push_back(claim.meta.name);
  }
  if (claims.empty()) return {};
  return "the data of DM cluster " + p.memory.cluster_id + " is still on claim " + base::Join(claims, ", ") +
         " (delete what is lost for good, then say it again)";
}

// Masters with data. An empty pod waits for its line and answers nothing: who answers, be it that it is not healthy, has some.
std::string MembersLeft(const Planning& p) {
  std::vector<std::string> pods;
  for (const auto& [pod, health] : p.seen.members.health) {
    if (health.known()) pods.push_back(pod);
  }
  return pods.empty() ? "" : base::Join(pods, ", ") + " of DM cluster " + p.memory.cluster_id + " still answers";
}

void Refuse(Planning& p, const std::string& left) {
  p.moves.emplace_back(Emit{true, "BootstrapRefused", "dm.pingcap.com/force: bootstrap is refused and taken away: " + left});
  p.DropForce(kWord);
}

void StrikeOff(Planning& p) {
  // Before all else: what is told twice after a crash does no harm, what is never told does.
  p.records.emplace_back(Emit{true, "LossAccepted", "DM cluster " + p.memory.cluster_id + " has lost all data of its dm-masters and is given up, as "
                              "dm.pingcap.com/force: bootstrap asks: a new, empty one starts in its place; sources and tasks have to be created again"});
  Memory& memory = p.memory;
  memory.cluster_id.clear();
  memory.initial_members.clear();
  memory.first.clear();
  memory.joining.clear();
  memory.line_claims.clear();
  memory.reuse = false;
  // Pods that wait would see their lines a minute later only.
  for (const auto& [ordinal, pod] : p.seen.master.pods) {
    if (!pod.meta.BeingDeleted()) p.moves.emplace_back(DeleteObject{"Pod", pod.meta.name, pod.meta.uid, "it waits for the line that is there now"});
  }
  p.plan.bootstrap = {};
  p.plan.intents.clear();
  p.plan.transfers.clear();
  p.plan.failures.clear();
}

}  // namespace

void AcceptLoss(Planning& p) {
  if (!p.Forced(kWord) || !p.memory.existing.empty()) return;
  if (const auto left = DataLeft(p); p.memory.Known() && !left.empty()) return Refuse(p, left);   // of a suspended cluster, too
  if (p.plan.suspended || p.Busy(Component::kMaster)) return;
  if (p.memory.Known()) {
    if (const auto who = NotAsked(p); !who.empty()) {
      return p.WaitFor(Component::kMaster, "DataLost", "dm.pingcap.com/force: bootstrap: asking " + who + " once more before anything is given up");
    }
    if (const auto left = MembersLeft(p); !left.empty()) return Refuse(p, left);
    StrikeOff(p);
  } else {
    // Decided before, and stopped half-way; the new cluster is not taken note of before the rest is done.
    p.WaitFor(Component::kMaster, "Bootstrapping", "the dm-workers of the DM cluster that was given up go first");
  }
  // Workers that run know the old cluster only; they come again, on their claims, when the new one has a leader.
  if (const Child* set = p.Set(Role::kWorker); set && !set->meta.BeingDeleted()) {
    p.moves.emplace_back(DeleteObject{"StatefulSet", set->meta.name, set->meta.uid, "its dm-workers belong to a DM cluster that is given up"});
  }
  p.ConsumeForce(kWord);
}

}  // namespace dm::op::lifecycle

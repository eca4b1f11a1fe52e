// The steps that a plan is made of: one idea and one file each. A step looks at Planning and says nothing to do, do these
// things, or wait because …; a component that waits or was acted on is left alone by the steps after it.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "operator/lifecycle/memory.h"
#include "operator/lifecycle/plan.h"

namespace dm::op::lifecycle {

// Etcd refuses to change its membership while a member has been connected for less than 5 s.
inline constexpr base::Duration kSettling = std::chrono::seconds(6);
// A kubelet whose driver can grow a disk in use does so with one of its next looks at the pod, which are a minute apart (syncFrequency). A
// file system that has waited for ten of them grows when it is mounted anew.
inline constexpr base::Duration kGrowsInUse = std::chrono::minutes(10);
// Nothing is taken away on the word of a member list that is older.
inline constexpr base::Duration kFresh = std::chrono::seconds(5);

// What an Intent says: an eviction that we asked for, or that one had to be taken back because nobody else could lead.
inline constexpr std::string_view kEvictLeader = "EvictLeader";
inline constexpr std::string_view kNoOtherLeader = "NoOtherLeader";
inline constexpr std::string_view kTransferSource = "TransferSource";
// That nobody else could lead is tried again after this time.
// A transfer of the lead takes 10 s at most (recordings).
inline constexpr base::Duration kElectionPatience = std::chrono::seconds(15);
inline constexpr base::Duration kLeaderRetry = std::chrono::minutes(10);

struct Planning {
  const DMCluster& want;
  const desired::Objects& objects;
  const Observed& seen;
  const Now& now;
  Names names;
  Memory memory{};

  Plan plan{};
  bool stop = false;                                 // nothing more for this cluster
  std::map<Role, int> replicas{};                    // what the StatefulSets shall have; absent: not applied
  std::map<std::string, std::string> lines{};        // of the bootstrap ConfigMap
  std::set<int> recorded{};                           // masters whose claims this plan annotates as members
  std::vector<Action> records{}, moves{};               // before and after the objects are applied
  std::optional<Action> member_action{};              // at most one change of DM at a time
  std::set<Component> busy{};                         // waits, or is being changed
  bool template_held = false;                        // other pods would be made, but nobody asked for them
  std::set<std::string, std::less<>> dropped{};       // words of dm.pingcap.com/force that this plan takes away
  std::set<Role> held{};                              // its replicas are decided, or it is not touched (suspended)

  void WaitFor(Component component, std::string reason, std::string message);
  void Say(std::string type, bool status, std::string reason, std::string message);
  bool Busy(Component component) const { return busy.contains(component); }
  void LookAgain(base::Duration after);

  int Desired(Role role) const;                      // replicas that the spec asks for
  const Child* Set(Role role) const;                 // the live StatefulSet
  int LiveReplicas(Role role) const;                 // 0 when there is no StatefulSet
  std::string Pod(Role role, int ordinal) const { return names.Pod(role, ordinal); }

  // The member list, when it is of the pods as they are now and of the cluster that the claims carry. Else null and `why`.
  const members::Roster* Trusted(std::string* why = nullptr) const;
  bool Healthy(const std::string& pod) const { return seen.members.Healthy(pod); }
  // Every master of `roster` but `except` is healthy; else who is not, in `who`.
  bool OthersHealthy(const members::Roster& roster, const std::string& except, std::string* who) const;
  // How long until every master has been healthy for kSettling; zero: they have.
  base::Duration Unsettled(const members::Roster& roster, const std::string& except = {}) const;
  // The member list is new enough to take something away; if not, the plan asks for a new one.
  bool Fresh();
  // Has the leader give way, and waits for another one.
  void Evict(const std::string& pod, const std::string& incarnation, const std::string& goal);
  // A wait that holds up nothing else.
  void Tell(Component component, std::string reason, std::string message);
  // Pods that have to be replaced: they do not run the newest template, or their disks grow only when they are mounted anew.
  std::vector<int> Outdated(Role role) const;
  bool OfOldTemplate(Role role, int ordinal) const;
  // Its disk has grown but for the file system, which has waited in vain for kGrowsInUse under this very pod.
  bool AwaitsMount(Role role, int ordinal) const;
  // Masters that must not vanish: members by list, by claim, or by a bootstrap line.
  int MastersToKeep() const;
  // The user's one-time leave for `what` (dm.pingcap.com/force: scale-in,roll).
  bool Forced(std::string_view what) const;
  // Uses that leave up: the annotation loses the word, with an event.
  void ConsumeForce(std::string_view what);
  // Without the event.
  void DropForce(std::string_view what);
};

void Adopt(Planning& p);              // adopt.cc: v1's clusters are left alone
void Pause(Planning& p);              // pause.cc
void Ownership(Planning& p);          // ownership.cc: names that are taken by others
void ExistingData(Planning& p);       // existing_data.cc: old claims under a new object
void LostData(Planning& p);           // lost_data.cc: a member whose volume is gone
void TlsSwitch(Planning& p);          // tls_switch.cc: a running cluster keeps its kind of connections
void Suspend(Planning& p);            // suspend.cc
void AcceptLoss(Planning& p);         // accept_loss.cc: a new cluster in the place of one that has lost all
void BootstrapMasters(Planning& p);   // bootstrap.cc: the first masters, and their lines
void RecordMembers(Planning& p);      // record.cc: what has become a member is written on its claim
void Failover(Planning& p);           // failover.cc: masters that cannot come back are replaced
void ScaleInMasters(Planning& p);     // scale_in_masters.cc
void ScaleOutMasters(Planning& p);    // scale_out_masters.cc
void SeeTransfersThrough(Planning& p);   // transfers.cc: tasks of moved sources run again
void ScaleWorkers(Planning& p);       // scale_workers.cc
void ForgetWorkers(Planning& p);      // forget_workers.cc: registrations of workers that are gone
void Roll(Planning& p);               // roll.cc
void CarryFailures(Planning& p);      // failover.cc: who was found lost before
void CarryIntents(Planning& p);       // evictions.cc: what was announced before and still holds
void CarryTransfers(Planning& p);     // transfers.cc: sources that were on their way
void Evictions(Planning& p);          // evictions.cc: flags that nobody needs any more
void Claims(Planning& p);             // claims.cc: growth, and deletion where the policy says so
void OwnClaims(Planning& p);          // own_claims.cc: claims that go with the DMCluster, where the policy says so
void Objects(Planning& p);            // objects.cc: what has to be applied, in order
void UsedForce(Planning& p);          // used_force.cc: a word of dm.pingcap.com/force is used up when what it is for is over

// The lines of the bootstrap ConfigMap (lines.cc). Ordinals → "bootstrap a-dm-master-0=http://…:8291,…", "join …:8261,…".
std::string BootstrapLine(const Planning& p, const std::set<int>& ordinals);
std::string JoinLine(const Planning& p, const std::set<int>& ordinals);
// With the claim that it was first used with, once there is one that is bound (no pod has run on another): should the master
// have another claim by the time it is a member, its data is lost.
std::string WithClaim(const Planning& p, int ordinal, const std::string& line);
// A line that its pod must not use now: the start script passes over it, and waits.
std::string HeldLine(const std::string& line);
// The line that a pod has now, without its claim and held or not; empty: none.
std::string LiveLine(const Planning& p, int ordinal);

// held_template.cc: the template as last applied, while the user's wish is the same; what the live set has, with its marks;
// and the condition about it.
void HoldTemplate(Planning& p, base::Json& set, Role role);
void KeepTemplate(base::Json& set, const Child& live);
void TellHeld(Planning& p);

// claim_templates.cc: what cannot be changed on a StatefulSet stays as it is; and whether the size in its claim template is the
// only thing that keeps it from being as desired, so that it has to be made anew around its pods.
void KeepImmutable(base::Json& spec, const Child& live);
bool ClaimTemplateOutgrown(const Planning& p, const base::Json& desired, Role role, const Child& live);

// relieve.cc: what has to happen before this worker, the next to go, may go. True: nothing any more; else the plan waits or acts.
bool Relieve(Planning& p, const members::Roster& roster, int ordinal, const std::string& goal);

// May this worker be disturbed? nullopt: that is not known yet (the plan asks for it). `who` says what it does.
std::optional<bool> Disturbable(Planning& p, const std::string& worker, std::string* what);

}  // namespace dm::op::lifecycle

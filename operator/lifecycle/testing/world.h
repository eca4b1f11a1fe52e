// World: one DMCluster in a small Kubernetes (StatefulSets, pods, claims, ConfigMaps) with a DmModel inside, driven by plans. For
// tests of steps (set up a state, look at the plan) and for the simulator (plan after plan, with crashes in between).
//
//   World w(3, 1);
//   w.Run(60);                       // seconds, a plan each time something may be done
//   EXPECT_TRUE(w.Plan().Settled());
//
// Not thread-safe.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "operator/lifecycle/plan.h"
#include "operator/lifecycle/testing/dm_model.h"

namespace dm::op::lifecycle::testing {

class World {
 public:
  World(int masters, int workers);

  // --- the user's side
  DMCluster want;
  void SetImage(const std::string& image);         // part of the spec and of the pod template
  void Recreate();                                 // the DMCluster is deleted and made anew; children go, claims stay
  void Annotate(const std::string& key, const std::string& value);

  // --- Kubernetes
  struct Set {
    int replicas = 0;
    std::string revision;                          // of the newest template
    base::Json object;
  };
  void Tick();                                     // one second of everything but the operator
  void KillPod(const std::string& name);           // made anew at the next tick, on the same claim
  void LoseClaim(const std::string& name);         // pod and claim and data
  // Masters stand on nodes node-<ordinal>, or on node-<ordinal + 10> where that one is lost and the volume can follow.
  void LoseNode(const std::string& name, NodeState how = NodeState::kGone);   // its pods stop at once and go a little later
  void ReturnNode(const std::string& name);
  std::string NodeOf(const std::string& pod) const;
  bool local_volumes = true;                       // a volume stays on the node that it was made on
  std::set<std::string> expandable = {"fast"};
  bool grows_in_use = true;                        // else the file system of a claim grows with the next pod
  void Hold(const std::string& pod, bool on);      // it cannot be scheduled
  bool Ready(const std::string& pod) const;
  base::Json* Object(const std::string& kind, const std::string& name);
  Disk& disk(int ordinal) { return disks_[want.names().Claim(Role::kMaster, ordinal)]; }
  std::map<std::string, Claim>& claims() { return claims_; }
  const std::map<std::string, kube::api::Pod>& pods() const { return pods_; }
  DmModel dm;
  int now = 1000;
  bool members_unknown = false;                    // the operator cannot reach any member

  // --- the operator
  std::string authority;                           // Observed::authority
  std::string rendering = "1";                     // part of the pod template that no user asked for: the operator's version
  desired::Objects Render() const;
  Observed See() const;
  lifecycle::Plan Plan() const;
  // Carries the plan's first `count` actions out, then the status. What broke an invariant goes to `violations`.
  void Execute(const lifecycle::Plan& plan, std::size_t count = SIZE_MAX);
  void Run(int seconds);
  int writes = 0;                                  // actions carried out so far
  std::vector<std::string> log;                    // what was done, for a failing test
  std::vector<std::string> violations;

 private:
  void Do(const lifecycle::Apply& action);
  void Do(const lifecycle::Annotate& action);
  void Do(const ResizeClaim& action);
  void Do(const DeleteObject& action);
  void Do(const OwnClaim& action);
  void Do(const lifecycle::KeepVolume& action);
  void Do(const EvictLeader& action);
  void Do(const lifecycle::CancelEvict& action);
  void Do(const DeleteMember& action);
  void Do(const lifecycle::TransferSource& action);
  void Do(const lifecycle::ResumeTask& action);
  void CheckShrink(Role role, int replicas);
  void Do(const Emit&) {}
  void WriteStatus(const lifecycle::Plan& plan);
  void TickSet(Role role);
  void TickNodes();
  base::Json PodSpec(Role role) const;
  std::string SizeOf(Role role) const;
  bool Place(Role role, int ordinal);              // finds the pod a node
  bool LostClaim(const std::string& claim) const;
  bool Spared(const std::string& claim) const;     // a claim of a removed member whose node is lost
  void StartPod(Role role, int ordinal);
  std::string NewUid() { return "uid-" + std::to_string(++uid_); }
  std::string Stamp() const;
  void Break(const std::string& what);

  std::map<std::string, base::Json> objects_;      // Kind/name
  std::map<std::string, Claim> claims_;
  std::map<std::string, kube::api::Pod> pods_;
  std::map<std::string, Disk> disks_;
  std::set<std::string> held_;
  std::map<std::string, NodeState> lost_nodes_;
  std::map<std::string, int> stranded_;            // pods on lost nodes: when they go
  std::set<std::string> orphaned_;                 // StatefulSets that were deleted without their pods
  int uid_ = 0;
  bool asked_again_ = false;                       // DM was changed: what was read is not current before the next tick
};

}  // namespace dm::op::lifecycle::testing

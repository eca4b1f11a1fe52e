// MakePlan: what to do next for one cluster, and why not where it waits. Pure: (want, seen, now) → values.
//
// Actions are carried out in order by operator/execute.h; each is idempotent and bound to the identity that was looked at
// (UID, member name and cluster id), so a plan made of old facts does no harm. Where nothing has to be done the list is empty.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "dm/cluster.h"
#include "dm/desired/render.h"
#include "kube/api/conditions.h"
#include "operator/lifecycle/observed.h"

namespace dm::op::lifecycle {

// What a wait holds up.
enum class Component { kCluster, kMaster, kWorker };
std::string_view ComponentName(Component component);
inline Component ComponentOf(Role role) { return role == Role::kMaster ? Component::kMaster : Component::kWorker; }

struct Apply {                           // server-side apply of the whole object (already without our hash)
  base::Json object;
};
struct Annotate {                        // of a claim or of the DMCluster itself; nullopt removes
  std::string kind, name, uid;
  std::map<std::string, std::optional<std::string>> annotations;
};
struct ResizeClaim {
  std::string name, uid;
  kube::api::Quantity size;
};
struct KeepVolume {                      // gives the claim's volume a reclaim policy, and notes on the claim that it has it
  std::string claim, uid, volume, policy;
};
struct DeleteObject {                    // "gone already" is success
  std::string kind, name, uid;
  std::string why;
  bool orphan = false;                   // what it owns stays
};
struct OwnClaim {                        // or disown: with an owner, Kubernetes deletes the claim after the DMCluster
  std::string name, uid, resource_version;
  bool owned = true;
};
struct EvictLeader {                     // announced in the status before it is done
  std::string pod;
};
struct CancelEvict {
  std::string pod;
};
// Why a master cannot come back. Looked at once more, live, before it is removed.
struct Loss {
  std::string node;                      // it is gone, or tainted out-of-service; empty: the claim is lost
  std::string claim;
};
struct DeleteMember {
  Role role = Role::kMaster;
  std::string name;
  std::string id{};                      // of a master: the member id it must still have
  std::optional<Loss> lost{};            // it is dead: others may be, too, as long as there is a majority
};
struct TransferSource {                  // from a worker that goes to a free one that stays; announced before it is done
  std::string source, from, to;
};
struct ResumeTask {                      // that a transfer has paused and left so
  std::string task, source;
};
struct Emit {                            // an event on the DMCluster
  bool warning = false;
  std::string reason, message;
};
using Action = std::variant<Apply, Annotate, ResizeClaim, KeepVolume, DeleteObject, OwnClaim, EvictLeader, CancelEvict, DeleteMember, TransferSource, ResumeTask,
                            Emit>;
std::string Describe(const Action& action);   // one line for logs and tests: "Apply StatefulSet/a-dm-master"
bool IsMemberAction(const Action& action);    // talks to DM, so it is fenced by the lease and by the cluster id

// Why a component does not move.
struct Wait {
  Component component = Component::kCluster;
  std::string reason;                    // CamelCase, stable
  std::string message;
};

// A DM mutation announced in the status: DM does not show it, and a crash must not forget it.
struct Intent {
  std::string action;                    // EvictLeader | NoOtherLeader
  std::string pod;
  std::string incarnation;               // UID of the pod: a restart clears what was set
  bool operator==(const Intent&) const = default;
};

// A source on its way. DM pauses its running tasks for that and starts them again; where it was cut off in between it does not
// show that they are not meant to stand still. Among the intents of the status until they are seen to run.
struct Transfer {
  std::string source, from, to;
  std::vector<std::string> tasks;        // that ran when it was announced
  std::string since;                     // RFC 3339
};
// All of a transfer: DM takes 10 s for it (recordings). After that time it is no longer under way.
inline constexpr base::Duration kTransferDeadline = std::chrono::seconds(20);

// A master found lost: kept in the status until it is back, or replaced and healthy (v1's failureMembers).
struct FailureMember {
  std::string pod, member_id, claim_uid;
  std::string node;                      // the lost one; empty: the claim was lost
  std::string since;                     // RFC 3339
  bool removed = false;                  // from DM; not yet healthy again under its name
};

struct Bootstrap {
  std::string cluster_id;                // empty: not known yet
  std::vector<std::string> initial_members;
};

struct Plan {
  std::vector<Action> actions;
  std::vector<Wait> waits;
  // Statements on the state as a whole; the rest of the conditions follows from what is observed (operator/status.h).
  std::vector<kube::api::Condition> conditions;    // Paused, Adopted, DataAtRisk, UpdateAvailable: only type, status, reason, message
  bool hands_off = false;                // not ours: nothing but `conditions` goes into the status
  bool suspended = false;
  Bootstrap bootstrap;
  std::vector<Intent> intents;
  std::vector<Transfer> transfers;       // announced, and not yet seen through
  std::vector<FailureMember> failures;
  bool wants_subtasks = false;           // the next step has to know what each worker does
  bool wants_fresh = false;              // … or needs a member list that is newer
  std::optional<base::Duration> look_again;

  bool Settled() const { return actions.empty() && waits.empty(); }
};

struct Now {
  base::TimePoint monotonic{};
  base::WallTime wall{};
};

Plan MakePlan(const DMCluster& want, const desired::Objects& objects, const Observed& seen, const Now& now);

}  // namespace dm::op::lifecycle

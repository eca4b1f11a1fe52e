// Relieve: before a worker goes for good its source is handed to one that stays, so that DM does not choose one that goes next.
// What it dumps or loads exists on its volume only, and is waited for. Nothing is taken below one worker a source.
// dm.pingcap.com/force: scale-in passes over what the worker does and what the sources need, never over silence.
#include <algorithm>

#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

// What the worker does for its source.
struct Work {
  std::string holds;                     // why it cannot go on elsewhere; empty: it can
  std::vector<std::string> running;      // tasks, all in Sync
  std::string outside;                   // a task beside them that is not in Sync: DM refuses the transfer then (46019)
  std::string untold;                    // a task of which it does not say what it does
};

Work WorkOf(const std::vector<members::Subtask>& subtasks, const std::string& source) {
  Work work;
  for (const auto& subtask : subtasks) {
    if (subtask.source != source) continue;
    if (subtask.stage.empty()) work.untold = subtask.task;
    const bool runs = subtask.stage == "Running";
    // A dump begins anew wherever it is resumed, a load does not: its files lie here.
    const bool dumps = runs && subtask.unit == "Dump";
    const bool loads = subtask.unit == "Load" && (runs || subtask.stage == "Paused");
    if (dumps || loads) {
      work.holds = (dumps ? "dumps for task " : runs ? "loads for task " : "has the paused load of task ") + subtask.task + " of source " + source;
    } else if (runs) {
      work.running.push_back(subtask.task);
    } else if (subtask.unit != "Sync" && !subtask.unit.empty() && subtask.stage != "Stopped") {
      work.outside = subtask.task;
    }
  }
  return work;
}

// Of the first `stay`: one that pulls this source's relay log already, else the first that is free. Empty: none.
std::string Heir(const Planning& p, const members::Roster& roster, const std::string& source, int stay) {
  std::vector<std::string> relayers;
  if (p.seen.members.sources) {
    for (const auto& one : *p.seen.members.sources) {
      if (one.name == source) relayers = one.relayers;
    }
  }
  std::string first;
  for (int ordinal = 0; ordinal < stay; ++ordinal) {
    const auto pod = p.seen.worker.pods.find(ordinal);
    const auto* worker = roster.FindWorker(p.Pod(Role::kWorker, ordinal));
    if (!worker || pod == p.seen.worker.pods.end() || pod->second.meta.BeingDeleted()) continue;
    if (worker->stage == "relay" && std::find(relayers.begin(), relayers.end(), worker->name) != relayers.end()) return worker->name;
    if (worker->stage == "free" && first.empty()) first = worker->name;
  }
  return first;
}

// What DM is not to be asked for a transfer meanwhile: one of its masters may stop. Empty: nothing.
std::string Unrest(const Planning& p, const members::Roster& roster) {
  if (roster.leader.name.empty()) return "DM has no leader now";
  if (p.Busy(Component::kMaster) || !p.Outdated(Role::kMaster).empty()) return "the dm-masters change first";
  if (!p.plan.transfers.empty()) return "the tasks of a source that has moved must run first";
  return p.member_action ? "DM is asked for something else first" : "";
}

}  // namespace

bool Relieve(Planning& p, const members::Roster& roster, int ordinal, const std::string& goal) {
  const auto waits = [&](const std::string& why) {
    p.WaitFor(Component::kWorker, "ScalingIn", goal + ": " + why);
    return false;
  };
  const bool forced = p.Forced("scale-in");
  const auto blocked = [&](const std::string& why) {
    if (forced) return true;
    p.WaitFor(Component::kWorker, "ScaleInBlocked", goal + ": " + why + " (or set dm.pingcap.com/force: scale-in)");
    return false;
  };
  // Of a bound one it is read what it does, too: said before anything is waited for, else each reading would be of another kind.
  const std::string worker = p.Pod(Role::kWorker, ordinal);
  const auto* member = roster.FindWorker(worker);
  const bool bound = member && !member->source.empty();
  p.plan.wants_subtasks |= bound;
  if (!p.Fresh()) return waits("asking the members once more");
  const auto& reads = p.seen.members;
  if (!reads.sources && !forced) return waits("finding out which sources there are: " + reads.sources.why());
  std::vector<std::string> names;
  if (reads.sources && !forced) {
    for (const auto& source : *reads.sources) names.push_back(source.name);
  }
  const int stay = std::max(p.Desired(Role::kWorker), static_cast<int>(names.size()));
  if (ordinal < stay) {
    return blocked("each source needs a dm-worker of its own, and DM has " + std::to_string(names.size()) + " (" + base::Join(names, ", ") +
                   "); ask for as many dm-workers, or remove a source");
  }
  if (!bound) return true;

  const std::string& source = member->source;
  if (!reads.subtasks) return forced || waits("finding out what it does: " + reads.subtasks.why());
  const Work work = WorkOf(*reads.subtasks, source);
  if (!work.untold.empty() && !forced) {
    return waits("finding out what it does: it does not tell DM about task " + work.untold + " of source " + source);
  }
  if (!work.holds.empty()) return blocked("it " + work.holds + ", which cannot go on elsewhere; it is left until that has finished");
  if (!work.running.empty() && !work.outside.empty()) return true;   // DM moves it when the pod has gone
  const std::string heir = Heir(p, roster, source, stay);
  if (heir.empty()) return blocked("no dm-worker that stays is free to take its source " + source);
  if (const auto why = Unrest(p, roster); !why.empty()) return waits("its source " + source + " moves to " + heir + ": " + why);
  p.plan.transfers.push_back({source, worker, heir, work.running, base::FormatRfc3339(p.now.wall)});
  p.member_action = TransferSource{source, worker, heir};
  return waits("moving its source " + source + " to " + heir);
}

}  // namespace dm::op::lifecycle

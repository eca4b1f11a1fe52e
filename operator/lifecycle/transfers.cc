// Transfers: sources that were announced to move from a worker that goes. DM pauses their tasks, moves the source and starts
// them again; a master that dies in between, or a connection that is cut, leaves them paused, and DM does not tell that from a
// user's wish. So the announcement holds which tasks ran, and stays until they have been seen to run again, wherever the source is.
#include <algorithm>

#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {
namespace {

std::string HolderOf(const members::Roster& roster, const std::string& source) {
  for (const auto& worker : roster.workers) {
    if (worker.source == source) return worker.name;
  }
  return {};
}

base::Duration AgeOf(const Planning& p, const Transfer& transfer) {
  const auto since = base::ParseRfc3339(transfer.since);
  if (!since) return kTransferDeadline;
  return std::chrono::duration_cast<base::Duration>(p.now.wall - std::min(*since, p.now.wall));
}

const members::Subtask* FindSubtask(const std::vector<members::Subtask>& all, const std::string& source, const std::string& task) {
  const auto it = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.source == source && s.task == task; });
  return it == all.end() ? nullptr : &*it;
}

// The tasks run, or are not there any more; one that a wish of nobody's has paused is started.
bool TasksRun(Planning& p, const Transfer& transfer) {
  if (transfer.tasks.empty()) return true;
  p.plan.wants_subtasks = true;
  const auto& subtasks = p.seen.members.subtasks;
  const std::string goal = "source " + transfer.source + " was to move from " + transfer.from + " to " + transfer.to;
  if (!subtasks) {
    p.Tell(Component::kWorker, "ResumingTasks", goal + ": finding out whether its tasks run: " + subtasks.why());
    return false;
  }
  for (const auto& task : transfer.tasks) {
    const auto* subtask = FindSubtask(*subtasks, transfer.source, task);
    if (!subtask) continue;
    if (subtask->stage.empty()) {
      p.Tell(Component::kWorker, "ResumingTasks", goal + ": no dm-worker tells of its task " + task + " now");
      return false;
    }
    if (subtask->stage != "Paused" || subtask->failed) continue;
    p.Tell(Component::kWorker, "ResumingTasks", goal + ": starting its task " + task + ", which was paused for that");
    if (!p.member_action && p.Fresh()) p.member_action = ResumeTask{task, transfer.source};
    return false;
  }
  return true;
}

bool SeenThrough(Planning& p, const members::Roster& roster, const Transfer& transfer) {
  const std::string holder = HolderOf(roster, transfer.source);
  const auto age = AgeOf(p, transfer);
  if (holder == transfer.from && age < kTransferDeadline) {   // DM may be at it, whoever has asked
    p.LookAgain(kTransferDeadline - age);
    p.WaitFor(Component::kWorker, "MovingSource", "source " + transfer.source + " moves from " + transfer.from + " to " + transfer.to);
    return false;
  }
  if (!TasksRun(p, transfer)) return false;
  if (!holder.empty() && holder != transfer.from) {
    p.moves.emplace_back(Emit{false, "SourceMoved", "source " + transfer.source + " has moved from " + transfer.from + " to " + holder});
  }
  return true;
}

}  // namespace

void CarryTransfers(Planning& p) {
  const base::Json* list = base::Find(p.want.status, "intents");
  if (!list || !list->is_array()) return;
  for (const auto& entry : *list) {
    if (base::GetStringOr(entry, "action") != kTransferSource) continue;
    Transfer transfer{base::GetStringOr(entry, "source"), base::GetStringOr(entry, "pod"), base::GetStringOr(entry, "worker"), {},
                      base::GetStringOr(entry, "since")};
    if (const base::Json* tasks = base::Find(entry, "tasks"); tasks && tasks->is_array()) {
      for (const auto& task : *tasks) {
        if (task.is_string()) transfer.tasks.push_back(task.get<std::string>());
      }
    }
    if (!transfer.source.empty()) p.plan.transfers.push_back(std::move(transfer));
  }
}

void SeeTransfersThrough(Planning& p) {
  if (p.plan.transfers.empty() || p.plan.suspended) return;
  std::string why;
  const auto* roster = p.Trusted(&why);
  if (!roster) {
    return p.Tell(Component::kWorker, "MovingSource", "source " + p.plan.transfers.front().source + " was to move: the members are not known: " + why);
  }
  std::erase_if(p.plan.transfers, [&](const Transfer& transfer) { return SeenThrough(p, *roster, transfer); });
}

}  // namespace dm::op::lifecycle

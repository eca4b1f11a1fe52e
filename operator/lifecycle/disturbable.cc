// Disturbable: a worker that dumps or loads holds data that exists nowhere else; stopping it makes the task wait for it.
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

std::optional<bool> Disturbable(Planning& p, const std::string& worker, std::string* what) {
  std::string why;
  const auto* roster = p.Trusted(&why);
  if (!roster) {
    *what = why;
    return std::nullopt;
  }
  const auto* member = roster->FindWorker(worker);
  if (!member || member->source.empty()) return true;   // it has nothing to do
  p.plan.wants_subtasks = true;
  if (!p.seen.members.subtasks) {
    *what = p.seen.members.subtasks.why();
    return std::nullopt;
  }
  for (const auto& subtask : *p.seen.members.subtasks) {
    if (subtask.source == member->source && subtask.stage.empty()) {
      *what = "it does not tell DM about task " + subtask.task + " of source " + subtask.source;
      return std::nullopt;
    }
    if (subtask.worker != worker || subtask.stage != "Running") continue;
    if (subtask.unit == "Dump" || subtask.unit == "Load") {
      *what = (subtask.unit == "Dump" ? "dumps for task " : "loads for task ") + subtask.task + " of source " + subtask.source;
      return false;
    }
  }
  return true;
}

}  // namespace dm::op::lifecycle

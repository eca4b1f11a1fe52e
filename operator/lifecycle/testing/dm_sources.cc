// DmModel's workers and sources: binding, tasks, transfers.
#include "operator/lifecycle/testing/dm_model.h"

namespace dm::op::lifecycle::testing {

bool DmModel::Free(const std::string& worker) const {
  const auto it = workers_.find(worker);
  return it != workers_.end() && it->second && HeldBy(worker).empty();
}

std::string DmModel::HeldBy(const std::string& worker) const {
  for (const auto& [name, source] : sources_) {
    if (source.worker == worker) return name;
  }
  return {};
}

void DmModel::Bind() {
  if (leader_.empty()) return;
  for (auto& [name, source] : sources_) {
    if (source.unit == "Load" && source.worker != source.loader && Free(source.loader)) source.worker = source.last = source.loader;
    if (!source.worker.empty()) continue;
    if (Free(source.last)) source.worker = source.last;
    for (const auto& [worker, online] : workers_) {
      if (source.worker.empty() && Free(worker)) source.worker = worker;
    }
    if (!source.worker.empty()) source.last = source.worker;
  }
}

void DmModel::AddSource(const std::string& name, const std::string& worker) {
  Source& source = sources_[name];
  if (Free(worker)) source.worker = source.last = worker;
  Bind();
}

void DmModel::PauseTask(const std::string& source, bool on) {
  const auto it = sources_.find(source);
  if (it == sources_.end()) return;
  it->second.paused = on;
  it->second.stage = on ? "Paused" : "Running";
}

void DmModel::SetUnit(const std::string& source, const std::string& unit, const std::string& stage) {
  Source& it = sources_.at(source);
  it.unit = unit;
  it.stage = stage;
  it.loader = unit == "Load" ? it.worker : "";
}

void DmModel::FinishLoads() {
  for (auto& [name, source] : sources_) SetUnit(name, "Sync", source.stage);
}

void DmModel::Load(const std::string& worker, bool on) {
  if (on && Free(worker)) AddSource("s-" + worker, worker);
  const std::string source = HeldBy(worker);
  if (!source.empty()) SetUnit(source, on ? "Load" : "Sync", sources_.at(source).stage);
}

std::string DmModel::TransferSource(const std::string& source, const std::string& worker) {
  if (leader_.empty()) return "no leader";
  const auto it = sources_.find(source);
  if (it == sources_.end()) return "[code=46008]";
  if (it->second.worker == worker) return {};
  if (!Free(worker)) return "[code=46006]";
  if (it->second.stage == "Running" && it->second.unit != "Sync") return "[code=46019]";
  if (cut_transfer) {
    cut_transfer = false;
    it->second.stage = "Paused";
    return "connection reset by peer";
  }
  it->second.worker = it->second.last = worker;
  Bind();
  return {};
}

std::string DmModel::ResumeTask(const std::string& source) {
  if (leader_.empty()) return "no leader";
  if (const auto it = sources_.find(source); it != sources_.end()) it->second.stage = "Running";
  return {};
}

void DmModel::ReadWorkers(members::Reads& reads, members::Roster& roster) const {
  for (const auto& [name, online] : workers_) {
    const std::string held = HeldBy(name);
    roster.workers.push_back({name, name + ":8262", !online ? "offline" : held.empty() ? "free" : "bound", held});
  }
  std::vector<members::Source> sources;
  std::vector<members::Subtask> subtasks;
  for (const auto& [name, source] : sources_) {
    const bool bound = !source.worker.empty();
    sources.push_back({name, source.worker, false, {"t-" + name}, {}});
    const bool elsewhere = source.unit == "Load" && source.loader != source.worker;   // 34017
    subtasks.push_back({"t-" + name, name, source.worker, !bound ? "" : elsewhere ? "Paused" : source.stage, bound ? source.unit : "", !bound || elsewhere});
  }
  reads.sources = members::Known<std::vector<members::Source>>::Of(std::move(sources));
  reads.subtasks = members::Known<std::vector<members::Subtask>>::Of(std::move(subtasks));
}

}  // namespace dm::op::lifecycle::testing

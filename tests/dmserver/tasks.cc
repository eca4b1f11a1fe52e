#include "tests/dmserver/tasks.h"

#include <algorithm>

#include "base/strings.h"

namespace dm::standin {
namespace {

const base::Json kNone = base::Json::object();

const base::Json& Tasks(const base::Json& state) {
  const auto* tasks = base::Find(state, "tasks");
  return tasks != nullptr && tasks->is_object() ? *tasks : kNone;
}

const base::Json& Subtasks(const base::Json& task) {
  const auto* subtasks = base::Find(task, "subtasks");
  return subtasks != nullptr ? *subtasks : kNone;
}

std::string WorkerOf(const base::Json& state, const std::string& source) {
  const auto* entry = base::FindPath(state, {"sources", source});
  return entry == nullptr ? std::string() : base::GetStringOr(*entry, "worker");
}

// The worker on which the subtask's dump lies, when it is another one than the source's now.
std::string DumpedElsewhere(const base::Json& subtask, const std::string& worker) {
  const auto dumped_by = base::GetStringOr(subtask, "dumpedBy");
  const bool loads = base::GetStringOr(subtask, "unit") == "Load" && base::GetStringOr(subtask, "stage") == "Running";
  return loads && dumped_by != worker ? dumped_by : std::string();
}

std::string NotBound(const std::string& source) {
  return "[code=38029:class=dm-master:scope=internal:level=high], Message: " + source +
         " relevant worker-client not found, Workaround: Please use list-member command to see if the some workers are offline.";
}

base::Json UnitStatus(const std::string& unit, bool elsewhere) {
  if (unit == "Dump") {
    return {{"completed_tables", 0}, {"estimate_total_rows", 0}, {"finished_bytes", 0}, {"finished_rows", 0}, {"total_tables", 0}};
  }
  if (unit == "Load") {
    return {{"finished_bytes", 0}, {"meta_binlog", elsewhere ? "" : "(binlog.000001, 261140073)"},
            {"meta_binlog_gtid", elsewhere ? "" : "0-3101-25"}, {"progress", "0.00 %"}, {"total_bytes", 0}};
  }
  return {{"binlog_type", "remote"}, {"blocking_ddls", nullptr}, {"master_binlog", "(binlog.000001, 261139621)"},
          {"master_binlog_gtid", "0-3101-23"}, {"recent_tps", 0}, {"seconds_behind_master", 0}, {"synced", true},
          {"syncer_binlog", "(binlog.000001, 261139621)"}, {"syncer_binlog_gtid", "0-3101-23"}, {"total_events", 0},
          {"total_tps", 0}, {"unresolved_groups", nullptr}};
}

base::Json SubtaskRow(const base::Json& state, const std::string& name, const std::string& source, const base::Json& subtask,
                      const Unreachable& unreachable) {
  base::Json row = {{"name", name}, {"source_name", source}, {"stage", ""}, {"unit", ""}, {"worker_name", ""}};
  const auto worker = WorkerOf(state, source);
  const auto error = worker.empty() ? NotBound(source) : unreachable(worker);
  if (!error.empty()) {
    row["error_msg"] = error;
    return row;
  }
  const auto unit = base::GetStringOr(subtask, "unit"), elsewhere = DumpedElsewhere(subtask, worker);
  row["worker_name"] = worker;
  row["unit"] = unit;
  row["stage"] = elsewhere.empty() ? base::GetStringOr(subtask, "stage") : "Paused";
  row["unresolved_ddl_lock_id"] = "";
  row[unit == "Dump" ? "dump_status" : unit == "Load" ? "load_status" : "sync_status"] = UnitStatus(unit, !elsewhere.empty());
  if (!elsewhere.empty()) {
    row["error_msg"] = "[code=34017:class=functional:scope=internal:level=high], Message: different worker in load stage, previous worker: " +
                       elsewhere + ", current worker: " + worker + ", Workaround: Please check if the previous worker is online..\n";
  }
  return row;
}

void SetStages(base::Json& task, const std::string& from, const std::string& to, const std::vector<std::string>& sources = {}) {
  for (auto& [source, subtask] : task["subtasks"].items()) {
    if (!sources.empty() && std::find(sources.begin(), sources.end(), source) == sources.end()) continue;
    if (base::GetStringOr(subtask, "stage") == from) subtask["stage"] = to;
  }
}

}  // namespace

DmError NoSuchTask(const std::string& name) {
  return {46018, "[code=46018:class=scheduler:scope=internal:level=medium], Message: task with name " + name +
                     " not exist, Workaround: Please use `query-status` command to see tasks."};
}

Outcome CreateTask(base::Json& state, const base::Json& task) {
  const auto name = base::GetStringOr(task, "name");
  const auto* list = base::FindPath(task, {"source_config", "source_conf"});
  std::vector<std::string> sources;
  if (list != nullptr && list->is_array()) {
    for (const auto& one : *list) sources.push_back(base::GetStringOr(one, "source_name"));
  }
  for (const auto& source : sources) {
    if (!state["sources"].contains(source)) return NoSuchSource(source);
  }
  if (Tasks(state).contains(name)) {
    return DmError{46014, "[code=46014:class=scheduler:scope=internal:level=medium], Message: subtasks with name " + name +
                              " for sources [" + base::Join(sources, " ") +
                              "] already exist, Workaround: Please use `query-status` command to see tasks."};
  }
  auto subtasks = base::Json::object();
  const bool incremental = base::GetStringOr(task, "task_mode") == "incremental";
  for (const auto& source : sources) {
    subtasks[source] = {{"stage", "Stopped"}, {"unit", incremental ? "Sync" : "Dump"}, {"dumpedBy", ""}};
  }
  state["tasks"][name] = {{"config", task}, {"subtasks", std::move(subtasks)}};
  return std::nullopt;
}

Outcome StartTask(base::Json& state, const std::string& name, const std::vector<std::string>& sources) {
  if (!Tasks(state).contains(name)) return std::nullopt;
  SetStages(state["tasks"][name], "Stopped", "Running", sources);
  SetStages(state["tasks"][name], "Paused", "Running", sources);
  return std::nullopt;
}

Outcome StopTask(base::Json& state, const std::string& name) {
  if (Tasks(state).contains(name)) SetStages(state["tasks"][name], "Running", "Paused");
  return std::nullopt;
}

Outcome DeleteTask(base::Json& state, const std::string& name, bool force) {
  if (!Tasks(state).contains(name)) return NoSuchTask(name);
  for (const auto& [source, subtask] : Subtasks(Tasks(state)[name]).items()) {
    const auto stage = base::GetStringOr(subtask, "stage");
    if (force || (stage != "Running" && stage != "Finished")) continue;
    return DmError{49001, "[code=49001:class=openapi:scope=internal:level=high], Message: task " + name +
                              " have running subtasks, please stop them or delete task with force."};
  }
  state["tasks"].erase(name);
  return std::nullopt;
}

Outcome SetSubtask(base::Json& state, const std::string& name, const std::string& source, const std::string& unit,
                   const std::string& stage) {
  if (!Tasks(state).contains(name)) return NoSuchTask(name);
  auto& subtasks = state["tasks"][name]["subtasks"];
  if (!subtasks.contains(source)) return NoSuchSource(source);
  subtasks[source] = {{"stage", stage}, {"unit", unit}, {"dumpedBy", unit == "Load" ? WorkerOf(state, source) : ""}};
  return std::nullopt;
}

std::vector<std::string> TasksOf(const base::Json& state, const std::string& source) {
  std::vector<std::string> names;
  for (const auto& [name, task] : Tasks(state).items()) {
    if (Subtasks(task).contains(source)) names.push_back(name);
  }
  return names;
}

std::string LoadsOn(const base::Json& state, const std::string& source) {
  for (const auto& name : TasksOf(state, source)) {
    const auto& subtask = Subtasks(Tasks(state)[name])[source];
    if (auto elsewhere = DumpedElsewhere(subtask, ""); !elsewhere.empty()) return elsewhere;
  }
  return {};
}

std::vector<std::string> RunningTasks(const base::Json& state, const std::string& source) {
  std::vector<std::string> names;
  for (const auto& name : TasksOf(state, source)) {
    const auto& subtask = Subtasks(Tasks(state)[name])[source];
    // A load that lies elsewhere is Paused, whatever was asked for.
    const bool runs = base::GetStringOr(subtask, "stage") == "Running" && DumpedElsewhere(subtask, WorkerOf(state, source)).empty();
    if (runs) names.push_back(name);
  }
  return names;
}

std::vector<std::string> OutsideSync(const base::Json& state, const std::string& source) {
  for (const auto& name : TasksOf(state, source)) {
    const auto& subtask = Subtasks(Tasks(state)[name])[source];
    if (base::GetStringOr(subtask, "unit") != "Sync" && base::GetStringOr(subtask, "stage") != "Stopped") return RunningTasks(state, source);
  }
  return {};
}

Outcome SetSourceStages(base::Json& state, const std::string& source, const std::vector<std::string>& tasks, const std::string& stage) {
  for (const auto& name : tasks) {
    if (!Tasks(state).contains(name)) continue;
    auto& subtasks = state["tasks"][name]["subtasks"];
    if (subtasks.contains(source)) subtasks[source]["stage"] = stage;
  }
  return std::nullopt;
}

base::Json TaskStatus(const base::Json& state, const std::string& name, const Unreachable& unreachable) {
  auto rows = base::Json::array();
  for (const auto& [source, subtask] : Subtasks(Tasks(state)[name]).items()) {
    rows.push_back(SubtaskRow(state, name, source, subtask, unreachable));
  }
  return rows;
}

base::Json SourceStatusRows(const base::Json& state, const std::string& name, const Unreachable& unreachable) {
  const auto bound = WorkerOf(state, name);
  auto rows = base::Json::array();
  const auto add = [&](const std::string& worker, bool relays) {
    base::Json row = {{"source_name", name}, {"worker_name", ""}};
    if (const auto error = unreachable(worker); !error.empty()) {
      row["error_msg"] = error;
    } else {
      row["worker_name"] = worker;
      if (relays) {
        row["relay_status"] = {{"master_binlog", "(binlog.000001, 261139391)"}, {"master_binlog_gtid", "0-3101-22"},
                               {"relay_binlog_gtid", ""}, {"relay_catch_up_master", true},
                               {"relay_dir", "0-3101.000001"}, {"stage", "Running"}};
      }
    }
    rows.push_back(std::move(row));
  };
  const auto* relayers = base::FindPath(state, {"sources", name, "relayWorkers"});
  const auto relays = [&](const std::string& worker) {
    return relayers != nullptr && std::find(relayers->begin(), relayers->end(), base::Json(worker)) != relayers->end();
  };
  if (!bound.empty()) add(bound, relays(bound));
  if (relayers != nullptr) {
    for (const auto& worker : *relayers) {
      if (worker != bound) add(worker.get<std::string>(), true);
    }
  }
  if (rows.empty()) rows.push_back({{"error_msg", NotBound(name)}, {"source_name", name}, {"worker_name", ""}});
  return rows;
}

}  // namespace dm::standin

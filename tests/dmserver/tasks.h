// Tasks of the stand-in's cluster: pure functions on the replicated state, with DM's refusals as recorded. No data moves;
// a task stands where it is put: "all" and "full" begin in Dump, "incremental" in Sync, the next unit comes by SetSubtask.
//
// state["tasks"] = {name: {"config": …, "subtasks": {source: {"stage", "unit", "dumpedBy"}}}}
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/dmserver/cluster_state.h"

namespace dm::standin {

DmError NoSuchTask(const std::string& name);

Outcome CreateTask(base::Json& state, const base::Json& task);
// An unknown one is no error, as recorded. `sources`: those only; empty: all.
Outcome StartTask(base::Json& state, const std::string& name, const std::vector<std::string>& sources = {});
Outcome StopTask(base::Json& state, const std::string& name);     // its stage is then Paused
Outcome DeleteTask(base::Json& state, const std::string& name, bool force);
// The stand-in's own: puts a subtask into a unit (Dump, Load, Sync) and stage. Load ties it to the worker that has its source.
Outcome SetSubtask(base::Json& state, const std::string& name, const std::string& source, const std::string& unit,
                   const std::string& stage);

std::vector<std::string> TasksOf(const base::Json& state, const std::string& source);
// The worker whose disk holds what a running task of the source still has to load; empty: none.
std::string LoadsOn(const base::Json& state, const std::string& source);
std::vector<std::string> RunningTasks(const base::Json& state, const std::string& source);
// The running tasks of the source when one that has begun is not in Sync: that is what a transfer minds (of a finished or
// paused one beside a running one too; read in DM's source).
std::vector<std::string> OutsideSync(const base::Json& state, const std::string& source);
// What a transfer does with the tasks that run.
Outcome SetSourceStages(base::Json& state, const std::string& source, const std::vector<std::string>& tasks, const std::string& stage);

// Why a worker does not answer; empty: it does. 38008 of DM.
using Unreachable = std::function<std::string(const std::string& worker)>;
// The rows of /api/v1/tasks/{name}/status.
base::Json TaskStatus(const base::Json& state, const std::string& name, const Unreachable& unreachable);
// The rows of /api/v1/sources/{name}/status: who has it bound first, then who only relays it.
base::Json SourceStatusRows(const base::Json& state, const std::string& name, const Unreachable& unreachable);

}  // namespace dm::standin

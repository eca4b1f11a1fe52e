// Journal: what happened to the stand-in's cluster, told from one committed state and the next, with the wall time; kept in the
// state itself, so that it outlives every pod. A test reads it at GET /standin/members and knows what no poll can see.
//
// state["journal"] = [{"at": ms since 1970, "what": "leader" | "member" | "worker" | "source" | "subtask", "name", "value", "was"}…], newest last:
//   leader: name "" and the leader's name · member: its id, "" when removed · worker: its stage, "" when forgotten ·
//   source: the worker that has it, "" when none · subtask: <task>/<source> and its stage
#pragma once

#include "base/clock.h"
#include "base/json.h"

namespace dm::standin {

constexpr std::size_t kJournalEntries = 250;     // every change of the state carries it to all members

void WriteJournal(const base::Json& before, base::Json& after, base::WallTime now);

}  // namespace dm::standin

#include "tests/dmserver/journal.h"

#include <map>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

namespace dm::standin {
namespace {

using Facts = std::map<std::pair<std::string, std::string>, std::string>;     // what and name → value

Facts Read(const base::Json& state) {
  Facts facts;
  const auto* leader = base::Find(state, "leader");
  facts[{"leader", ""}] = leader == nullptr ? "" : base::GetStringOr(*leader, "name");
  if (const auto* members = base::Find(state, "members")) {
    for (const auto& member : *members) {
      // A member that joins has no name until it has started.
      const auto name = base::GetStringOr(member, "name");
      if (!name.empty()) facts[{"member", name}] = base::GetStringOr(member, "id");
    }
  }
  for (const auto& [kind, list, key] : {std::tuple{"worker", "workers", "stage"}, std::tuple{"source", "sources", "worker"}}) {
    const auto* entries = base::Find(state, list);
    if (entries == nullptr) continue;
    for (const auto& [name, entry] : entries->items()) facts[{kind, name}] = base::GetStringOr(entry, key);
  }
  if (const auto* tasks = base::Find(state, "tasks"); tasks != nullptr && tasks->is_object()) {
    for (const auto& [task, entry] : tasks->items()) {
      const auto* subtasks = base::Find(entry, "subtasks");
      if (subtasks == nullptr) continue;
      for (const auto& [source, subtask] : subtasks->items()) facts[{"subtask", task + "/" + source}] = base::GetStringOr(subtask, "stage");
    }
  }
  return facts;
}

std::string At(const Facts& facts, const Facts::key_type& key) {
  const auto it = facts.find(key);
  return it == facts.end() ? std::string() : it->second;
}

}  // namespace

void WriteJournal(const base::Json& before, base::Json& after, base::WallTime now) {
  const auto was = Read(before), is = Read(after);
  std::set<Facts::key_type> keys;
  for (const auto* facts : {&was, &is}) {
    for (const auto& [key, value] : *facts) keys.insert(key);
  }
  auto& journal = after["journal"];
  if (!journal.is_array()) journal = base::Json::array();
  const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  for (const auto& key : keys) {
    if (At(was, key) == At(is, key)) continue;
    journal.push_back({{"at", at}, {"what", key.first}, {"name", key.second}, {"value", At(is, key)}, {"was", At(was, key)}});
  }
  if (journal.size() > kJournalEntries) {
    journal.erase(journal.begin(), journal.end() - static_cast<std::ptrdiff_t>(kJournalEntries));
  }
}

}  // namespace dm::standin

// What the reasons in a DMCluster's conditions and events mean and what happens next: one table for `kubectl dm status` and for
// docs/operations.md, so that they say the same. Pure; constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dm::cli {

struct Reason {
  std::string_view where;     // the condition's type, or "Event"
  std::string_view status;    // True | False | Unknown; of an event Normal | Warning
  std::string_view name;
  std::string_view means;
  std::string_view next;      // what happens by itself, or what a person does; empty: nothing
};

std::span<const Reason> Reasons();
// The row of a condition of that type with that reason; nullptr for one that the table does not have (another version wrote it).
const Reason* FindReason(std::string_view where, std::string_view name);

// The tables of docs/operations.md, from "## Conditions" to the end of "## Events".
std::string ReasonTables();

}  // namespace dm::cli

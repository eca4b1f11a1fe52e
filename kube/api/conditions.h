// metav1.Condition with the one rule that matters: the transition time moves only when the status does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace dm::kube::api {

struct Condition {
  std::string type{};
  std::string status = "Unknown";   // True | False | Unknown
  std::string reason{};
  std::string message{};
  std::int64_t observed_generation = 0;
  std::string last_transition_time{};
};

// Sorted by type; entries without a type are left out, and of two with the same type the last one counts.
std::vector<Condition> ParseConditions(const base::Json* list);
base::Json ToJson(const std::vector<Condition>& conditions);

// Puts `next` among `conditions` (kept sorted by type): same status keeps the old transition time. True if it differs.
bool SetCondition(std::vector<Condition>& conditions, Condition next, base::WallTime now);
const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type);

}  // namespace dm::kube::api

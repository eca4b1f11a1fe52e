// Conditions: reading, writing, and the rule about the transition time.
#include "kube/api/conditions.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dm::kube::api {
namespace {

auto LowerBound(auto& conditions, std::string_view type) {
  return std::lower_bound(conditions.begin(), conditions.end(), type,
                          [](const Condition& c, std::string_view t) { return c.type < t; });
}

}  // namespace

std::vector<Condition> ParseConditions(const base::Json* list) {
  std::vector<Condition> conditions;
  if (list == nullptr || !list->is_array()) return conditions;
  for (const base::Json& item : *list) {
    Condition condition;
    condition.type = base::GetStringOr(item, "type");
    if (condition.type.empty()) continue;
    condition.status = base::GetStringOr(item, "status", "Unknown");
    condition.reason = base::GetStringOr(item, "reason");
    condition.message = base::GetStringOr(item, "message");
    condition.observed_generation = base::GetIntOr(item, "observedGeneration", 0);
    condition.last_transition_time = base::GetStringOr(item, "lastTransitionTime");
    const auto at = LowerBound(conditions, condition.type);
    if (at != conditions.end() && at->type == condition.type) {
      *at = std::move(condition);
    } else {
      conditions.insert(at, std::move(condition));
    }
  }
  return conditions;
}

base::Json ToJson(const std::vector<Condition>& conditions) {
  base::Json list = base::Json::array();
  for (const Condition& c : conditions) {
    list.push_back({{"type", c.type},
                    {"status", c.status},
                    {"reason", c.reason},
                    {"message", c.message},
                    {"observedGeneration", c.observed_generation},
                    {"lastTransitionTime", c.last_transition_time}});
  }
  return list;
}

bool SetCondition(std::vector<Condition>& conditions, Condition next, base::WallTime now) {
  const auto at = LowerBound(conditions, next.type);
  if (at == conditions.end() || at->type != next.type) {
    if (next.last_transition_time.empty()) next.last_transition_time = base::FormatRfc3339(now);
    conditions.insert(at, std::move(next));
    return true;
  }
  next.last_transition_time = at->status == next.status && !at->last_transition_time.empty()
                                  ? at->last_transition_time
                                  : base::FormatRfc3339(now);
  const bool differs = at->status != next.status || at->reason != next.reason || at->message != next.message ||
                       at->observed_generation != next.observed_generation ||
                       at->last_transition_time != next.last_transition_time;
  *at = std::move(next);
  return differs;
}

const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type) {
  // Not a binary search: the caller's list need not come from here.
  const auto found = std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

}  // namespace dm::kube::api

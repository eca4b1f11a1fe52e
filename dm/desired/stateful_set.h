// StatefulSets and PodDisruptionBudgets of masters and workers. For dm/desired only.
#pragma once

#include "dm/desired/context.h"

namespace dm::desired {

inline constexpr std::string_view kDefaultStorage = "10Gi";   // v1's, where the spec says nothing

Json StatefulSet(const Context& context, Json pod_template);
Json ClaimTemplate(const std::string& name, const std::optional<std::string>& storage_class, const std::optional<Quantity>& size);
// Whether one is wanted: more than one replica and not switched off.
bool WantsDisruptionBudget(const Context& context);
Json DisruptionBudget(const Context& context);

}  // namespace dm::desired

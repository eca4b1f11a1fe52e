// Reading selectors inside a larger object, with full paths in the errors. For the parsers of this room.
#pragma once

#include "kube/api/fields.h"
#include "kube/api/selector.h"

namespace dm::kube::api {

// Node selectors know Gt and Lt, label selectors do not.
enum class Comparisons { kForbidden, kAllowed };

Requirement ReadRequirement(const Fields& fields, Comparisons comparisons);
LabelSelector ReadLabelSelector(const Fields& fields);   // absent: matches nothing

}  // namespace dm::kube::api

// Findings as people read them. Long form: causes, `kubectl dm check`, conditions. Short form: admission warnings.
#pragma once

#include <string>
#include <string_view>

#include "dm/requirements/report.h"

namespace dm::requirements {

// `Invalid value: "8": a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16, or …`
// What is no denial begins with the value alone: `2: 2 DM-masters survive no more losses than 1 (MasterReplicasOdd): …`
std::string LongText(const Finding& finding);
// Without the moment's figures: the same text as long as what it says holds.
std::string SteadyText(const Finding& finding);
// The cause's type: FieldValueInvalid | FieldValueRequired | FieldValueForbidden.
std::string_view CauseType(const Finding& finding);
// `WorkerCPU: spec.worker.requests.cpu is 8, needs 16`; aims at 120, never above 256 characters, no control characters.
std::string ShortText(const Finding& finding);

}  // namespace dm::requirements

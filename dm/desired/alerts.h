// Alert rules for one DM cluster, as a Prometheus rule file. For dm/desired only.
#pragma once

#include "base/json.h"

namespace dm::desired {

base::Json AlertRules();

}  // namespace dm::desired

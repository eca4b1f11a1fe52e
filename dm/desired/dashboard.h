// A Grafana dashboard for one DM cluster. For dm/desired only.
#pragma once

#include <string>

#include "base/json.h"

namespace dm::desired {

base::Json Dashboard(const std::string& cluster);

}  // namespace dm::desired

// Alert rules for one DM cluster, as a Prometheus rule file. For dm/desired only.
#pragma once

#include <string>

#include "base/json.h"

namespace dm::desired {

// With `runbooks` (a URL; empty: none) each alert carries runbook_url: that page's heading of the alert's name.
base::Json AlertRules(const std::string& runbooks);

}  // namespace dm::desired

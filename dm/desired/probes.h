// Probes of the DM container. For dm/desired only.
#pragma once

#include "dm/desired/context.h"

namespace dm::desired {

// Sets startupProbe, readinessProbe and livenessProbe.
void AddProbes(const Context& context, Json& container);

}  // namespace dm::desired

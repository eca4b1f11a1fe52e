// Where a role's pods may stand: affinity and spread, the user's and the defaults. For dm/desired only.
#pragma once

#include "dm/desired/context.h"

namespace dm::desired {

// Sets affinity, topologySpreadConstraints, nodeSelector, tolerations, schedulerName and priorityClassName of a pod spec.
//
// Defaults: masters stand one a host, required in production and preferred in development; workers prefer hosts of their own,
// away from masters. A user who speaks of these pods and hosts in a podAntiAffinity of his own is left alone.
void PlacePods(const Context& context, Json& pod_spec);

}  // namespace dm::desired

// What the running cluster adds to its spec: the sources that its DM reports (in its status) and, where a rule on the change asks
// for them, the claims that exist.
#pragma once

#include "dm/cluster.h"
#include "dm/requirements/evaluate.h"
#include "webhook/live_lookup.h"

namespace dm::webhook {

// Does the edit touch size or class of any role's storage? Then the claims decide whether data would be lost.
bool StorageChanges(const DMCluster& now, const DMCluster& before);

// before null (a new object): nothing is known. Asks the API server only when storage, TLS or a data directory changes.
base::Result<requirements::LiveFacts> GatherLiveFacts(const DMCluster& now, const DMCluster* before, const LiveLookup& lookup);

}  // namespace dm::webhook

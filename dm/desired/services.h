// The Services of masters and workers. For dm/desired only.
#pragma once

#include "dm/desired/context.h"

namespace dm::desired {

// Headless; publishes addresses before they are ready, so that the first masters find each other.
Json PeerService(const Context& context);
// What clients and workers use: only masters that are ready.
Json ClientService(const Context& context);

}  // namespace dm::desired

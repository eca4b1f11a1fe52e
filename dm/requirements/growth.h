// Did a role's own needs grow? A node that vanished must not block an unrelated edit, so on an update the node rules are
// judged only where replicas, requests, scheduling constraints or the environment ask for more (or other) than before.
#pragma once

#include "dm/requirements/evaluate.h"

namespace dm::requirements {

bool NeedsGrew(Role role, const Subject& now, const Subject& before);

}  // namespace dm::requirements

// Security contexts that satisfy the Pod Security Standard "restricted", unless the user says otherwise. For dm/desired only.
#pragma once

#include "dm/desired/context.h"

namespace dm::desired {

// The pod's own, once its containers are known: the pod demands no other user than root where one of them says it is root; the
// DM container then demands it for itself.
void PutSecurity(const Context& context, Json& pod_spec);
Json ContainerSecurity(const Context& context);

}  // namespace dm::desired

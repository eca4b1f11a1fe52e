// Security contexts that satisfy the Pod Security Standard "restricted", unless the user says otherwise. For dm/desired only.
#pragma once

#include "dm/desired/context.h"

namespace dm::desired {

Json PodSecurity(const Context& context);
Json ContainerSecurity(const Context& context);

}  // namespace dm::desired

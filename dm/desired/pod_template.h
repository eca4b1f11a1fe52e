// The pod template of masters and workers. For dm/desired only.
#pragma once

#include "dm/desired/context.h"

namespace dm::desired {

// An object with metadata and spec. Names of volumes, mounts and variables and their order are v1's.
Json PodTemplate(const Context& context);

// Requests and limits as they were understood, in canonical spelling; "storage" belongs to the claim, not here.
Json ContainerResources(const Json& component);

}  // namespace dm::desired

// Reading the parts of a pod spec that cost something. For the parsers of this room.
#pragma once

#include "kube/api/fields.h"
#include "kube/api/pod_spec.h"

namespace dm::kube::api {

// Containers, overhead, requests of the pod as a whole, node name; `spec` is the pod's.
void ReadCosts(const Fields& fields, PodSpec& spec);

}  // namespace dm::kube::api

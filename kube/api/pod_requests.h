// What a pod that exists takes of its node, as kube-scheduler counts it (its NodeInfo): the requests of the containers and
// sidecars, or the largest init step, or the pod's own, plus overhead; while a pod is being resized in place the larger of
// what is asked for, what the kubelet has set aside and what is in force. Pure values.
#pragma once

#include <string>

#include "kube/api/object_meta.h"
#include "kube/api/quantity.h"

namespace dm::kube::api {

struct PodRequests {
  std::string ns, name;
  std::string node;               // empty: not placed
  Labels labels;
  Quantity cpu, memory;
  bool ended = false;             // Succeeded or Failed: its node is free of it. One that is only being deleted still counts.

  std::string Key() const { return ns.empty() ? name : ns + "/" + name; }
  bool Counts() const { return !node.empty() && !ended; }
};

// Reads nothing else of the pod. kInvalid names the field.
base::Result<PodRequests> ParsePodRequests(const base::Json& pod);

}  // namespace dm::kube::api

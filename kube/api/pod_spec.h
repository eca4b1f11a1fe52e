// The parts of a pod spec that decide where a pod may stand and what it costs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/api/node.h"
#include "kube/api/object_meta.h"
#include "kube/api/quantity.h"
#include "kube/api/selector.h"

namespace dm::kube::api {

struct Container {
  std::string name;
  std::string image;
  std::optional<Quantity> cpu_request, memory_request;   // after "an absent request takes the limit"
  std::optional<Quantity> cpu_limit, memory_limit;
  bool always_restarts = false;   // an init container with restartPolicy Always (a sidecar)
};

struct PodAffinityTerm {
  LabelSelector selector;
  std::string topology_key;
  std::vector<std::string> namespaces;
  std::optional<LabelSelector> namespace_selector;   // besides `namespaces`; both absent: the pod's own namespace
};

struct TopologySpread {
  std::string topology_key;
  int max_skew = 1;
  bool hard = true;               // DoNotSchedule
  int min_domains = 0;
  bool honors_affinity = true;    // domains of nodes that the pod does not select do not count
  LabelSelector selector;
};

// A port of the node itself, which no two pods there may have.
struct HostPort {
  int port = 0;
  std::string protocol = "TCP";
  std::string ip;                 // empty or 0.0.0.0: of every address of the node
  bool Conflicts(const HostPort& other) const;
};

struct PodSpec {
  Labels labels;                                  // of the pod (template)
  std::vector<Container> containers, init_containers;
  Labels node_selector;
  bool has_required_node_affinity = false;
  std::vector<NodeSelectorTerm> required_node_affinity;   // any term must match
  std::vector<PodAffinityTerm> required_anti_affinity;
  std::vector<PodAffinityTerm> required_affinity;
  std::vector<TopologySpread> topology_spread;
  std::vector<Toleration> tolerations;
  std::vector<HostPort> host_ports;               // asked for, or every container port under hostNetwork
  std::string node_name;
  std::string scheduler_name;
  std::optional<Quantity> cpu_overhead, memory_overhead;           // of the runtime class
  std::optional<Quantity> pod_cpu_request, pod_memory_request;     // spec.resources: takes the place of the containers'

  // What the scheduler reserves: the larger of (containers + sidecars) and the largest init step, plus overhead.
  Quantity TotalCpu() const;
  Quantity TotalMemory() const;
  const Container* Find(std::string_view container) const;

  // Node selector and required node affinity, as the scheduler evaluates them.
  bool SelectsNode(const Node& node) const;
  // The first taint (NoSchedule, NoExecute) without a toleration, or nullptr.
  const Taint* UntoleratedTaint(const Node& node) const;
  // Do the two want the same port of a node, so that it takes only one of them?
  bool SharesHostPort(const PodSpec& other) const;
};

// `pod_template` is an object with metadata and spec (a Pod or a StatefulSet's template).
base::Result<PodSpec> ParsePodSpec(const base::Json& pod_template);

struct Pod {
  ObjectMeta meta;
  PodSpec spec;
  std::string phase, pod_ip, node_name, reason;
  bool ready = false;
  bool scheduled = false;
  int restarts = 0;
  std::string waiting_reason, waiting_message;     // of the first container that waits, as CrashLoopBackOff
  std::vector<std::string> waiting;                // names of the containers that wait: they do not run
  std::string unscheduled_message;                 // PodScheduled=False: what the scheduler says
  std::string image;                               // of the first container
  std::string controller_revision;                 // label controller-revision-hash
};

base::Result<Pod> ParsePod(const base::Json& object);

}  // namespace dm::kube::api

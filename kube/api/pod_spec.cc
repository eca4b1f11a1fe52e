// What a pod spec asks of nodes.
#include "kube/api/pod_spec.h"

#include <algorithm>

namespace dm::kube::api {
namespace {

// As the scheduler's resource helper: sidecars count with the containers and with every init step after them.
Quantity Total(const PodSpec& spec, std::optional<Quantity> Container::*request) {
  const auto of = [&](const Container& container) { return (container.*request).value_or(Quantity()); };
  Quantity running, sidecars, largest_step;
  for (const Container& container : spec.containers) running += of(container);
  for (const Container& init : spec.init_containers) {
    if (init.always_restarts) {
      running += of(init);
      sidecars += of(init);
      largest_step = std::max(largest_step, sidecars);
    } else {
      largest_step = std::max(largest_step, sidecars + of(init));
    }
  }
  return std::max(running, largest_step);
}

bool KeepsPodsAway(const Taint& taint) { return taint.effect == "NoSchedule" || taint.effect == "NoExecute"; }

}  // namespace

Quantity PodSpec::TotalCpu() const {
  return pod_cpu_request.value_or(Total(*this, &Container::cpu_request)) + cpu_overhead.value_or(Quantity());
}

Quantity PodSpec::TotalMemory() const {
  return pod_memory_request.value_or(Total(*this, &Container::memory_request)) + memory_overhead.value_or(Quantity());
}

const Container* PodSpec::Find(std::string_view container) const {
  for (const auto* list : {&containers, &init_containers}) {
    const auto found = std::find_if(list->begin(), list->end(), [&](const Container& c) { return c.name == container; });
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

bool PodSpec::SelectsNode(const Node& node) const {
  const bool labels_fit = std::all_of(node_selector.begin(), node_selector.end(), [&](const auto& wanted) {
    const auto found = node.meta.labels.find(wanted.first);
    return found != node.meta.labels.end() && found->second == wanted.second;
  });
  if (!labels_fit) return false;
  if (!has_required_node_affinity) return true;
  return std::any_of(required_node_affinity.begin(), required_node_affinity.end(), [&](const NodeSelectorTerm& term) {
    return term.Matches(node.meta.labels, node.meta.name);
  });
}

const Taint* PodSpec::UntoleratedTaint(const Node& node) const {
  const auto found = std::find_if(node.taints.begin(), node.taints.end(), [&](const Taint& taint) {
    if (!KeepsPodsAway(taint)) return false;
    return std::none_of(tolerations.begin(), tolerations.end(), [&](const Toleration& t) { return t.Tolerates(taint); });
  });
  return found == node.taints.end() ? nullptr : &*found;
}

bool HostPort::Conflicts(const HostPort& other) const {
  const auto every = [](const std::string& address) { return address.empty() || address == "0.0.0.0"; };
  return port == other.port && protocol == other.protocol && (ip == other.ip || every(ip) || every(other.ip));
}

bool PodSpec::SharesHostPort(const PodSpec& other) const {
  return std::any_of(host_ports.begin(), host_ports.end(), [&](const HostPort& one) {
    return std::any_of(other.host_ports.begin(), other.host_ports.end(), [&](const HostPort& two) { return one.Conflicts(two); });
  });
}

}  // namespace dm::kube::api

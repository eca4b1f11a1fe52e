#include "kube/api/pod_requests.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "kube/api/pod_spec_fields.h"

namespace dm::kube::api {
namespace {

using Amount = std::optional<Quantity>;

// What the kubelet says of a container: in force, and set aside.
struct Granted {
  Amount cpu, memory;
};

void Raise(Amount& amount, const Amount& other) {
  if (other && (!amount || *amount < *other)) amount = other;
}

void ReadGranted(const Fields& status, const char* list, std::map<std::string, Granted>& granted) {
  status.ForEach(list, [&](const Fields& container) {
    const Fields resources = container.Object("resources");
    if (!resources.present()) return;       // a kubelet that does not resize in place
    Granted& entry = granted[container.String("name")];
    for (const Fields& amounts : {resources.Object("requests"), container.Object("allocatedResources")}) {
      Raise(entry.cpu, amounts.Amount("cpu"));
      Raise(entry.memory, amounts.Amount("memory"));
    }
  });
}

bool ResizeIsInfeasible(const Fields& status) {
  std::optional<bool> infeasible;           // the first such condition counts
  status.ForEach("conditions", [&](const Fields& condition) {
    if (!infeasible && condition.String("type") == "PodResizePending") infeasible = condition.String("reason") == "Infeasible";
  });
  return infeasible.value_or(false);
}

void ApplyGranted(const std::map<std::string, Granted>& granted, bool infeasible, std::vector<Container>& containers) {
  for (Container& container : containers) {
    const auto found = granted.find(container.name);
    if (found == granted.end()) continue;
    if (infeasible) container.cpu_request = container.memory_request = std::nullopt;   // what is asked for will never be
    Raise(container.cpu_request, found->second.cpu);
    Raise(container.memory_request, found->second.memory);
  }
}

}  // namespace

base::Result<PodRequests> ParsePodRequests(const base::Json& object) {
  FieldError error;
  const Fields root(&object, "", error);
  const Fields meta = root.Object("metadata");
  PodRequests pod;
  pod.ns = meta.String("namespace");
  pod.name = meta.String("name");
  if (pod.name.empty()) meta.Refuse("name", "the name of a pod");
  pod.labels = meta.StringMap("labels");
  PodSpec spec;
  ReadCosts(root.Object("spec"), spec);
  pod.node = std::move(spec.node_name);
  const Fields status = root.Object("status");
  const std::string phase = status.String("phase");
  pod.ended = phase == "Succeeded" || phase == "Failed";
  std::map<std::string, Granted> granted;
  ReadGranted(status, "containerStatuses", granted);
  ReadGranted(status, "initContainerStatuses", granted);
  if (!granted.empty()) {
    const bool infeasible = ResizeIsInfeasible(status);
    ApplyGranted(granted, infeasible, spec.containers);
    ApplyGranted(granted, infeasible, spec.init_containers);
  }
  pod.cpu = spec.TotalCpu();
  pod.memory = spec.TotalMemory();
  if (error) return base::Fail(*std::move(error));
  return pod;
}

}  // namespace dm::kube::api

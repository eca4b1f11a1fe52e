// A Pod with its status from JSON.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "kube/api/fields.h"
#include "kube/api/pod_spec.h"

namespace dm::kube::api {
namespace {

void ReadContainerStatuses(const Fields& status, const char* list, Pod& pod) {
  status.ForEach(list, [&](const Fields& container) {
    const std::int64_t restarts = std::max(0, container.SmallInt("restartCount"));
    pod.restarts = static_cast<int>(std::min<std::int64_t>(pod.restarts + restarts, std::numeric_limits<int>::max()));
    const Fields waiting = container.Object("state").Object("waiting");
    if (!waiting.present()) return;
    pod.waiting.push_back(container.String("name"));
    if (!pod.waiting_reason.empty()) return;
    pod.waiting_reason = waiting.String("reason");
    pod.waiting_message = waiting.String("message");
  });
}

}  // namespace

base::Result<Pod> ParsePod(const base::Json& object) {
  auto meta = ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  auto spec = ParsePodSpec(object);
  if (!spec) return base::Propagate(spec);

  FieldError error;
  const Fields root(&object, "", error);
  Pod pod;
  pod.meta = *std::move(meta);
  pod.spec = *std::move(spec);
  pod.node_name = pod.spec.node_name;
  if (!pod.spec.containers.empty()) pod.image = pod.spec.containers.front().image;
  if (const auto found = pod.meta.labels.find("controller-revision-hash"); found != pod.meta.labels.end()) {
    pod.controller_revision = found->second;
  }

  const Fields status = root.Object("status");
  pod.phase = status.String("phase");
  pod.pod_ip = status.String("podIP");
  pod.reason = status.String("reason");
  status.ForEach("conditions", [&](const Fields& condition) {
    const std::string type = condition.String("type");
    const std::string state = condition.String("status");
    if (type == "Ready") pod.ready = state == "True";
    if (type != "PodScheduled") return;
    pod.scheduled = state == "True";
    if (state == "False") pod.unscheduled_message = condition.String("message");
  });
  ReadContainerStatuses(status, "initContainerStatuses", pod);
  ReadContainerStatuses(status, "containerStatuses", pod);
  if (error) return base::Fail(*std::move(error));
  return pod;
}

}  // namespace dm::kube::api

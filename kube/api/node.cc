// A Node from JSON.
#include "kube/api/node.h"

#include "kube/api/fields.h"

namespace dm::kube::api {

base::Result<Node> ParseNode(const base::Json& object) {
  auto meta = ParseObjectMeta(object);
  if (!meta) return base::Propagate(meta);
  FieldError error;
  const Fields root(&object, "", error);
  Node node;
  node.meta = *std::move(meta);

  const Fields spec = root.Object("spec");
  node.unschedulable = spec.Bool("unschedulable");
  spec.ForEach("taints", [&](const Fields& taint) {
    node.taints.push_back({taint.String("key"), taint.String("value"), taint.String("effect")});
  });

  const Fields status = root.Object("status");
  const Fields info = status.Object("nodeInfo");
  node.os_image = info.String("osImage");
  node.kernel_version = info.String("kernelVersion");
  node.operating_system = info.String("operatingSystem");
  node.architecture = info.String("architecture");
  node.kubelet_version = info.String("kubeletVersion");

  const Fields allocatable = status.Object("allocatable");
  node.cpu = allocatable.Amount("cpu");
  node.memory = allocatable.Amount("memory");
  node.pods = allocatable.Amount("pods");

  status.ForEach("conditions", [&](const Fields& condition) {
    if (condition.String("type") == "Ready") node.ready = condition.String("status") == "True";
  });
  status.ForEach("addresses", [&](const Fields& address) {
    if (node.internal_ip.empty() && address.String("type") == "InternalIP") node.internal_ip = address.String("address");
  });
  if (error) return base::Fail(*std::move(error));
  return node;
}

}  // namespace dm::kube::api

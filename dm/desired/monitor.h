// Prometheus for one DM cluster, with DM's alert rules, and Grafana beside it when asked for. For dm/desired only.
// It finds the members through the headless Services (DNS), so it needs no rights in Kubernetes.
#pragma once

#include <vector>

#include "dm/desired/context.h"

namespace dm::desired {

bool WantsMonitor(const DMCluster& cluster);
std::vector<Json> MonitorObjects(const DMCluster& cluster, const RenderFacts& facts);   // Services, ConfigMap
Json MonitorTemplate(const DMCluster& cluster);                    // the pod template
Json MonitorSet(const DMCluster& cluster, Json pod_template);
RolePods MonitorPods(const DMCluster& cluster);

}  // namespace dm::desired

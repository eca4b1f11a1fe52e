// Objects as an API server sends them, for tests: trimmed, but whole where rules look.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"

namespace dm::app::testing {

inline base::Json NodeJson(const std::string& name, const std::string& os_image = "CentOS Linux 7 (Core)",
                           const std::string& kernel = "3.10.0-1160.el7.x86_64") {
  return {{"kind", "Node"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", name}, {"uid", "uid-" + name},
                        {"labels", {{"kubernetes.io/hostname", name}, {"dm.pingcap.com/os-version", "7.9"},
                                    {"dm.pingcap.com/network-gbps", "10"}}}}},
          {"spec", base::Json::object()},
          {"status", {{"allocatable", {{"cpu", "64"}, {"memory", "256Gi"}, {"pods", "110"}}},
                      {"conditions", {{{"type", "Ready"}, {"status", "True"}, {"lastHeartbeatTime", "2026-01-01T00:00:00Z"}}}},
                      {"nodeInfo", {{"osImage", os_image}, {"kernelVersion", kernel}, {"operatingSystem", "linux"},
                                    {"architecture", "amd64"}, {"kubeletVersion", "v1.34.0"}}}}}};
}

inline base::Json StorageClassJson(const std::string& name, const std::string& grade = "ssd") {
  return {{"kind", "StorageClass"},
          {"apiVersion", "storage.k8s.io/v1"},
          {"metadata", {{"name", name}, {"uid", "uid-" + name}, {"annotations", {{"dm.pingcap.com/disk-class", grade}}}}},
          {"provisioner", "csi.example.com"},
          {"allowVolumeExpansion", true},
          {"reclaimPolicy", "Delete"},
          {"volumeBindingMode", "WaitForFirstConsumer"}};
}

inline base::Json NamespaceJson(const std::string& name, const base::Json& labels = base::Json::object()) {
  return {{"kind", "Namespace"}, {"apiVersion", "v1"}, {"metadata", {{"name", name}, {"uid", "uid-" + name}, {"labels", labels}}}};
}

inline base::Json PodJson(const std::string& name, const std::string& node, const std::string& cpu, const std::string& phase = "Running",
                          const std::string& ns = "shop", const base::Json& labels = base::Json::object()) {
  base::Json pod = {{"kind", "Pod"},
                    {"apiVersion", "v1"},
                    {"metadata", {{"name", name}, {"namespace", ns}, {"uid", "uid-" + name}, {"labels", labels}}},
                    {"spec", {{"containers", {{{"name", "main"}, {"resources", {{"requests", {{"cpu", cpu}}}}}}}}}},
                    {"status", {{"phase", phase}}}};
  if (!node.empty()) pod["spec"]["nodeName"] = node;
  return pod;
}

// A DMCluster that a production namespace accepts on three or more of the nodes above.
inline base::Json ClusterJson(const std::string& name = "orders", const std::string& ns = "shop") {
  return {{"apiVersion", "pingcap.com/v1alpha1"},
          {"kind", "DMCluster"},
          {"metadata", {{"name", name}, {"namespace", ns}, {"uid", "uid-" + name}, {"resourceVersion", "7"}}},
          {"spec", {{"version", "v8.5.0"},
                    {"upstreams", {{{"name", "orders"}, {"dataSize", "100Gi"}}}},
                    {"monitor", {{"external", true}}},
                    {"master", {{"replicas", 3}, {"storageClassName", "fast"}, {"storageSize", "250Gi"},
                                {"requests", {{"cpu", "4"}, {"memory", "8Gi"}}}}},
                    {"worker", {{"replicas", 2}, {"storageClassName", "fast"}, {"storageSize", "500Gi"},
                                {"requests", {{"cpu", "16"}, {"memory", "32Gi"}}}}}}}};
}

}  // namespace dm::app::testing

#include "tests/bench/large_cluster.h"

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace dm::bench {
namespace {

using base::Json;

template <class T>
T Must(base::Result<T> result) {
  if (!result) std::abort();   // the benchmark's own data is at fault
  return *std::move(result);
}

std::string Padded(int number) {
  std::string text = std::to_string(number);
  return std::string(text.size() < 4 ? 4 - text.size() : 0, '0') + text;
}

struct System {
  const char *image, *kernel;
};
// Of ten nodes six qualify by their operating system.
constexpr std::array<System, 10> kSystems = {{{"Ubuntu 22.04.4 LTS", "5.15.0-1057-aws"},
                                              {"Ubuntu 22.04.4 LTS", "5.15.0-1057-aws"},
                                              {"Ubuntu 20.04.6 LTS", "5.4.0-174-generic"},
                                              {"Red Hat Enterprise Linux 8.9 (Ootpa)", "4.18.0-513.9.1.el8_9.x86_64"},
                                              {"CentOS Linux 7 (Core)", "3.10.0-1160.108.1.el7.x86_64"},
                                              {"Oracle Linux Server 8.9", "5.15.0-200.131.27.el8uek.x86_64"},
                                              {"Debian GNU/Linux 12 (bookworm)", "6.1.0-18-amd64"},
                                              {"Amazon Linux 2023.4.20240401", "6.1.82-99.168.amzn2023.x86_64"},
                                              {"Bottlerocket OS 1.19.4 (aws-k8s-1.29)", "6.1.82"},
                                              {"Ubuntu 23.10", "6.5.0-1017-aws"}}};

struct Size {
  const char *type, *cpu, *memory;
};
constexpr std::array<Size, 4> kSizes = {{{"m6i.2xlarge", "7910m", "31482304Ki"},
                                         {"m6i.4xlarge", "15890m", "63520112Ki"},
                                         {"m6i.8xlarge", "31850m", "127884536Ki"},
                                         {"m6i.16xlarge", "63770m", "257512904Ki"}}};

Json Labels(int number, const Size& size, const std::string& zone) {
  const std::string pool = number % 5 == 0 ? "database" : "general-purpose";
  return {{"kubernetes.io/hostname", "ip-10-0-" + std::to_string(number / 250) + "-" + std::to_string(number % 250)},
          {"kubernetes.io/arch", "amd64"},
          {"kubernetes.io/os", "linux"},
          {"beta.kubernetes.io/arch", "amd64"},
          {"beta.kubernetes.io/os", "linux"},
          {"beta.kubernetes.io/instance-type", size.type},
          {"node.kubernetes.io/instance-type", size.type},
          {"topology.kubernetes.io/region", "eu-central-1"},
          {"topology.kubernetes.io/zone", zone},
          {"failure-domain.beta.kubernetes.io/region", "eu-central-1"},
          {"failure-domain.beta.kubernetes.io/zone", zone},
          {"topology.ebs.csi.aws.com/zone", zone},
          {"topology.k8s.aws/zone-id", "euc1-az" + zone.substr(zone.size() - 1)},
          {"k8s.io/cloud-provider-aws", "7b2f14d1c1c5a0a8e6f9a6d2c3b4e5f6"},
          {"eks.amazonaws.com/nodegroup", pool + "-2024-03"},
          {"eks.amazonaws.com/nodegroup-image", "ami-0d3c8fb2a1e5f6a7b"},
          {"eks.amazonaws.com/capacityType", "ON_DEMAND"},
          {"eks.amazonaws.com/sourceLaunchTemplateId", "lt-0a1b2c3d4e5f60718"},
          {"eks.amazonaws.com/sourceLaunchTemplateVersion", "7"},
          {"karpenter.sh/capacity-type", "on-demand"},
          {"pool", pool},
          {"dm.pingcap.com/network-gbps", number % 3 == 0 ? "25" : "10"}};
}

}  // namespace

Json NodeJson(int number, int version) {
  const auto index = static_cast<std::size_t>(number);
  const System& system = kSystems[index % kSystems.size()];
  const Size& size = kSizes[index / kSystems.size() % kSizes.size()];
  const std::string zone = std::string("eu-central-1") + "abc"[index % 3];
  Json taints = Json::array();
  if (number % 20 == 19) taints.push_back({{"key", "nvidia.com/gpu"}, {"value", "present"}, {"effect", "NoSchedule"}});
  Json conditions = Json::array();
  for (const char* type : {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"}) {
    const bool good = std::string_view(type) == "Ready" && number % 200 != 199;
    conditions.push_back({{"type", type}, {"status", good ? "True" : "False"}, {"reason", "KubeletHasSufficientMemory"},
                          {"lastHeartbeatTime", "2026-01-01T00:00:00Z"}, {"lastTransitionTime", "2026-01-01T00:00:00Z"}});
  }
  return {{"apiVersion", "v1"},
          {"kind", "Node"},
          {"metadata",
           {{"name", "ip-10-0-" + Padded(number) + ".eu-central-1.compute.internal"},
            {"uid", "3f2b8c1e-7d4a-4b9f-9e6c-00000000" + Padded(number)},
            {"resourceVersion", std::to_string(100000 + number + version * kNodes)},
            {"creationTimestamp", "2026-01-01T00:00:00Z"},
            {"labels", Labels(number, size, zone)},
            {"annotations", {{"volumes.kubernetes.io/controller-managed-attach-detach", "true"}, {"node.alpha.kubernetes.io/ttl", "0"}}}}},
          {"spec", {{"providerID", "aws:///eu-central-1a/i-0123456789abcdef0"}, {"taints", taints}}},
          {"status",
           {{"allocatable", {{"cpu", size.cpu}, {"memory", size.memory}, {"pods", "110"}, {"ephemeral-storage", "95551679124"}}},
            {"capacity", {{"cpu", size.cpu}, {"memory", size.memory}, {"pods", "110"}}},
            {"conditions", conditions},
            {"addresses", {{{"type", "InternalIP"}, {"address", "10.0." + std::to_string(number / 250) + "." + std::to_string(number % 250)}}}},
            {"nodeInfo",
             {{"osImage", system.image}, {"kernelVersion", system.kernel}, {"operatingSystem", "linux"}, {"architecture", "amd64"},
              {"kubeletVersion", "v1.30.4-eks-036c24b"}}}}}};
}

Json StorageClassJson(const std::string& name) {
  return {{"metadata", {{"name", name}, {"uid", name}, {"resourceVersion", "1"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}}},
          {"provisioner", "ebs.csi.aws.com"},
          {"parameters", {{"type", "gp3"}}},
          {"allowVolumeExpansion", true}};
}

Json NamespaceJson(int number) {
  const std::string name = "team-" + std::to_string(number);
  return {{"metadata",
           {{"name", name}, {"resourceVersion", "1"},
            {"labels", {{"kubernetes.io/metadata.name", name}, {"pod-security.kubernetes.io/enforce", "restricted"}}}}}};
}

DMCluster Production(int masters, int workers, const Json& patch) {
  Json object = Json::parse(R"({
    "apiVersion": "pingcap.com/v1alpha1", "kind": "DMCluster", "metadata": {"name": "orders", "namespace": "team-1"},
    "spec": {"version": "v8.5.7", "environment": "production", "upstreams": [{"name": "orders", "dataSize": "300Gi"}],
      "master": {"requests": {"cpu": "6", "memory": "12Gi"}, "storageSize": "300Gi", "storageClassName": "fast"},
      "worker": {"requests": {"cpu": "20", "memory": "48Gi"}, "storageSize": "500Gi", "storageClassName": "fast"},
      "monitor": {"replicas": 1, "requests": {"cpu": "8", "memory": "16Gi"}, "storageSize": "300Gi", "storageClassName": "fast"}}})");
  object["spec"]["master"]["replicas"] = masters;
  object["spec"]["worker"]["replicas"] = workers;
  object.merge_patch(patch);
  Decoded decoded = Decode(object);
  if (!decoded.problems.empty()) std::abort();
  return std::move(decoded.cluster);
}

Held::Held() {
  nodes.OnChange([this](const kube::Change<kube::api::Node>& change) { news.changed.insert_or_assign(change.any().meta.name, change.now); });
  news.synced = true;
  // One after the other, as a watch sends them, so that the JSON of all is never held at once.
  nodes.Replace({}, "1");
  for (int number = 0; number < kNodes; ++number) Upsert(NodeJson(number));
  std::vector<std::shared_ptr<const kube::api::StorageClass>> all_classes;
  for (const char* name : {"fast", "standard", "archive"}) {
    all_classes.push_back(std::make_shared<const kube::api::StorageClass>(Must(kube::api::ParseStorageClass(StorageClassJson(name)))));
  }
  classes.Replace(std::move(all_classes), "1");
  std::vector<std::shared_ptr<const kube::api::Namespace>> all_namespaces;
  for (int number = 0; number < kNamespaces; ++number) {
    all_namespaces.push_back(std::make_shared<const kube::api::Namespace>(Must(app::ParseTrimmedNamespace(NamespaceJson(number)))));
  }
  namespaces.Replace(std::move(all_namespaces), "1");
  Build();
}

void Held::Upsert(const Json& node) {
  auto parsed = Must(app::ParseTrimmedNode(node));
  std::string version = parsed.meta.resource_version;
  nodes.Upsert(std::make_shared<const kube::api::Node>(std::move(parsed)), std::move(version));
}

app::ViewChange Held::Build() {
  auto built = builder.Build(news, *classes.Read(), *namespaces.Read(), policy);
  news.changed.clear();
  view = std::move(built.view);
  return std::move(built.change);
}

}  // namespace dm::bench

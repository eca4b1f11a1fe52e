#include "dm/desired/services.h"

namespace dm::desired {
namespace {

Json Port(const std::string& name, int port, int target) {
  return {{"name", name}, {"port", port}, {"targetPort", target}, {"protocol", "TCP"}};
}

Labels ServiceLabels(const Context& context, const char* used_by) {
  Labels labels = SelectorLabels(context.cluster.meta.name, context.role);
  labels["app.kubernetes.io/used-by"] = used_by;
  return labels;
}

// A port of another number stands beside 8261, which workers join by.
Json ClientPorts(const Json& service, const std::string& type) {
  const std::string asked = base::GetStringOr(service, "portName");
  const std::string name = asked.empty() ? "dm-master" : asked;
  const auto number = static_cast<int>(base::GetIntOr(service, "port", kMasterPort));
  Json client = Port(name, number, kMasterPort);
  const auto node_port = base::GetInt(service, "masterNodePort");
  if (node_port && *node_port > 0 && type != "ClusterIP") client["nodePort"] = *node_port;
  Json ports = Json::array({client});
  if (number != kMasterPort) ports.push_back(Port(name == "members" ? "dm-members" : "members", kMasterPort, kMasterPort));
  return ports;
}

}  // namespace

Json PeerService(const Context& context) {
  const bool master = context.role == Role::kMaster;
  // v1 labels only the masters' Services with who uses them.
  const Labels labels = master ? ServiceLabels(context, "peer") : SelectorLabels(context.cluster.meta.name, context.role);
  Json service = Object("v1", "Service", Meta(context.cluster, context.names.PeerService(context.role), labels));
  Json ports = Json::array();
  if (master) {
    ports.push_back(Port("dm-master-peer", kMasterPeerPort, kMasterPeerPort));
    ports.push_back(Port("dm-master", kMasterPort, kMasterPort));   // joining masters and Prometheus ask here
  } else {
    ports.push_back(Port("dm-worker", kWorkerPort, kWorkerPort));
  }
  service["spec"] = {{"clusterIP", "None"},
                     {"publishNotReadyAddresses", true},
                     {"selector", ToJson(SelectorLabels(context.cluster.meta.name, context.role))},
                     {"ports", ports}};
  return service;
}

Json ClientService(const Context& context) {
  const Json& asked = context.cluster.master.service;
  std::string type = base::GetStringOr(asked, "type");
  if (type.empty()) type = "ClusterIP";
  const bool balanced = type == "LoadBalancer";

  Labels labels = kube::api::ParseLabels(base::Find(asked, "labels"));
  for (const auto& [key, value] : ServiceLabels(context, "end-user")) labels[key] = value;
  Json service = Object("v1", "Service",
                        Meta(context.cluster, context.names.ClientService(), labels,
                             kube::api::ParseLabels(base::Find(asked, "annotations"))));
  Json spec = {{"type", type},
               {"selector", ToJson(SelectorLabels(context.cluster.meta.name, context.role))},
               {"ports", ClientPorts(asked, type)}};
  const auto copy = [&](const char* key) {
    const std::string value = base::GetStringOr(asked, key);
    if (!value.empty()) spec[key] = value;
  };
  copy("clusterIP");
  if (type != "ClusterIP") copy("externalTrafficPolicy");   // the API server refuses these on other types
  if (balanced) {
    copy("loadBalancerIP");
    copy("loadBalancerClass");
    const Json* ranges = base::Find(asked, "loadBalancerSourceRanges");
    if (ranges != nullptr && ranges->is_array() && !ranges->empty()) spec["loadBalancerSourceRanges"] = *ranges;
  }
  service["spec"] = spec;
  return service;
}

}  // namespace dm::desired

#include "kube/api/node.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dm::kube::api {
namespace {

using base::Json;

Json ANode() {
  return Json::parse(R"({"metadata":{"name":"n1","labels":{"kubernetes.io/os":"linux"}},
    "spec":{"unschedulable":true,"taints":[{"key":"dedicated","value":"dm","effect":"NoSchedule"},{"key":"k","effect":"NoExecute"}]},
    "status":{"allocatable":{"cpu":"15890m","memory":"64Gi","pods":"110"},"capacity":{"cpu":"16"},
      "nodeInfo":{"osImage":"Ubuntu 22.04.4 LTS","kernelVersion":"5.15.0","operatingSystem":"linux","architecture":"amd64",
        "kubeletVersion":"v1.30.1"},
      "conditions":[{"type":"DiskPressure","status":"True"},{"type":"Ready","status":"True"}],
      "addresses":[{"type":"Hostname","address":"n1"},{"type":"InternalIP","address":"10.0.0.1"},
        {"type":"InternalIP","address":"fd00::1"}]}})");
}

TEST(Node, ReadsWhatTheRulesAsk) {
  const auto node = ParseNode(ANode());
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(node->meta.name, "n1");
  EXPECT_EQ(node->os_image, "Ubuntu 22.04.4 LTS");
  EXPECT_EQ(node->kernel_version, "5.15.0");
  EXPECT_EQ(node->operating_system, "linux");
  EXPECT_EQ(node->architecture, "amd64");
  EXPECT_EQ(node->kubelet_version, "v1.30.1");
  EXPECT_EQ(node->cpu, Quantity::FromMilli(15890));
  EXPECT_EQ(node->memory, Quantity::Parse("64Gi").value());
  EXPECT_EQ(node->pods, Quantity::FromUnits(110));
  EXPECT_EQ(node->taints, (std::vector<Taint>{{"dedicated", "dm", "NoSchedule"}, {"k", "", "NoExecute"}}));
  EXPECT_TRUE(node->unschedulable);
  EXPECT_TRUE(node->ready);
  EXPECT_EQ(node->internal_ip, "10.0.0.1");
}

TEST(Node, ABareOneIsUnknownAndNotReady) {
  const auto node = ParseNode(Json::parse(R"({"metadata":{"name":"n"}})"));
  ASSERT_TRUE(node);
  EXPECT_FALSE(node->ready);
  EXPECT_EQ(node->cpu, std::nullopt);
  EXPECT_EQ(node->os_image, "");
  Json unknown = ANode();
  unknown["status"]["conditions"][1]["status"] = "Unknown";
  EXPECT_FALSE(ParseNode(unknown).value().ready);
}

TEST(Node, MalformedFieldsAreNamed) {
  Json node = ANode();
  node["status"]["allocatable"]["cpu"] = "16 cores";
  EXPECT_EQ(ParseNode(node).error().message,
            "status.allocatable.cpu must be a quantity such as 500m or 8Gi, but is \"16 cores\"");
  node = ANode();
  node["spec"]["taints"][1] = "NoSchedule";
  EXPECT_EQ(ParseNode(node).error().message, "spec.taints[1] must be an object, but is \"NoSchedule\"");
}

}  // namespace
}  // namespace dm::kube::api

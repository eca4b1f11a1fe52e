#include "kube/api/pod_requests.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dm::kube::api {
namespace {

using base::Json;

Json APod(std::string_view spec, std::string_view status = "{}") {
  return {{"metadata", {{"name", "p"}, {"namespace", "shop"}, {"labels", {{"app", "x"}}}}},
          {"spec", Json::parse(spec)},
          {"status", Json::parse(status)}};
}

PodRequests Read(const Json& pod) {
  const auto parsed = ParsePodRequests(pod);
  EXPECT_TRUE(parsed) << pod << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : PodRequests{};
}

struct Row {
  std::string_view why, spec, status, cpu, memory;
};

TEST(PodRequests, SumsAsTheSchedulerCounts) {
  const Row rows[] = {
      {"nothing asked for", R"({"nodeName":"n","containers":[{"name":"a"}]})", "{}", "0", "0"},
      {"containers add up", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Gi"}}},
                                              {"name":"b","resources":{"requests":{"cpu":"500m"}}}]})", "{}", "1500m", "1Gi"},
      {"a request that was left out is the limit", R"({"containers":[{"name":"a","resources":{"limits":{"cpu":"2","memory":"3Gi"}}}]})",
       "{}", "2", "3Gi"},
      {"the larger init step", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"4Gi"}}}],
                                   "initContainers":[{"name":"i","resources":{"requests":{"cpu":"3","memory":"1Gi"}}}]})", "{}", "3", "4Gi"},
      {"a sidecar runs beside the containers", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}],
          "initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"2"}}}]})", "{}", "3", "0"},
      {"and beside the init step after it", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}],
          "initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"2"}}},
                            {"name":"i","resources":{"requests":{"cpu":"4"}}}]})", "{}", "6", "0"},
      {"overhead comes on top", R"({"overhead":{"cpu":"250m","memory":"120Mi"},
          "containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]})", "{}", "1250m", "120Mi"},
      {"the pod's own requests take the containers' place", R"({"resources":{"requests":{"cpu":"5"}},"overhead":{"cpu":"1"},
          "containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Gi"}}}]})", "{}", "6", "1Gi"},
      {"grown in place, not granted yet", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"4","memory":"1Gi"}}}]})",
       R"({"containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"2","memory":"1Gi"}},"allocatedResources":{"cpu":"2","memory":"1Gi"}}]})",
       "4", "1Gi"},
      {"shrunk in place, still in force", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Gi"}}}]})",
       R"({"containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"2","memory":"3Gi"}},"allocatedResources":{"cpu":"1","memory":"1Gi"}}]})",
       "2", "3Gi"},
      {"set aside and not in force yet", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]})",
       R"({"containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"1"}},"allocatedResources":{"cpu":"3"}}]})", "3", "0"},
      {"a resize that cannot be is not counted", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"64","memory":"1Gi"}}}]})",
       R"({"conditions":[{"type":"Ready","status":"True"},{"type":"PodResizePending","status":"True","reason":"Infeasible"}],
           "containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"2","memory":"1Gi"}}}]})", "2", "1Gi"},
      {"one that is only put off is", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"64"}}}]})",
       R"({"conditions":[{"type":"PodResizePending","status":"True","reason":"Deferred"}],
           "containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"2"}}}]})", "64", "0"},
      {"a sidecar is resized too", R"({"containers":[{"name":"a"}],
          "initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}}]})",
       R"({"initContainerStatuses":[{"name":"s","resources":{"requests":{"cpu":"3"}}}]})", "3", "0"},
      {"a kubelet that says nothing of it", R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]})",
       R"({"containerStatuses":[{"name":"a","allocatedResources":{"cpu":"9"}}]})", "1", "0"},
  };
  for (const Row& row : rows) {
    const PodRequests pod = Read(APod(row.spec, row.status));
    EXPECT_EQ(pod.cpu, *Quantity::Parse(row.cpu)) << row.why << ": " << pod.cpu.ToString();
    EXPECT_EQ(pod.memory, *Quantity::Parse(row.memory)) << row.why << ": " << pod.memory.ToString();
  }
}

TEST(PodRequests, CountsWhilePlacedAndNotEnded) {
  const struct {
    std::string_view node, phase;
    bool counts;
  } rows[] = {{"n", "Running", true}, {"n", "Pending", true},    // placed: its images are being pulled
              {"", "Pending", false}, {"n", "Succeeded", false}, {"n", "Failed", false}, {"n", "", true}, {"n", "Unknown", true}};
  for (const auto& row : rows) {
    Json pod = APod(R"({"containers":[{"name":"a"}]})");
    pod["spec"]["nodeName"] = row.node;
    pod["status"]["phase"] = row.phase;
    EXPECT_EQ(Read(pod).Counts(), row.counts) << row.node << " " << row.phase;
  }
  Json ending = APod(R"({"nodeName":"n","containers":[{"name":"a"}]})", R"({"phase":"Running"})");
  ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_TRUE(Read(ending).Counts()) << "its node is free of it when it is gone";
}

TEST(PodRequests, NamesWhatItCannotRead) {
  const auto parsed = ParsePodRequests(APod(R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"many"}}}]})"));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, base::Code::kInvalid);
  EXPECT_NE(parsed.error().message.find("spec.containers[0].resources.requests.cpu"), std::string::npos) << parsed.error().message;
  EXPECT_FALSE(ParsePodRequests(Json{{"spec", Json::object()}}));
}

TEST(PodRequests, AffinitiesOfOthersAreNotRead) {
  const PodRequests pod = Read(APod(R"({"nodeName":"n","affinity":{"nodeAffinity":7},"containers":[{"name":"a"}]})"));
  EXPECT_EQ(pod.Key(), "shop/p");
  EXPECT_EQ(pod.node, "n");
  EXPECT_EQ(pod.labels.at("app"), "x");
}

}  // namespace
}  // namespace dm::kube::api

#include "kube/api/pod_spec.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dm::kube::api {
namespace {

using base::Json;

PodSpec Read(std::string_view spec, std::string_view labels = "{}") {
  const Json object{{"metadata", {{"labels", Json::parse(labels)}}}, {"spec", Json::parse(spec)}};
  const auto parsed = ParsePodSpec(object);
  EXPECT_TRUE(parsed) << spec << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : PodSpec{};
}

std::string ErrorOf(std::string_view spec) {
  const auto parsed = ParsePodSpec(Json{{"spec", Json::parse(spec)}});
  if (parsed) return "no error";
  EXPECT_EQ(parsed.error().code, base::Code::kInvalid);
  return parsed.error().message;
}

Node ANode(Labels labels, std::vector<Taint> taints = {}) {
  Node node;
  node.meta.name = "n1";
  node.meta.labels = std::move(labels);
  node.taints = std::move(taints);
  return node;
}

TEST(PodSpec, AnAbsentRequestTakesTheLimit) {
  const PodSpec spec = Read(R"({"containers":[
      {"name":"a","image":"i","resources":{"requests":{"cpu":"1"},"limits":{"cpu":"2","memory":"4Gi"}}},{"name":"b"}]})");
  EXPECT_EQ(spec.containers[0].cpu_request, Quantity::FromUnits(1));
  EXPECT_EQ(spec.containers[0].memory_request, Quantity::Parse("4Gi").value());
  EXPECT_EQ(spec.containers[1].cpu_request, std::nullopt);
  ASSERT_NE(spec.Find("a"), nullptr);
  EXPECT_EQ(spec.Find("a")->image, "i");
  EXPECT_EQ(spec.Find("c"), nullptr);
}

struct TotalRow {
  std::string_view spec;
  std::string_view cpu;
};

TEST(PodSpec, TotalsAsTheSchedulerReserves) {
  const TotalRow rows[] = {
      {R"({"containers":[]})", "0"},
      {R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}},{"name":"b","resources":{"requests":{"cpu":"500m"}}}]})",
       "1500m"},
      // Init containers run one after the other: the largest counts, if larger than what runs later.
      {R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}],
           "initContainers":[{"name":"x","resources":{"requests":{"cpu":"3"}}},{"name":"y","resources":{"requests":{"cpu":"2"}}}]})", "3"},
      {R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"4"}}}],
           "initContainers":[{"name":"x","resources":{"requests":{"cpu":"3"}}}]})", "4"},
      // A sidecar runs on beside the containers …
      {R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"4"}}}],
           "initContainers":[{"name":"x","restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}}]})", "5"},
      // … and beside the init steps after it, but not those before it.
      {R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}],
           "initContainers":[{"name":"x","restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}},
                             {"name":"y","resources":{"requests":{"cpu":"3"}}}]})", "4"},
      {R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}],
           "initContainers":[{"name":"y","resources":{"requests":{"cpu":"3"}}},
                             {"name":"x","restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}}]})", "3"},
      {R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}],"overhead":{"cpu":"250m"}})", "1250m"},
      // Pod-level requests take the place of the containers'; overhead still comes on top.
      {R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}],"resources":{"requests":{"cpu":"6"}},
           "overhead":{"cpu":"250m"}})", "6250m"},
  };
  for (const TotalRow& row : rows) {
    EXPECT_EQ(Read(row.spec).TotalCpu().ToString(), row.cpu) << row.spec;
    std::string memory(row.spec);   // the same sums for memory
    for (std::size_t at; (at = memory.find("\"cpu\"")) != std::string::npos;) memory.replace(at, 5, "\"memory\"");
    EXPECT_EQ(Read(memory).TotalMemory().ToString(), row.cpu) << memory;
  }
}

struct SelectRow {
  std::string_view spec;
  Labels labels;
  bool selects;
};

constexpr std::string_view kAffinity =
    R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
        {"matchExpressions":[{"key":"zone","operator":"In","values":["a"]},{"key":"cores","operator":"Gt","values":["8"]}]},
        {"matchFields":[{"key":"metadata.name","operator":"In","values":["n2"]}]}]}}}})";

TEST(PodSpec, SelectsNodesAsTheSchedulerDoes) {
  const SelectRow rows[] = {
      {"{}", {}, true},
      {R"({"nodeSelector":{"disk":"ssd"}})", {{"disk", "ssd"}}, true},
      {R"({"nodeSelector":{"disk":"ssd"}})", {{"disk", "hdd"}}, false},
      {R"({"nodeSelector":{"disk":"ssd"}})", {}, false},
      {kAffinity, {{"zone", "a"}, {"cores", "16"}}, true},
      {kAffinity, {{"zone", "a"}, {"cores", "8"}}, false},
      {kAffinity, {{"zone", "b"}, {"cores", "16"}}, false},
      // Required, with no term: no node.
      {R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[]}}}})", {}, false},
      {R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{}]}}}})", {}, false},
      {R"({"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[
          {"weight":1,"preference":{"matchExpressions":[{"key":"zone","operator":"Exists"}]}}]}}})", {}, true},
  };
  for (const SelectRow& row : rows) EXPECT_EQ(Read(row.spec).SelectsNode(ANode(row.labels)), row.selects) << row.spec;
  Node second = ANode({});
  second.meta.name = "n2";
  EXPECT_TRUE(Read(kAffinity).SelectsNode(second));
}

TEST(PodSpec, FindsTheTaintThatKeepsItAway) {
  const Node node = ANode({}, {{"soft", "", "PreferNoSchedule"}, {"a", "1", "NoSchedule"}, {"b", "", "NoExecute"}});
  const auto key = [&](std::string_view spec) {
    const PodSpec pod = Read(spec);
    const Taint* taint = pod.UntoleratedTaint(node);
    return taint == nullptr ? std::string("none") : taint->key;
  };
  EXPECT_EQ(key("{}"), "a");
  EXPECT_EQ(key(R"({"tolerations":[{"key":"a","value":"1"}]})"), "b");
  EXPECT_EQ(key(R"({"tolerations":[{"key":"a","operator":"Exists"},{"key":"b","operator":"Exists","effect":"NoSchedule"}]})"), "b");
  EXPECT_EQ(key(R"({"tolerations":[{"key":"a","operator":"Exists"},{"key":"b","operator":"Exists","tolerationSeconds":300}]})"),
            "none");
  EXPECT_EQ(key(R"({"tolerations":[{"operator":"Exists"}]})"), "none");
}

TEST(PodSpec, PortsOfTheHost) {
  const auto ports = [](const char* list, const char* more = "") {
    return Read(std::string(R"({"containers":[{"name":"a","ports":[)") + list + "]}]" + more + "}");
  };
  const PodSpec asked = ports(R"({"containerPort":1,"hostPort":80},{"containerPort":2})");
  ASSERT_EQ(asked.host_ports.size(), 1u);
  EXPECT_TRUE(asked.SharesHostPort(asked));
  EXPECT_EQ(ports(R"({"containerPort":1},{"containerPort":2})", R"(,"hostNetwork":true)").host_ports.size(), 2u);
  EXPECT_TRUE(asked.SharesHostPort(ports(R"({"containerPort":80})", R"(,"hostNetwork":true)")));
  EXPECT_FALSE(asked.SharesHostPort(ports(R"({"containerPort":80})")));
  EXPECT_FALSE(asked.SharesHostPort(ports(R"({"containerPort":1,"hostPort":80,"protocol":"UDP"})")));
  const PodSpec one = ports(R"({"containerPort":1,"hostPort":80,"hostIP":"10.0.0.1"})");
  EXPECT_TRUE(asked.SharesHostPort(one));
  EXPECT_FALSE(one.SharesHostPort(ports(R"({"containerPort":1,"hostPort":80,"hostIP":"10.0.0.2"})")));
  const auto init = [](const char* policy) {
    return Read(std::string(R"({"initContainers":[{"name":"i","ports":[{"containerPort":1,"hostPort":80}])") + policy + "}]}");
  };
  EXPECT_TRUE(init("").host_ports.empty()) << "gone before the pod runs";
  EXPECT_EQ(init(R"(,"restartPolicy":"Always")").host_ports.size(), 1u);
}

TEST(PodSpec, MoreTermsThanAnybodyNeedsAreRefused) {
  for (const int count : {100, 101}) {
    base::Json terms = base::Json::array();
    for (int i = 0; i < count; ++i) terms.push_back({{"topologyKey", "k" + std::to_string(i)}});
    const base::Json pod = {{"spec", {{"containers", base::Json::array()},
                                      {"affinity", {{"podAntiAffinity", {{"requiredDuringSchedulingIgnoredDuringExecution", terms}}}}}}}};
    const auto spec = ParsePodSpec(pod);
    EXPECT_EQ(spec.has_value(), count == 100);
    if (!spec) {
      EXPECT_NE(spec.error().message.find("at most 100 terms"), std::string::npos) << spec.error().message;
    }
  }
}

TEST(PodSpec, NodeAffinityAndHostPortsHaveAnEnd) {
  const auto refused = [](const Json& spec) {
    const auto parsed = ParsePodSpec({{"spec", spec}});
    return parsed ? std::string() : parsed.error().message;
  };
  const auto affinity = [](std::size_t terms, std::size_t values) {
    Json expression = {{"key", "a"}, {"operator", "In"}, {"values", Json::array()}};
    for (std::size_t i = 0; i < values; ++i) expression["values"].push_back("v");
    Json list = Json::array();
    for (std::size_t i = 0; i < terms; ++i) list.push_back({{"matchExpressions", Json::array({expression})}});
    return Json{{"affinity", {{"nodeAffinity", {{"requiredDuringSchedulingIgnoredDuringExecution", {{"nodeSelectorTerms", list}}}}}}}};
  };
  EXPECT_EQ(refused(affinity(100, 99)), "");
  EXPECT_NE(refused(affinity(101, 1)).find("at most 100 terms"), std::string::npos);
  EXPECT_NE(refused(affinity(2, 9'999)).find("at most 10000 expressions and values"), std::string::npos);
  for (const int count : {100, 101}) {
    Json ports = Json::array();
    for (int i = 1; i <= count; ++i) ports.push_back({{"containerPort", i}, {"hostPort", i}});
    EXPECT_EQ(refused({{"containers", Json::array({{{"name", "a"}, {"ports", ports}}})}}).find("at most 100 ports of the host") == std::string::npos, count == 100);
  }
}

TEST(PodSpec, ReadsAffinityBetweenPods) {
  const PodSpec spec = Read(R"({"affinity":{
      "podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
        {"labelSelector":{"matchLabels":{"app":"dm"}},"topologyKey":"kubernetes.io/hostname","namespaces":["x"],
         "matchLabelKeys":["rev","absent"],"mismatchLabelKeys":["tenant"]}]},
      "podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
        {"topologyKey":"zone","namespaceSelector":{}}]}}})",
                            R"({"rev":"1","tenant":"t"})");
  ASSERT_EQ(spec.required_anti_affinity.size(), 1u);
  const PodAffinityTerm& anti = spec.required_anti_affinity[0];
  EXPECT_EQ(anti.topology_key, "kubernetes.io/hostname");
  EXPECT_EQ(anti.namespaces, std::vector<std::string>{"x"});
  EXPECT_FALSE(anti.namespace_selector);
  EXPECT_TRUE(anti.selector.Matches({{"app", "dm"}, {"rev", "1"}}));
  EXPECT_FALSE(anti.selector.Matches({{"app", "dm"}, {"rev", "2"}}));
  EXPECT_FALSE(anti.selector.Matches({{"app", "dm"}, {"rev", "1"}, {"tenant", "t"}}));
  ASSERT_EQ(spec.required_affinity.size(), 1u);
  EXPECT_FALSE(spec.required_affinity[0].selector.Matches({}));   // no selector: no pod
  ASSERT_TRUE(spec.required_affinity[0].namespace_selector);
  EXPECT_TRUE(spec.required_affinity[0].namespace_selector->Matches({}));
}

TEST(PodSpec, ReadsTopologySpread) {
  const PodSpec spec = Read(R"({"topologySpreadConstraints":[
      {"topologyKey":"zone","maxSkew":2,"minDomains":3,"whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"a":"b"}}},
      {"topologyKey":"host","maxSkew":1,"whenUnsatisfiable":"ScheduleAnyway","nodeAffinityPolicy":"Ignore"}]})");
  ASSERT_EQ(spec.topology_spread.size(), 2u);
  EXPECT_EQ(spec.topology_spread[0].max_skew, 2);
  EXPECT_EQ(spec.topology_spread[0].min_domains, 3);
  EXPECT_TRUE(spec.topology_spread[0].hard);
  EXPECT_TRUE(spec.topology_spread[0].selector.Matches({{"a", "b"}}));
  EXPECT_TRUE(spec.topology_spread[0].honors_affinity);
  EXPECT_FALSE(spec.topology_spread[1].hard);
  EXPECT_FALSE(spec.topology_spread[1].honors_affinity);
}

TEST(PodSpec, MalformedFieldsAreNamed) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"containers":{}})", "spec.containers must be a list, but is an object"},
      {R"({"containers":[{"resources":{"requests":{"memory":"8GB"}}}]})",
       "spec.containers[0].resources.requests.memory must be a quantity such as 500m or 8Gi, but is \"8GB\""},
      {R"({"initContainers":[{"resources":[]}]})", "spec.initContainers[0].resources must be an object, but is a list"},
      {R"({"nodeSelector":{"a":true}})", "spec.nodeSelector.a must be a string, but is true"},
      {R"({"tolerations":[{"operator":"Like"}]})", "spec.tolerations[0].operator must be Equal or Exists, but is \"Like\""},
      {R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
          {"matchExpressions":[{"key":"a","operator":"Matches"}]}]}}}})",
       "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]"
       ".operator must be In, NotIn, Exists, DoesNotExist, Gt or Lt, but is \"Matches\""},
      {R"({"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{}]}}})",
       "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey must be"},
      {R"({"topologySpreadConstraints":[{"topologyKey":"z","whenUnsatisfiable":"Never"}]})",
       "spec.topologySpreadConstraints[0].whenUnsatisfiable must be DoNotSchedule or ScheduleAnyway, but is \"Never\""},
      {R"({"topologySpreadConstraints":[{"topologyKey":"z","maxSkew":0}]})",
       "spec.topologySpreadConstraints[0].maxSkew must be at least 1, but is 0"},
      {R"({"topologySpreadConstraints":[{"topologyKey":"z","maxSkew":3000000000}]})",
       "spec.topologySpreadConstraints[0].maxSkew must be an integer of 32 bits, but is 3000000000"},
  };
  for (const auto& [spec, message] : rows) EXPECT_EQ(ErrorOf(spec).substr(0, message.size()), message);
}

TEST(Pod, ReadsItsState) {
  const auto pod = ParsePod(Json::parse(R"({"metadata":{"name":"p","namespace":"ns","labels":{"controller-revision-hash":"p-7"}},
      "spec":{"nodeName":"n1","schedulerName":"s","containers":[{"name":"dm","image":"pingcap/dm:v8.5.1"}]},
      "status":{"phase":"Running","podIP":"10.1.0.5","reason":"r",
        "conditions":[{"type":"Ready","status":"True"},{"type":"PodScheduled","status":"True","message":"m"}],
        "initContainerStatuses":[{"restartCount":1,"state":{"terminated":{"exitCode":0}}}],
        "containerStatuses":[{"name":"main","restartCount":4,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}}},
                             {"name":"side","restartCount":2,"state":{"waiting":{"reason":"Other"}}}]}})"));
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->meta.Key(), "ns/p");
  EXPECT_EQ(pod->node_name, "n1");
  EXPECT_EQ(pod->spec.scheduler_name, "s");
  EXPECT_EQ(pod->phase, "Running");
  EXPECT_EQ(pod->pod_ip, "10.1.0.5");
  EXPECT_EQ(pod->reason, "r");
  EXPECT_TRUE(pod->ready);
  EXPECT_TRUE(pod->scheduled);
  EXPECT_EQ(pod->unscheduled_message, "");
  EXPECT_EQ(pod->restarts, 7);
  EXPECT_EQ(pod->waiting_reason, "CrashLoopBackOff");
  EXPECT_EQ(pod->waiting_message, "back-off");
  EXPECT_EQ(pod->waiting, (std::vector<std::string>{"main", "side"}));
  EXPECT_EQ(pod->image, "pingcap/dm:v8.5.1");
  EXPECT_EQ(pod->controller_revision, "p-7");
}

TEST(Pod, SaysWhyItIsNotScheduled) {
  const auto pod = ParsePod(Json::parse(R"({"metadata":{"name":"p"},"status":{"phase":"Pending","conditions":[
      {"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available"}]}})"));
  ASSERT_TRUE(pod);
  EXPECT_FALSE(pod->scheduled);
  EXPECT_FALSE(pod->ready);
  EXPECT_EQ(pod->unscheduled_message, "0/3 nodes are available");
}

}  // namespace
}  // namespace dm::kube::api

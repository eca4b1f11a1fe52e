// Pods seated as the scheduler seats them: each rule of its filters, at its edge. Held against the scheduler itself by
// tests/scheduler.
#include "dm/requirements/seating.h"

#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::AddNode;
using fixtures::MakeNode;
using kube::api::Labels;
using kube::api::PodSpec;
using kube::api::Quantity;

constexpr const char* kHost = "kubernetes.io/hostname";
constexpr const char* kZone = "zone";

struct NodeWords {
  const char* name;
  Labels labels;                 // beside the hostname; {"kubernetes.io/hostname", "-"}: none at all
  const char* cpu = "4";
  const char* pods = "";
  const char* taint = "";
};

class Seating : public testing::Test {
 protected:
  void Nodes(const std::vector<NodeWords>& nodes) {
    view_ = {};
    for (const NodeWords& words : nodes) {
      auto node = MakeNode({.name = words.name, .cpu = words.cpu, .labels = words.labels});
      if (node.meta.labels[kHost] == "-") node.meta.labels.erase(kHost);
      if (*words.pods != 0) node.pods = *Quantity::Parse(words.pods);
      if (*words.taint != 0) node.taints.push_back({words.taint, "", "NoSchedule"});
      AddNode(view_, node);
    }
  }

  // `spec`: the pod's, in YAML; each pod takes one CPU, beside what its containers ask.
  RoleNodes Role(const char* name, int replicas, const std::string& spec) {
    base::Json pod = {{"metadata", {{"labels", {{"role", name}, {"app", "dm"}}}}}, {"spec", fixtures::Yaml(spec)}};
    pod["spec"]["containers"].push_back({{"name", "cpu"}, {"resources", {{"requests", {{"cpu", "1"}}}}}});
    auto parsed = kube::api::ParsePodSpec(pod);
    EXPECT_TRUE(parsed) << spec;
    auto role = std::make_unique<desired::RolePods>();
    role->replicas = replicas;
    role->pod = *parsed;
    pods_.push_back(std::move(role));
    return SurveyNodes(pods_.back().get(), "dm", view_, std::make_shared<const NodeGroups>(GroupNodes(view_)), {}, {}, WeighKind({}, {}));
  }

  std::int64_t Alone(int replicas, const std::string& spec) {
    return Placeable(Role("a", replicas, spec), Count::kAll, Measure::kSize);
  }

  ClusterView view_;
  std::vector<std::unique_ptr<desired::RolePods>> pods_;
};

std::string Apart(const std::string& key, const std::string& role, const std::string& more = "") {
  return "{topologyKey: " + key + ", labelSelector: {matchLabels: {role: " + role + "}}" + more + "}";
}

std::string Anti(const std::string& terms) {
  return "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [" + terms + "]}}";
}

std::string Ports(const std::string& ports) { return "containers: [{name: c, ports: [" + ports + "]}]"; }

std::string Spread(const std::string& more, const std::string& key = kZone) {
  return "topologySpreadConstraints: [{topologyKey: " + key + ", maxSkew: 1, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: "
         "{role: a}}" + more + "}]";
}

TEST_F(Seating, APodADomainAndAnyNumberOutsideOfAll) {
  Nodes({{"n1", {{kZone, "x"}}}, {"n2", {{kZone, "x"}}}, {"n3", {{kZone, "y"}}}});
  EXPECT_EQ(Alone(9, Anti(Apart(kHost, "a"))), 3);
  EXPECT_EQ(Alone(9, Anti(Apart(kZone, "a"))), 2);
  EXPECT_EQ(Alone(9, Anti(Apart(kZone, "b"))), 9) << "it keeps away from others only";
  EXPECT_EQ(Alone(9, Anti(Apart(kHost, "a") + ", " + Apart(kZone, "a"))), 2);
  Nodes({{"n1", {{kHost, "one"}}}, {"n2", {{kHost, "one"}}}, {"n3", {{kHost, "-"}}, "3"}});
  EXPECT_EQ(Alone(9, Anti(Apart(kHost, "a"))), 1 + 3) << "a node without the label is in no domain";
  EXPECT_EQ(Alone(9, Anti(Apart(kHost, "a") + ", " + Apart("other", "a"))), 1 + 3);
}

TEST_F(Seating, APortOfTheNodeIsTakenOnce) {
  Nodes({{"n1", {{kHost, "one"}}}, {"n2", {{kHost, "one"}}}, {"n3", {{kHost, "-"}}, "9"}});
  EXPECT_EQ(Alone(9, Ports("{containerPort: 8261, hostPort: 8261}")), 3) << "whatever the node's hostname";
  EXPECT_EQ(Alone(9, Ports("{containerPort: 8261}") + "\nhostNetwork: true"), 3);
  EXPECT_EQ(Alone(9, Ports("{containerPort: 8261}")), 9);
  EXPECT_EQ(Alone(9, Ports("{containerPort: 8261, hostPort: 8261}") + "\n" + Anti(Apart(kHost, "a"))), 2);
}

TEST_F(Seating, RolesThatWantTheSamePortOfANode) {
  Nodes({{"n1", {}, "9"}, {"n2", {}, "9"}, {"n3", {}, "9"}});
  const auto masters = Role("a", 2, Ports("{containerPort: 1, hostPort: 80}, {containerPort: 2}"));
  const auto other = Role("b", 3, Ports("{containerPort: 1, hostPort: 81}")), same = Role("b", 2, Ports("{containerPort: 9, hostPort: 80}"));
  EXPECT_EQ(Seat({&masters, &other}, {}), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(Seat({&masters, &same}, {}), (std::vector<std::int64_t>{2, 1}));
}

TEST_F(Seating, NamespacesOfATerm) {
  Nodes({{"n1", {}}});
  for (const char* ours : {", namespaces: [dm]", ", namespaceSelector: {}", ", namespaces: [x], namespaceSelector: {matchLabels: {team: data}}",
                           ", namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: dm}}"}) {
    view_.namespaces["dm"] = {{"team", "data"}};
    EXPECT_EQ(Alone(4, Anti(Apart(kHost, "a", ours))), 1) << ours;
  }
  for (const char* others : {", namespaces: [x]", ", namespaceSelector: {matchLabels: {team: web}}"}) {
    EXPECT_EQ(Alone(4, Anti(Apart(kHost, "a", others))), 4) << others;
  }
}

TEST_F(Seating, SpreadHoldsAgainstTheEmptiestDomain) {
  Nodes({{"n1", {{kZone, "x"}}}, {"n2", {{kZone, "y"}}, "1"}});
  EXPECT_EQ(Alone(9, Spread("")), 3) << "one more in x than the one in y";
  EXPECT_EQ(Alone(9, Spread(", minDomains: 2")), 3);
  EXPECT_EQ(Alone(9, Spread(", minDomains: 3")), 2) << "too few domains: the emptiest counts as empty";
  Nodes({{"n1", {{kZone, "x"}}}, {"n2", {}}});
  EXPECT_EQ(Alone(9, Spread("")), 4) << "a node without the label takes none, and is no domain";
  Nodes({{"n1", {{kZone, "x"}}}, {"n2", {{kZone, "y"}}, "4", "", "away"}});
  EXPECT_EQ(Alone(9, Spread("")), 1) << "a domain behind a taint counts, and stays empty";
}

TEST_F(Seating, SpreadCountsTheNodesThatThePodSelects) {
  Nodes({{"n1", {{kZone, "x"}, {"disk", "ssd"}}}, {"n2", {{kZone, "y"}}}});
  const std::string selects = "nodeSelector: {disk: ssd}\n";
  EXPECT_EQ(Alone(9, selects + Spread("")), 4);
  EXPECT_EQ(Alone(9, selects + Spread(", nodeAffinityPolicy: Ignore")), 1);
}

TEST_F(Seating, ANodeHoldsAsManyPodsAsItAllows) {
  Nodes({{"n1", {}, "9", "2"}, {"n2", {}, "9", "0"}});
  EXPECT_EQ(Alone(9, "{}"), 2);
  EXPECT_EQ(Alone(9, Spread("", kHost)), 1);
}

TEST_F(Seating, RequiredAffinityFollowsTheFirstPod) {
  Nodes({{"n1", {{kZone, "x"}}}, {"n2", {{kZone, "y"}}, "2"}, {"n3", {}}});
  const auto near = [](const char* role) {
    return std::string("affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [") + Apart(kZone, role) + "]}}";
  };
  EXPECT_EQ(Alone(9, near("a")), 4) << "all in the domain of the first";
  EXPECT_EQ(Alone(9, near("b")), 4 + 2) << "where those are is not known; a node without the label is out";
}

TEST_F(Seating, RolesKeepEachOtherAwayBothWays) {
  Nodes({{"n1", {}}, {"n2", {}}, {"n3", {}}});
  const RoleNodes b = Role("b", 2, "{}"), c = Role("c", 2, Anti(Apart(kHost, "b")));
  EXPECT_EQ(Seat({&b, &c}, {}), (std::vector<std::int64_t>{2, 2}));
  const RoleNodes three = Role("b", 3, Anti(Apart(kHost, "b")));
  EXPECT_EQ(Seat({&three, &c}, {}), (std::vector<std::int64_t>{3, 0}));
  EXPECT_EQ(Seat({&c, &three}, {}), (std::vector<std::int64_t>{2, 1})) << "what stands keeps away what comes";
}

TEST_F(Seating, WhoMustStandBesideOthersIsTriedAgain) {
  Nodes({{"n1", {}, "9"}, {"n2", {}, "9"}});
  const RoleNodes b = Role("b", 2, "{}");
  const RoleNodes near = Role("c", 2, "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [" + Apart(kHost, "b") + "]}}");
  EXPECT_EQ(Seat({&b, &near}, {}), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(Seat({&near, &b}, {}), (std::vector<std::int64_t>{2, 2})) << "whatever the order";
}

TEST_F(Seating, RolesShareWhatANodeHas) {
  Nodes({{"n1", {}, "3"}, {"n2", {}, "2", "1"}});
  const RoleNodes b = Role("b", 3, "{}"), c = Role("c", 3, "{}");
  EXPECT_EQ(Seat({&b, &c}, {}), (std::vector<std::int64_t>{3, 1}));
}

}  // namespace
}  // namespace dm::requirements

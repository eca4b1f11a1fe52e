// Nodes: kind, candidates, room.
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::AddNode;
using fixtures::Development;
using fixtures::FindRule;
using fixtures::Judged;
using fixtures::MakeNode;
using fixtures::NodeSpec;
using fixtures::Patched;
using fixtures::Production;
using Words = std::vector<std::string>;

const kube::api::Labels kFast = {{"dm.pingcap.com/network-gbps", "25"}};

NodeSpec Good(const char* name) { return {.name = name, .labels = kFast}; }
NodeSpec Debian(const char* name) { return {.name = name, .os = "Debian GNU/Linux 12 (bookworm)", .kernel = "6.1.0-25-amd64", .labels = kFast}; }
NodeSpec Arm(const char* name) { return {.name = name, .arch = "arm64", .labels = kFast}; }

ClusterView View(const std::vector<NodeSpec>& nodes, const Policy& policy = {}) {
  ClusterView view = fixtures::GoodView();
  view.nodes.clear();
  for (const NodeSpec& node : nodes) AddNode(view, MakeNode(node), policy);
  return view;
}

Words Warned(const base::Json& object, const ClusterView& view, const Policy& policy = {}) {
  return fixtures::Names(Judged(object, view, policy), Severity::kWarn);
}

TEST(Nodes, KindTable) {
  struct Case {
    const char* what;
    NodeSpec node;           // every node of the cluster is of this kind
    Words production, development;
  };
  const auto with = [](NodeSpec node) { return node; };
  const Case cases[] = {
      {"good", with({.labels = kFast}), {}, {}},
      {"arm", with({.arch = "arm64", .labels = kFast}), {"NodesForRole"}, {"NodesForRole"}},
      {"windows", with({.os = "Windows Server 2022", .kernel = "10.0", .labels = kFast, .system = "windows"}), {"NodesForRole"}, {"NodesForRole"}},
      {"centos 7.2", with({.os = "CentOS Linux 7 (Core)", .kernel = "3.10.0-327.el7.x86_64", .labels = kFast}), {"NodesForRole"}, {"NodesForRole"}},
      {"debian", with({.os = "Debian GNU/Linux 12 (bookworm)", .kernel = "6.1.0-25-amd64", .labels = kFast}), {"NodesForRole"}, {"NodeOS!warn"}},
      {"unknown", with({.os = "Linux", .kernel = "5.4.0", .labels = kFast}), {"NodesForRole"}, {"NodeOS!warn"}},
      {"no network", with({}), {"NodeNetwork!warn"}, {}},
      {"gigabit", with({.labels = {{"dm.pingcap.com/network-gbps", "1"}}}), {"NodesForRole"}, {}},     // workers need 10
      {"slow", with({.labels = {{"dm.pingcap.com/network-gbps", "0.1"}}}), {"NodesForRole"}, {"NodesForRole"}},
      {"ten", with({.labels = {{"dm.pingcap.com/network-gbps", "10"}}}), {}, {}},
      {"nonsense", with({.labels = {{"dm.pingcap.com/network-gbps", "fast"}}}), {"NodeNetwork!warn"}, {}},
      {"wsl", with({.kernel = "5.15.167.4-microsoft-standard-WSL2", .labels = kFast}), {"NodeVerifiable!warn"}, {"NodeVerifiable!warn"}},
  };
  for (const Case& c : cases) {
    std::vector<NodeSpec> nodes(3, c.node);
    for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].name = "n" + std::to_string(i);
    EXPECT_EQ(Warned(Production(), View(nodes)), c.production) << "production, " << c.what;
    EXPECT_EQ(Warned(Development(), View(nodes)), c.development) << "development, " << c.what;
  }
}

TEST(Nodes, MastersNeedAHostEach) {
  const auto enough = View({Good("a"), Good("b"), Good("c"), Debian("d")});
  const Report stray = Judged(Production(), enough);
  EXPECT_EQ(fixtures::Names(stray, Severity::kWarn), Words({"StrayNodes!warn"}));

  const Report short_of = Judged(Production(), View({Good("a"), Good("b"), Debian("d"), Arm("e")}));
  EXPECT_EQ(fixtures::Names(short_of, Severity::kWarn), Words({"NodesForRole", "StrayNodes!warn"}));
  const Finding* finding = FindRule(short_of, "NodesForRole");
  EXPECT_EQ(finding->role, Role::kMaster);
  EXPECT_EQ(finding->shortfall, Shortfall::Count(1));
  EXPECT_EQ(finding->subjects, Words({"d", "e"}));
  EXPECT_EQ(LongText(*finding),
            "Forbidden: 3 DM-masters need as many nodes that qualify, and 2 of 4 nodes that could take them do: 1 is not amd64, 1 runs an "
            "operating system that is not in the table (d runs Debian GNU/Linux 12, which is not in the table; e is arm64, not amd64) "
            "(NodesForRole): add nodes that qualify, or admit these systems in the policy with operatingSystems: [{name: \"Debian "
            "GNU/Linux\", minVersion: \"12\"}]");
  // What the refusal prints is what admits it.
  const Policy admitted = *ParsePolicy("operatingSystems: [{name: \"Debian GNU/Linux\", minVersion: \"12\"}]");
  EXPECT_EQ(Warned(Production(), View({Good("a"), Good("b"), Debian("d"), Arm("e")}, admitted), admitted), Words({"StrayNodes!warn"}));
}

TEST(Nodes, TooFewOfThemIsNoMatterOfKind) {
  EXPECT_EQ(Warned(Production(), View({Good("a"), Good("b")})), Words({"NodeCapacity!warn"}));
  EXPECT_EQ(Warned(Production(), View({Good("a"), Good("b")}), *ParsePolicy("capacity: {onShortage: deny}")), Words({"NodeCapacity"}));
  // Two nodes could never hold three masters, whatever they run.
  EXPECT_EQ(Warned(Production(), View({Good("a"), Debian("d")})), Words({"StrayNodes!warn", "NodeCapacity!warn"}));
  EXPECT_EQ(Warned(Production(), View({Debian("d")})), Words({"NodesForRole"}));
}

TEST(Nodes, TheSelectorThatWouldExcludeStraysIsNamed) {
  const Report arch = Judged(Production(), View({Good("a"), Good("b"), Good("c"), Arm("e")}));
  EXPECT_EQ(FindRule(arch, "StrayNodes")->remedy, "exclude it with nodeSelector {kubernetes.io/arch: \"amd64\"}");
  NodeSpec debian = Debian("d");
  const Report none = Judged(Production(), View({Good("a"), Good("b"), Good("c"), debian}));
  EXPECT_EQ(FindRule(none, "StrayNodes")->remedy, "label the nodes that qualify and select them with nodeSelector, or taint the others");
  debian.labels["pool"] = "legacy";
  std::vector<NodeSpec> nodes = {Good("a"), Good("b"), Good("c"), debian};
  for (std::size_t i = 0; i < 3; ++i) nodes[i].labels["pool"] = "dm";
  EXPECT_EQ(FindRule(Judged(Production(), View(nodes)), "StrayNodes")->remedy, "exclude it with nodeSelector {pool: \"dm\"}");
  const auto selected = Patched(Production(), "spec: {nodeSelector: {pool: dm}}");
  EXPECT_EQ(Warned(selected, View(nodes)), Words());
}

TEST(Nodes, CandidatesFollowTheScheduler) {
  std::vector<NodeSpec> nodes = {Good("a"), Good("b"), Good("c")};
  ClusterView view = View(nodes);
  const auto change = [&](auto&& edit) {
    ClusterView copy = view;
    auto node = *copy.nodes[0]->node;
    edit(node);
    copy.nodes[0] = Judge(std::make_shared<const kube::api::Node>(node), {});
    return Warned(Production(), copy);
  };
  const Words short_one = {"NodeCapacity!warn"};      // two hosts for three masters
  EXPECT_EQ(change([](auto&) {}), Words());
  EXPECT_EQ(change([](auto& n) { n.ready = false; }), short_one);
  EXPECT_EQ(change([](auto& n) { n.unschedulable = true; }), short_one);
  EXPECT_EQ(change([](auto& n) { n.taints = {{"dedicated", "x", "NoSchedule"}}; }), short_one);
  EXPECT_EQ(change([](auto& n) { n.taints = {{"dedicated", "x", "NoExecute"}}; }), short_one);
  EXPECT_EQ(change([](auto& n) { n.taints = {{"dedicated", "x", "PreferNoSchedule"}}; }), Words());
  const auto tolerant = Patched(Production(), "spec: {tolerations: [{key: dedicated, operator: Exists}]}");
  ClusterView tainted = view;
  auto node = *tainted.nodes[0]->node;
  node.taints = {{"dedicated", "x", "NoSchedule"}};
  tainted.nodes[0] = Judge(std::make_shared<const kube::api::Node>(node), {});
  EXPECT_EQ(Warned(tolerant, tainted), Words());
  // Required affinity on a field.
  const auto pinned = Patched(Development(), R"(
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [b]}]}]
)");
  EXPECT_EQ(Warned(pinned, View({Debian("a"), Good("b"), Debian("c")})), Words());
  EXPECT_EQ(Warned(pinned, View({Good("a"), Arm("b"), Good("c")})), Words({"NodesForRole"}));
}

TEST(Nodes, NoCandidates) {
  const auto nowhere = Patched(Production(), "spec: {nodeSelector: {pool: none}}");
  const Report report = Judged(nowhere, View({Good("a"), Good("b"), Good("c")}));
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words({"NoCandidates!warn"}));
  EXPECT_NE(FindRule(report, "NoCandidates")->message.find("3 are excluded by node selector or affinity"), std::string::npos);
  EXPECT_EQ(Warned(nowhere, View({Good("a")}), *ParsePolicy("capacity: {onShortage: deny}")), Words({"NoCandidates"}));
  ClusterView empty = View({});
  empty.nodes_known = true;
  EXPECT_EQ(FindRule(Judged(Production(), empty), "NoCandidates")->message, "the cluster has no nodes");
}

TEST(Nodes, WithoutDataNothingIsChecked) {
  ClusterView view = fixtures::GoodView();
  view.nodes.clear();
  view.nodes_known = false;
  const Report report = Judged(Production(), view);
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words());
  for (const char* rule : {"NodeLinux", "NodeArchitecture", "NodeOS", "NodeNetwork", "NodeVerifiable", "NodesForRole", "StrayNodes",
                           "NodeCapacity", "NoCandidates"}) {
    EXPECT_TRUE(fixtures::WasNotChecked(report, rule)) << rule;
  }
}

TEST(Nodes, AnUnknownNetworkIsNotChecked) {
  const Report report = Judged(Production(), View({{.name = "a"}, {.name = "b"}, {.name = "c"}}));
  EXPECT_TRUE(fixtures::WasNotChecked(report, "NodeNetwork"));
  int warnings = 0;
  for (const Finding& f : report.findings) warnings += f.rule == Rule::kNodeNetwork ? 1 : 0;
  EXPECT_EQ(warnings, 2);       // one a role, not one a node
}

TEST(Capacity, SizesArePodsNotContainers) {
  std::vector<NodeSpec> nodes = {Good("a"), Good("b"), Good("c")};
  for (NodeSpec& node : nodes) node.cpu = "26";       // 6 + 20
  EXPECT_EQ(Warned(Production(), View(nodes)), Words());
  for (NodeSpec& node : nodes) node.cpu = "25";       // two workers and three masters: one node holds both
  EXPECT_EQ(Warned(Production(), View(nodes)), Words({"NodeCapacity!warn"}));
  nodes.push_back(Good("d"));
  nodes.push_back(Good("e"));
  EXPECT_EQ(Warned(Production(), View(nodes)), Words());
  const char* sidecar = "spec: {worker: {additionalContainers: [{name: s, image: x, resources: {requests: {cpu: \"30\"}}}]}}";
  EXPECT_EQ(Warned(Patched(Production(), sidecar), View(nodes)), Words({"NodeCapacity!warn"}));
  const Report report = Judged(Patched(Production(), "spec: {worker: {requests: {cpu: \"60\"}}}"), View(nodes));
  EXPECT_EQ(FindRule(report, "NodeCapacity")->message,
            "only 0 of 2 DM-workers fit: each takes 60 CPU and 48Gi of memory, and 0 of 5 qualifying nodes hold one (nearest: d with 48 "
            "CPU and 192Gi)");
}

TEST(Capacity, WorkersMayShareANodeWhereItHoldsThem) {
  NodeSpec big = Good("a");
  big.cpu = "100";
  EXPECT_EQ(Warned(Development(), View({big})), Words());
  big.cpu = "13";                                      // 6 + 10 do not fit
  EXPECT_EQ(Judged(Development(), View({big})).findings[0].rule, Rule::kNodeCapacity);
  // Kind decides by packing: only the Debian could hold them all.
  NodeSpec small = Good("s");
  small.cpu = "21";
  NodeSpec debian = Debian("d");
  debian.cpu = "400";
  debian.memory = "4Ti";
  const auto four = Patched(Production(), "spec: {master: {replicas: 3}, worker: {replicas: 4}}");
  const Report report = Judged(four, View({small, debian}));
  const Finding* finding = FindRule(report, "NodesForRole");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->role, Role::kWorker);
}

// The master (10 CPU) has to take the small node, and two workers (8 CPU each) the large one; the scheduler prefers the roomiest.
TEST(Capacity, RoomThatIsFoundInALuckyOrderOnlyIsForInformation) {
  NodeSpec large = Good("large"), small = Good("small");
  large.cpu = "16";
  small.cpu = "10";
  const auto object = Patched(Development(), "spec: {master: {requests: {cpu: \"10\"}}, worker: {replicas: 2, requests: {cpu: \"8\"}}}");
  for (const char* policy : {"", "capacity: {onShortage: deny}", "rules: {NodeCapacity: deny}"}) {
    const Report report = Judged(object, View({large, small}), *ParsePolicy(policy));
    const Finding* finding = FindRule(report, "NodeCapacity");
    ASSERT_NE(finding, nullptr) << policy;
    EXPECT_EQ(finding->severity, Severity::kInfo) << policy;
    EXPECT_EQ(finding->message,
              "there is room for all pods, but whether they find it depends on the order in which they are scheduled: in one order 1 of 2 "
              "DM-workers do");
  }
  EXPECT_EQ(FindRule(Judged(object, View({large, small}), *ParsePolicy("rules: {NodeCapacity: off}")), "NodeCapacity"), nullptr);
  small.cpu = "18";                                    // room however they come
  EXPECT_EQ(FindRule(Judged(object, View({large, small})), "NodeCapacity"), nullptr);
  small.cpu = "9";                                     // room in no order
  EXPECT_EQ(FindRule(Judged(object, View({large, small}), *ParsePolicy("capacity: {onShortage: deny}")), "NodeCapacity")->severity, Severity::kDeny);
}

// Whether somebody else's pods leave room beside them nobody here can tell: no reason to refuse.
TEST(Capacity, AffinityToPodsOfOthersIsNotChecked) {
  const auto near = [](const char* labels) {
    return Patched(Production(), std::string("spec: {worker: {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                                             "kubernetes.io/hostname, labelSelector: {matchLabels: ") + labels + "}}]}}}}");
  };
  const auto four = View({Good("a"), Good("b"), Good("c"), Good("d")});
  const Report others = Judged(near("{app: mysql}"), four);
  EXPECT_EQ(FindRule(others, "NodeCapacity"), nullptr);
  EXPECT_TRUE(fixtures::WasNotChecked(others, "NodeCapacity"));
  const Report ours = Judged(near("{app.kubernetes.io/component: dm-master}"), four);
  EXPECT_FALSE(fixtures::WasNotChecked(ours, "NodeCapacity"));
}

TEST(Capacity, ZonesAreNamedWhereTheyAreTheLimit) {
  std::vector<NodeSpec> nodes;
  for (const char* name : {"a", "b", "c", "d"}) {
    nodes.push_back(Good(name));
    nodes.back().labels["topology.kubernetes.io/zone"] = name[0] < 'c' ? "z1" : "z2";
  }
  const auto object = Patched(Production(), "spec: {master: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                                            "topology.kubernetes.io/zone, labelSelector: {matchLabels: {app.kubernetes.io/component: dm-master}}}]}}}}");
  const Report report = Judged(object, View(nodes));
  const Finding* room = FindRule(report, "NodeCapacity");
  ASSERT_NE(room, nullptr);
  EXPECT_NE(room->message.find("one pod per value of topology.kubernetes.io/zone, and the qualifying nodes have 2 of them"), std::string::npos) << room->message;
  EXPECT_NE(room->remedy.find("with other values of it"), std::string::npos) << room->remedy;
}

TEST(NodesForRole, TellsWhichLabelsWouldHelpAndTheOldestSystemToAdmit) {
  std::vector<NodeSpec> nodes = {Good("a"), Good("b"), Good("c"), Good("d")};
  nodes[0].os = "CentOS Linux 7 (Core)";
  nodes[0].kernel = "5.4.278-1.el7.elrepo.x86_64";
  nodes[1].os = "Rocky Linux 9.5 (Blue Onyx)";
  nodes[2].os = "Rocky Linux 8.7 (Green Obsidian)";
  nodes[1].kernel = "5.14.0-503.14.1.el9_5.x86_64";
  nodes[2].kernel = "4.18.0-425.3.1.el8.x86_64";
  const Report report = Judged(Production(), View(nodes));
  const Finding* few = FindRule(report, "NodesForRole");
  ASSERT_NE(few, nullptr);
  EXPECT_NE(few->remedy.find("dm.pingcap.com/os-version"), std::string::npos) << few->remedy;
  EXPECT_NE(few->remedy.find("{name: \"Rocky Linux\", minVersion: \"8.7\"}"), std::string::npos) << few->remedy;
}

TEST(Capacity, UnknownSizesAreNotChecked) {
  NodeSpec silent = Good("a");
  silent.cpu = silent.memory = "";
  const Report report = Judged(Development(), View({silent}));
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words());
  EXPECT_TRUE(fixtures::WasNotChecked(report, "NodeCapacity"));
}

TEST(Spread, MastersOnOneHost) {
  const char* none = "spec: {master: {affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, "
                     "podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app.kubernetes.io/component: "
                     "dm-master}}}}]}}}}";
  const auto four = View({Good("a"), Good("b"), Good("c"), Good("d")});
  const Report report = Judged(Patched(Production(), none), four);
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words({"MastersSpread"}));
  EXPECT_EQ(FindRule(report, "MastersSpread")->field, "spec.master.affinity");
  EXPECT_EQ(Warned(Patched(Production(), std::string(none) + "\n"), four), Words({"MastersSpread"}));
  const auto spread = Patched(Production(), none);
  const auto with = [&](const char* constraint) {
    auto object = spread;
    object["spec"]["master"]["topologySpreadConstraints"] = fixtures::Yaml(constraint);
    return object;
  };
  EXPECT_EQ(Warned(with("[{topologyKey: kubernetes.io/hostname}]"), four), Words());               // four hosts, skew 1
  EXPECT_EQ(Warned(with("[{topologyKey: kubernetes.io/hostname, maxSkew: 2}]"), four), Words({"MastersSpread"}));
  // Nodes without a zone take no pod that must spread over zones.
  EXPECT_EQ(Warned(with("[{topologyKey: topology.kubernetes.io/zone}]"), four), Words({"MastersSpread", "NodeCapacity!warn"}));
  ClusterView zoned = View({});
  for (const char* name : {"a", "b", "c", "d"}) {
    NodeSpec node = Good(name);
    node.labels["topology.kubernetes.io/zone"] = name[0] < 'c' ? "z1" : "z2";
    AddNode(zoned, MakeNode(node));
  }
  EXPECT_EQ(Warned(with("[{topologyKey: topology.kubernetes.io/zone}]"), zoned), Words({"MastersSpread"}));
  EXPECT_EQ(FindRule(Judged(with("[{topologyKey: kubernetes.io/hostname}]"), View({Good("a"), Good("b")})), "MastersSpread")->field,
            "spec.master.topologySpreadConstraints");
  EXPECT_EQ(Warned(with("[{topologyKey: kubernetes.io/hostname, minDomains: 3}]"), four), Words());
  ClusterView unknown = fixtures::GoodView();
  unknown.nodes_known = false;
  unknown.nodes.clear();
  EXPECT_TRUE(fixtures::WasNotChecked(Judged(with("[{topologyKey: kubernetes.io/hostname}]"), unknown), "MastersSpread"));
  EXPECT_EQ(fixtures::Names(Judged(Patched(Development(), "spec: {master: {replicas: 3}}"), four)), Words({"MastersSpread!info"}));
}

// Two that want the same port of a node never share one.
TEST(Spread, HostNetworkKeepsMastersApart) {
  const auto four = View({Good("a"), Good("b"), Good("c"), Good("d")});
  const auto host = Patched(Development(), "spec: {hostNetwork: true, master: {replicas: 3}}");
  EXPECT_EQ(FindRule(Judged(host, four), "MastersSpread"), nullptr);
  ClusterView unknown = fixtures::GoodView();
  unknown.nodes_known = false;
  unknown.nodes.clear();
  EXPECT_FALSE(fixtures::WasNotChecked(Judged(host, unknown), "MastersSpread"));
  const Report few = Judged(host, View({Good("a"), Good("b")}));
  const Finding* room = FindRule(few, "NodeCapacity");
  ASSERT_NE(room, nullptr);
  EXPECT_EQ(room->found, "room for 2");
  EXPECT_NE(room->message.find("as it takes ports of the host (hostNetwork or hostPort)"), std::string::npos) << room->message;
}

// Required anti-affinity keeps apart what has the label: nodes without it are in no domain, and hold any number.
TEST(Spread, AnotherKeyKeepsMastersApartOnlyWhereNodesHaveIt) {
  const auto object = Patched(Production(), "spec: {master: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                                            "rack, labelSelector: {matchLabels: {app.kubernetes.io/component: dm-master}}}], "
                                            "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: "
                                            "kubernetes.io/hostname, labelSelector: {matchLabels: {app.kubernetes.io/component: dm-master}}}}]}}}}");
  EXPECT_NE(FindRule(Judged(object, View({Good("a"), Good("b"), Good("c"), Good("d")})), "MastersSpread"), nullptr);
  std::vector<NodeSpec> racks;
  for (const char* name : {"a", "b", "c", "d"}) {
    racks.push_back(Good(name));
    racks.back().labels["rack"] = name;
  }
  EXPECT_EQ(FindRule(Judged(object, View(racks)), "MastersSpread"), nullptr);
  racks.push_back(Good("e"));
  EXPECT_NE(FindRule(Judged(object, View(racks)), "MastersSpread"), nullptr);
  ClusterView unknown = fixtures::GoodView();
  unknown.nodes_known = false;
  unknown.nodes.clear();
  EXPECT_TRUE(fixtures::WasNotChecked(Judged(object, unknown), "MastersSpread"));
}

TEST(Spread, ANamespaceSelectorIsHeldAgainstTheNamespacesLabels) {
  const auto with = [](const char* selector) {
    return Patched(Production(), std::string("spec: {master: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
                                             "kubernetes.io/hostname, namespaceSelector: ") + selector +
                                     ", labelSelector: {matchLabels: {app.kubernetes.io/component: dm-master}}}]}}}}");
  };
  ClusterView view = View({Good("a"), Good("b"), Good("c"), Good("d")});
  const std::string ns = fixtures::Cluster(Production()).meta.ns;
  view.namespaces[ns.empty() ? "default" : ns]["team"] = "data";
  EXPECT_EQ(FindRule(Judged(with("{matchLabels: {team: data}}"), view), "MastersSpread"), nullptr);
  EXPECT_NE(FindRule(Judged(with("{matchExpressions: [{key: team, operator: DoesNotExist}]}"), view), "MastersSpread"), nullptr);
  view.namespaces.clear();
  EXPECT_TRUE(fixtures::WasNotChecked(Judged(with("{matchLabels: {team: data}}"), view), "MastersSpread"));
}

TEST(CoLocation, MastersAndWorkersOnOneNode) {
  const auto nodes = View({Good("a"), Good("b"), Good("c"), Good("d")});
  const auto co = [&](const base::Json& object, const char* policy = "") {
    const Report report = Judged(object, nodes, *ParsePolicy(policy));
    const Finding* finding = FindRule(report, "CoLocation");
    return finding == nullptr ? std::string("none") : std::string(SeverityName(finding->severity));
  };
  EXPECT_EQ(co(Production()), "info");
  EXPECT_EQ(co(Production(), "ruleSet: current"), "warn");
  EXPECT_EQ(co(Development()), "none");
  EXPECT_EQ(co(Patched(Development(), "spec: {purpose: performance}")), "warn");
  EXPECT_EQ(co(Patched(Production(), R"(
spec:
  worker:
    affinity:
      podAntiAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
        - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app.kubernetes.io/component: dm-master}}}
)")), "none");
  EXPECT_EQ(co(Patched(Production(), "spec: {master: {nodeSelector: {pool: m}}, worker: {nodeSelector: {pool: w}}}")), "none");
}

TEST(Performance, SlowDisksAndNetworksDoNotMeasure) {
  ClusterView view = View({Good("a")});
  fixtures::AddClass(view, "sas", "ebs.csi.aws.com", {{"type", "st1"}});
  const auto test = Patched(Development(), "spec: {purpose: performance, worker: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnored"
                                           "DuringExecution: [{topologyKey: x, labelSelector: {}}]}}}}");
  EXPECT_EQ(Warned(test, view), Words());
  EXPECT_EQ(Warned(Patched(test, "spec: {worker: {storageClassName: sas}}"), view), Words({"PerformanceTest!warn"}));
  ClusterView slow = view;
  slow.nodes.clear();
  AddNode(slow, MakeNode({.name = "a", .labels = {{"dm.pingcap.com/network-gbps", "1"}}}));
  EXPECT_EQ(Warned(test, slow), Words({"PerformanceTest!warn"}));
  ClusterView silent = view;
  silent.nodes.clear();
  AddNode(silent, MakeNode({.name = "a"}));
  EXPECT_TRUE(fixtures::WasNotChecked(Judged(test, silent), "PerformanceTest"));
  EXPECT_EQ(Warned(Patched(Development(), "spec: {worker: {storageClassName: sas}}"), view), Words());
}

}  // namespace
}  // namespace dm::requirements

// Nodes and pods of all kinds by chance, from a seed: for tests that hold the engine's short cuts against asking plainly.
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "dm/desired/render.h"
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements::fixtures {

using kube::api::Operator;
using kube::api::PodSpec;
using kube::api::Quantity;

struct Random {
  std::mt19937 engine;
  int Below(int n) { return static_cast<int>(engine() % static_cast<unsigned>(n)); }
  bool OneIn(int n) { return Below(n) == 0; }
};

inline constexpr std::array kKeys = {"pool", "zone", "disk", kHostnameLabel};

inline kube::api::Node SomeNode(Random& random, int number) {
  const std::string name = "n" + std::to_string(number);
  kube::api::Node node = MakeNode({.name = name, .arch = random.OneIn(8) ? "arm64" : "amd64"});
  node.meta.labels["pool"] = random.OneIn(2) ? "a" : "b";
  if (!random.OneIn(5)) node.meta.labels["zone"] = std::string("z") + "123"[random.Below(3)];
  if (random.OneIn(3)) node.meta.labels["disk"] = random.OneIn(2) ? name : "ssd";
  if (random.OneIn(6)) node.meta.labels.erase(kHostnameLabel);
  if (random.OneIn(6)) node.meta.labels[kHostnameLabel] = "n1";
  if (random.OneIn(6)) node.taints.push_back({"t", random.OneIn(2) ? "x" : "y", random.OneIn(2) ? "NoSchedule" : "PreferNoSchedule"});
  node.unschedulable = random.OneIn(9);
  node.ready = !random.OneIn(9);
  if (random.OneIn(9)) node.cpu.reset();
  if (node.cpu) node.cpu = random.OneIn(3) ? Quantity::FromUnits(random.Below(40)) : Quantity::FromMilli(random.Below(40000));
  node.memory = random.OneIn(3) ? Quantity::FromUnits(random.Below(100)) * (std::int64_t{1} << 30) : Quantity::FromNano(random.Below(1 << 30)) * (1 << 30);
  return node;
}

// Of three nodes two are like an earlier one, but for the name.
inline std::vector<kube::api::Node> SomeNodes(Random& random, int count) {
  std::vector<kube::api::Node> nodes;
  for (int number = 0; number < count; ++number) {
    kube::api::Node node = SomeNode(random, number);
    if (random.OneIn(4)) node.meta.labels["dm.pingcap.com/network-gbps"] = random.OneIn(2) ? "25" : "0.1";
    if (random.OneIn(8)) node.pods = Quantity::FromUnits(random.Below(4));
    if (!nodes.empty() && !random.OneIn(3)) {
      const kube::api::ObjectMeta own = node.meta;
      node = nodes[static_cast<std::size_t>(random.Below(static_cast<int>(nodes.size())))];
      node.meta.name = own.name;
      const auto host = own.labels.find(kHostnameLabel);
      if (node.meta.labels.contains(kHostnameLabel)) node.meta.labels[kHostnameLabel] = host == own.labels.end() ? own.name : host->second;
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

inline ClusterView ViewOf(Random& random, std::vector<kube::api::Node> nodes) {
  ClusterView view;
  view.nodes_known = true;
  TraitsPool pool;
  const bool pooled = !random.OneIn(4);
  for (auto& node : nodes) {
    view.nodes.push_back(Judge(std::make_shared<const kube::api::Node>(std::move(node)), {}, pooled ? &pool : nullptr));
  }
  return view;
}

inline kube::api::Requirement SomeRequirement(Random& random) {
  kube::api::Requirement wanted;
  wanted.key = kKeys[static_cast<std::size_t>(random.Below(4))];
  wanted.op = std::array{Operator::kIn, Operator::kNotIn, Operator::kExists, Operator::kDoesNotExist}[static_cast<std::size_t>(random.Below(4))];
  if (wanted.op == Operator::kIn || wanted.op == Operator::kNotIn) wanted.values = {"a", "z1", "ssd", "n1", "n3"};
  return wanted;
}

inline desired::RolePods SomePods(Random& random) {
  desired::RolePods pods;
  pods.role = random.OneIn(2) ? Role::kMaster : Role::kWorker;
  pods.replicas = 1 + random.Below(12);
  PodSpec& pod = pods.pod;
  pod.labels = {{"app", "x"}};
  kube::api::Container container;
  container.cpu_request = Quantity::FromMilli(random.OneIn(2) ? 1000 * random.Below(9) : random.Below(9000));
  container.memory_request = Quantity::FromUnits(random.Below(20)) * (std::int64_t{1} << 30);
  pod.containers.push_back(container);
  if (random.OneIn(4)) pod.node_selector["pool"] = "a";
  if (random.OneIn(6)) pod.node_selector[kHostnameLabel] = "n1";
  if (random.OneIn(8)) pod.node_name = "n2";
  if (random.OneIn(3)) {
    pod.has_required_node_affinity = true;
    for (int term = 0; term <= random.Below(2); ++term) {
      pod.required_node_affinity.push_back({{SomeRequirement(random)}, {}});
      if (random.OneIn(5)) pod.required_node_affinity.back().match_fields = {{"metadata.name", Operator::kNotIn, {"n4"}}};
    }
  }
  if (random.OneIn(3)) pod.tolerations.push_back({"t", "Equal", "x", ""});
  if (random.OneIn(5)) pod.tolerations.push_back({"node.kubernetes.io/unschedulable", "Exists", "", ""});
  kube::api::LabelSelector self;
  self.match_labels = pod.labels;
  if (random.OneIn(3)) pod.required_anti_affinity.push_back({self, kKeys[static_cast<std::size_t>(random.Below(4))], {}, {}});
  if (random.OneIn(3)) {
    pod.topology_spread.push_back({kKeys[static_cast<std::size_t>(random.Below(4))], 1 + random.Below(2), true, random.Below(5), true, self});
  }
  return pods;
}

}  // namespace dm::requirements::fixtures

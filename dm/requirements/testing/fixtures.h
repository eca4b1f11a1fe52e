// Clusters, nodes and classes for the tests of rules: good ones, to which a test does one thing.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "dm/requirements/evaluate.h"
#include "dm/requirements/text.h"

namespace dm::requirements::fixtures {

inline base::Json Yaml(std::string_view text) {
  auto documents = base::ParseYaml(text);
  if (!documents || documents->size() != 1) {
    ADD_FAILURE() << "bad YAML in a test: " << (documents ? "not one document" : documents.error().ToString());
    return base::Json::object();
  }
  return documents->front().value;
}

// Meets every rule of production, with nothing to warn about except what the tests' view leaves unknown.
inline base::Json Production() {
  return Yaml(R"(
apiVersion: pingcap.com/v1alpha1
kind: DMCluster
metadata: {name: orders, namespace: dm}
spec:
  version: v8.5.7
  environment: production
  upstreams:
  - {name: orders, dataSize: 300Gi}
  master:
    replicas: 3
    requests: {cpu: "6", memory: 12Gi}
    storageSize: 300Gi
    storageClassName: fast
  worker:
    replicas: 2
    requests: {cpu: "20", memory: 48Gi}
    storageSize: 500Gi
    storageClassName: fast
  monitor: {external: true}
)");
}

inline base::Json Development() {
  base::Json object = Production();
  object["spec"]["environment"] = "development";
  object["spec"].erase("monitor");
  object["spec"]["master"]["replicas"] = 1;
  object["spec"]["worker"]["replicas"] = 1;
  object["spec"]["worker"]["requests"] = {{"cpu", "10"}, {"memory", "20Gi"}};
  return object;
}

// `patch` is a JSON merge patch in YAML: a null takes a key away.
inline base::Json Patched(base::Json object, std::string_view patch) {
  if (!patch.empty()) object.merge_patch(Yaml(patch));
  return object;
}

inline DMCluster Cluster(const base::Json& object) {
  Decoded decoded = Decode(object);
  for (const auto& problem : decoded.problems) ADD_FAILURE() << problem.field << ": " << problem.message;
  return decoded.cluster;
}

struct NodeSpec {
  std::string name = "node";
  std::string os = "Ubuntu 22.04.4 LTS";
  std::string kernel = "5.15.0-174-generic";
  std::string arch = "amd64";
  std::string cpu = "48";
  std::string memory = "192Gi";
  kube::api::Labels labels = {};
  std::string system = "linux";
};

inline kube::api::Node MakeNode(const NodeSpec& spec) {
  kube::api::Node node;
  node.meta.name = spec.name;
  node.meta.labels = spec.labels;
  node.meta.labels.emplace("kubernetes.io/hostname", spec.name);
  node.meta.labels.emplace("kubernetes.io/arch", spec.arch);
  node.os_image = spec.os;
  node.kernel_version = spec.kernel;
  node.architecture = spec.arch;
  node.operating_system = spec.system;
  node.ready = true;
  if (!spec.cpu.empty()) node.cpu = *kube::api::Quantity::Parse(spec.cpu);
  if (!spec.memory.empty()) node.memory = *kube::api::Quantity::Parse(spec.memory);
  return node;
}

inline void AddNode(ClusterView& view, kube::api::Node node, const Policy& policy = {}) {
  view.nodes_known = true;
  view.nodes.push_back(Judge(std::make_shared<const kube::api::Node>(std::move(node)), policy));
}

inline void AddClass(ClusterView& view, const std::string& name, const std::string& provisioner, kube::api::Labels parameters,
                     bool expands = true, kube::api::Labels annotations = {}) {
  view.classes_known = true;
  kube::api::StorageClass entry;
  entry.meta.name = name;
  entry.meta.annotations = std::move(annotations);
  entry.provisioner = provisioner;
  entry.parameters = std::move(parameters);
  entry.allow_volume_expansion = expands;
  view.classes[name] = std::make_shared<const kube::api::StorageClass>(std::move(entry));
}

// Three roomy nodes with a 25 Gb/s network, a class of SSD.
inline ClusterView GoodView() {
  ClusterView view;
  view.namespaces_known = true;
  view.namespaces["dm"] = {{"kubernetes.io/metadata.name", "dm"}};
  for (const char* name : {"n1", "n2", "n3"}) {
    AddNode(view, MakeNode({.name = name, .labels = {{"dm.pingcap.com/network-gbps", "25"}}}));
  }
  AddClass(view, "fast", "ebs.csi.aws.com", {{"type", "gp3"}});
  return view;
}

inline Report Judged(const base::Json& object, const ClusterView& view, const Policy& policy = {}, const LiveFacts& live = {}) {
  return Evaluate(MakeSubject(Cluster(object), view, policy, live), nullptr, view, policy);
}

// "WorkerCPU" for denials, "WorkerCPU!warn", "AtMinimum!info"; each name once, in the report's order.
inline std::vector<std::string> Names(const Report& report, Severity least = Severity::kInfo) {
  std::vector<std::string> names;
  for (const Finding& finding : report.findings) {
    if (finding.severity < least) continue;
    std::string name(RuleName(finding.rule));
    if (finding.severity != Severity::kDeny) name += "!" + std::string(SeverityName(finding.severity));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

inline const Finding* FindRule(const Report& report, std::string_view rule) {
  for (const Finding& finding : report.findings) {
    if (RuleName(finding.rule) == rule) return &finding;
  }
  return nullptr;
}

inline bool WasNotChecked(const Report& report, std::string_view rule) {
  return std::any_of(report.not_checked.begin(), report.not_checked.end(),
                     [&](const NotChecked& entry) { return RuleName(entry.rule) == rule; });
}

}  // namespace dm::requirements::fixtures

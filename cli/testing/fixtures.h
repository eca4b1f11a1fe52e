// A played cluster, files that vanish, and runs of the program, for tests of the command line.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/yaml.h"
#include "cli/program.h"

namespace dm::cli::fixtures {

inline base::Json Yaml(std::string_view text) {
  auto documents = base::ParseYaml(text);
  if (!documents || documents->size() != 1) {
    ADD_FAILURE() << "bad YAML in a test";
    return base::Json::object();
  }
  return documents->front().value;
}

// A folder of its own for each test.
class Folder {
 public:
  Folder() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            ("kubectl-dm-" + std::to_string(::getpid()) + "-" + info->test_suite_name() + "-" + info->name());
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct Ran {
  int code = -1;
  std::string out, err;
  base::Json json() const {
    auto parsed = base::ParseJson(out);
    if (!parsed) ADD_FAILURE() << "no JSON: " << out;
    return parsed ? *parsed : base::Json();
  }
};

inline base::Result<std::unique_ptr<LiveCluster>> NoCluster(const LiveOptions&) {
  return base::Fail(base::Code::kNotFound, "there is no kubeconfig");
}

inline Ran Call(const std::vector<std::string>& arguments, Connector connect = NoCluster) {
  std::vector<const char*> argv = {"kubectl-dm"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  std::ostringstream out, err;
  Ran ran;
  ran.code = RunProgram(static_cast<int>(argv.size()), argv.data(), out, err, connect);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

// What the played cluster holds; one at a time, set by the test that uses it.
struct World {
  base::Result<std::vector<base::Json>> nodes = std::vector<base::Json>{};
  base::Result<std::vector<base::Json>> classes = std::vector<base::Json>{};
  base::Result<std::vector<base::Json>> namespaces = std::vector<base::Json>{};
  base::Result<std::vector<base::Json>> pods = base::Fail(base::Code::kInternal, "nobody should ask for all pods");
  std::map<std::string, base::Json> clusters;      // by namespace/name
  std::vector<requirements::LiveClaim> claims;
  base::Result<void> dry_run;
  int dry_runs = 0;
  base::Result<std::vector<base::Json>> policies = std::vector<base::Json>{};     // ConfigMaps with the labels of one
  base::Result<base::Json> usual_policy = base::Fail(base::Code::kNotFound, "not found");
};
inline World& TheWorld() {
  static World world;
  return world;
}

class PlayedCluster final : public LiveCluster {
 public:
  base::Result<std::vector<base::Json>> Nodes() override { return TheWorld().nodes; }
  base::Result<std::vector<base::Json>> StorageClasses() override { return TheWorld().classes; }
  base::Result<std::vector<base::Json>> Namespaces() override { return TheWorld().namespaces; }
  base::Result<app::UsageNow> PodUsage() override {
    if (!TheWorld().pods) return base::Propagate(TheWorld().pods);
    app::PodLedger ledger;
    for (const base::Json& pod : *TheWorld().pods) ledger.Put(pod);
    return ledger.Now();
  }
  base::Result<base::Json> Cluster(const std::string& ns, const std::string& name) override {
    const auto found = TheWorld().clusters.find(ns + "/" + name);
    if (found == TheWorld().clusters.end()) return base::Fail(base::Code::kNotFound, "not found");
    return found->second;
  }
  base::Result<std::vector<requirements::LiveClaim>> Claims(const std::string&, const std::string&) override { return TheWorld().claims; }
  base::Result<base::Json> Get(const kube::Resource&, const std::string&, const std::string&) override { return TheWorld().usual_policy; }
  base::Result<std::vector<base::Json>> List(const kube::Resource&, const std::string&, const std::string&, const std::string&) override {
    return TheWorld().policies;
  }
  base::Result<void> DryRun(const base::Json&) override {
    ++TheWorld().dry_runs;
    return TheWorld().dry_run;
  }
  std::string DefaultNamespace() const override { return "team"; }
  std::string Name() const override { return "https://played"; }
};

inline base::Result<std::unique_ptr<LiveCluster>> Played(const LiveOptions&) {
  return std::unique_ptr<LiveCluster>(std::make_unique<PlayedCluster>());
}

inline const char* const kGood = R"(apiVersion: pingcap.com/v1alpha1
kind: DMCluster
metadata: {name: orders, namespace: dm}
spec:
  version: v8.5.7
  environment: production
  upstreams: [{name: orders, dataSize: 300Gi}]
  master: {replicas: 3, requests: {cpu: "6", memory: 12Gi}, storageSize: 300Gi, storageClassName: fast}
  worker: {replicas: 2, requests: {cpu: "20", memory: 48Gi}, storageSize: 500Gi, storageClassName: fast}
  monitor: {external: true}
)";

// Below the page: one worker with too little CPU.
inline std::string Small() {
  std::string text = kGood;
  text.replace(text.find("replicas: 2"), 11, "replicas: 1");
  text.replace(text.find("\"20\""), 4, "\"8\"");
  return text;
}

inline std::string Node(const std::string& name, const std::string& os = "Ubuntu 22.04.4 LTS", const std::string& kernel = "5.15.0-174-generic",
                        const std::string& arch = "amd64") {
  return "apiVersion: v1\nkind: Node\nmetadata: {name: " + name + ", labels: {kubernetes.io/hostname: " + name +
         ", dm.pingcap.com/network-gbps: \"25\"}}\nspec: {}\nstatus:\n  allocatable: {cpu: \"48\", memory: 192Gi, pods: \"110\"}\n"
         "  conditions: [{type: Ready, status: \"True\"}]\n  nodeInfo: {osImage: \"" + os + "\", kernelVersion: " + kernel +
         ", operatingSystem: linux, architecture: " + arch + "}\n";
}

inline const char* const kClass =
    "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: ebs.csi.aws.com\n"
    "parameters: {type: gp3}\nallowVolumeExpansion: true\n";

inline std::string ThreeNodes() { return Node("n1") + "---\n" + Node("n2") + "---\n" + Node("n3"); }

}  // namespace dm::cli::fixtures

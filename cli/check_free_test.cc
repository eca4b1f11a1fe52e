// `kubectl dm check` under capacity.measure: free: from the cluster, from files, and when pods are not to be had.
#include "app/testing/objects.h"
#include "cli/check.h"
#include "cli/exit_codes.h"
#include "cli/testing/fixtures.h"

namespace dm::cli {
namespace {

using base::Json;
using fixtures::Call;
using fixtures::Folder;
using fixtures::kClass;
using fixtures::kGood;
using fixtures::Node;
using fixtures::Played;
using fixtures::Ran;
using fixtures::TheWorld;
using fixtures::ThreeNodes;

constexpr char kFree[] = "capacity: {measure: free, onShortage: deny}\n";

// On each of the three nodes of 48 CPU a pod that takes 40.
std::vector<Json> Pods(const Json& labels = Json::object()) {
  std::vector<Json> pods;
  for (const char* node : {"n1", "n2", "n3"}) pods.push_back(app::testing::PodJson("on-" + std::string(node), node, "40", "Running", "dm", labels));
  return pods;
}

Json PodList(const std::vector<Json>& pods) { return {{"kind", "List"}, {"apiVersion", "v1"}, {"items", pods}}; }

struct CheckFree : ::testing::Test {
  Folder folder;
  std::string good = folder.Write("good.yaml", kGood);
  std::string policy = folder.Write("policy.yaml", kFree);
  std::string nodes = folder.Write("nodes.yaml", ThreeNodes());

  CheckFree() {
    TheWorld() = {};
    TheWorld().nodes = std::vector<Json>{fixtures::Yaml(Node("n1")), fixtures::Yaml(Node("n2")), fixtures::Yaml(Node("n3"))};
    TheWorld().classes = std::vector<Json>{fixtures::Yaml(kClass)};
    TheWorld().namespaces = std::vector<Json>{fixtures::Yaml("{kind: Namespace, metadata: {name: dm}}")};
  }
};

TEST_F(CheckFree, TheClusterIsAskedForItsPods) {
  TheWorld().pods = std::vector<Json>{};
  const Ran empty = Call({"check", "-f", good, "--policy", policy}, Played);
  EXPECT_EQ(empty.code, kNothingDenied) << empty.out;
  EXPECT_EQ(empty.out.find("not checked"), std::string::npos) << empty.out;
  TheWorld().pods = Pods();
  const Ran full = Call({"check", "-f", good, "--policy", policy}, Played);
  EXPECT_EQ(full.code, kDenied);
  EXPECT_NE(full.out.find("only 0 of 2 DM-workers fit beside what runs"), std::string::npos) << full.out;
  EXPECT_NE(full.out.find("(nearest: n1 with 8 CPU and 192Gi free)"), std::string::npos) << full.out;
  TheWorld().pods = Pods(SelectorLabels("orders", Role::kWorker));
  EXPECT_EQ(Call({"check", "-f", good, "--policy", policy}, Played).code, kNothingDenied) << "its own pods";
}

TEST_F(CheckFree, OnlyWhereThePolicyAsks) {
  const Ran ran = Call({"check", "-f", good}, Played);        // the played cluster fails whoever asks for all pods
  EXPECT_EQ(ran.code, kNothingDenied) << ran.out << ran.err;
  EXPECT_EQ(ran.err.find("pods"), std::string::npos) << ran.err;
}

TEST_F(CheckFree, WhoMayNotListPodsIsToldSo) {
  TheWorld().pods = base::Fail(base::Code::kDenied, "pods is forbidden");
  const Ran ran = Call({"check", "-f", good, "--policy", policy}, Played);
  EXPECT_EQ(ran.code, kNothingDenied);
  EXPECT_EQ(ran.err, "note: the policy measures what is free, and pods cannot be listed: pods is forbidden\n");
  EXPECT_NE(ran.out.find("- NodeCapacity: the policy measures what is free, and pods cannot be listed: judged by allocatable\n"), std::string::npos)
      << ran.out;
}

TEST_F(CheckFree, FilesMayHoldPods) {
  const Ran without = Call({"check", "-f", good, "--policy", policy, "--nodes", nodes});
  EXPECT_EQ(without.code, kNothingDenied);
  EXPECT_NE(without.out.find("- NodeCapacity: the policy measures what is free, and --nodes gives no pods (kubectl get nodes,pods -A -o json "
                             "gives both): judged by allocatable\n"), std::string::npos) << without.out;
  const std::string pods = folder.Write("pods.json", base::DumpJson(PodList(Pods())));
  EXPECT_EQ(Call({"check", "-f", good, "--policy", policy, "--nodes", nodes, "--nodes", pods}).code, kDenied);
  EXPECT_EQ(Call({"check", "-f", good, "--nodes", nodes, "--nodes", pods}).code, kNothingDenied) << "by allocatable";
  std::vector<Json> both = Pods();
  for (const char* name : {"n1", "n2", "n3"}) both.push_back(fixtures::Yaml(Node(name)));
  EXPECT_EQ(Call({"check", "-f", good, "--policy", policy, "--nodes", folder.Write("both.json", base::DumpJson(PodList(both)))}).code, kDenied);
}

// An API server that answers one thing after the other.
class Answers final : public net::Transport {
 public:
  Answers(std::vector<net::Response> answers, std::vector<std::string>& asked) : answers_(std::move(answers)), asked_(asked) {}
  base::Result<net::Response> Send(const net::Request& request, std::stop_token) override {
    asked_.push_back(request.target);
    return answers_.at(asked_.size() - 1);
  }
  base::Result<net::StreamEnd> Stream(const net::Request&, net::LineSink&, const net::StreamOptions&, std::stop_token) override {
    return base::Fail(base::Code::kInternal, "not streamed");
  }

 private:
  std::vector<net::Response> answers_;
  std::vector<std::string>& asked_;
};

TEST(LivePods, AreReadPageByPageAndAnExpiredPageStartsOverOnce) {
  const auto page = [](const Json& pod, const std::string& next) {
    return net::Response{200, {}, base::DumpJson({{"metadata", {{"continue", next}}}, {"items", {pod}}})};
  };
  const net::Response gone{410, {}, ""};
  const Json a = app::testing::PodJson("a", "n1", "1"), b = app::testing::PodJson("b", "n1", "2"), c = app::testing::PodJson("c", "n1", "4");
  std::vector<std::string> asked;
  const auto live = ClusterBehind(std::make_unique<Answers>(std::vector{page(a, "t/1"), gone, page(b, "t/2"), page(c, "")}, asked), "s", "default");
  const auto usage = live->PodUsage();
  ASSERT_TRUE(usage) << usage.error().ToString();
  ASSERT_NE(usage->usage, nullptr);
  EXPECT_EQ(usage->usage->at("n1")->all.cpu, kube::api::Quantity::FromUnits(6)) << "what came before the restart is dropped";
  EXPECT_EQ(asked[0], "/api/v1/pods?limit=500&fieldSelector=spec.nodeName%21%3D%2Cstatus.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed");
  EXPECT_EQ(asked[1], asked[0] + "&continue=t%2F1");
  EXPECT_EQ(asked[2], asked[0]);
  asked.clear();
  const auto never = ClusterBehind(std::make_unique<Answers>(std::vector{page(a, "t"), gone, page(a, "t"), gone}, asked), "s", "default");
  EXPECT_EQ(never->PodUsage().error().code, base::Code::kGone);
}

}  // namespace
}  // namespace dm::cli

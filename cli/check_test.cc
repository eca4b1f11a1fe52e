// `kubectl dm check`: exit codes, shapes, sources of data.
#include "cli/check.h"

#include <set>

#include "cli/exit_codes.h"
#include "cli/testing/fixtures.h"

namespace dm::cli {
namespace {

using base::Json;
using fixtures::Folder;
using fixtures::kClass;
using fixtures::kGood;
using fixtures::Node;
using fixtures::Played;
using fixtures::Ran;
using fixtures::Call;
using fixtures::Small;
using fixtures::TheWorld;
using fixtures::ThreeNodes;
using fixtures::World;

std::set<std::string> Denied(const Json& element) {
  std::set<std::string> rules;
  for (const Json& finding : element["findings"]) {
    if (finding["severity"] == "deny") rules.insert(finding["rule"].get<std::string>());
  }
  return rules;
}

bool NotChecked(const Json& element, const std::string& rule) {
  for (const Json& entry : element["notChecked"]) {
    if (entry["rule"] == rule) return true;
  }
  return false;
}

TEST(Check, ExitCodes) {
  Folder folder;
  const std::string good = folder.Write("good.yaml", kGood);
  const std::string small = folder.Write("small.yaml", Small());
  const std::string other = folder.Write("other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
  const std::string comma = folder.Write("comma.yaml", ",");
  const std::string empty = folder.Write("empty.yaml", "# nothing\n");
  EXPECT_EQ(Call({"check", "-f", good, "--offline"}).code, kNothingDenied);
  EXPECT_EQ(Call({"check", "-f", small, "--offline"}).code, kDenied);
  EXPECT_EQ(Call({"check", "-f", good, "-f", small, "--offline"}).code, kDenied);
  EXPECT_EQ(Call({"check", "-f", other, "--offline"}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", comma, "--offline"}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", empty, "--offline"}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", folder.path() + "/absent", "--offline"}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", good, "--offline", "--require-nodes"}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", good, "--nodes", other}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", good, "--policy", comma}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", good, "--old", other, "--offline"}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", good, "--offline", "-o", "xml"}).code, kUnreadable);
  EXPECT_EQ(Call({"check"}).code, kUnreadable);
  EXPECT_EQ(Call({"check", "-f", good, "extra"}).code, kUnreadable);
  EXPECT_EQ(Call({}).code, kUnreadable);
  EXPECT_EQ(Call({"--help"}).code, kNothingDenied);
  EXPECT_EQ(Call({"version"}).code, kNothingDenied);
  EXPECT_NE(Call({"check", "-f", comma, "--offline"}).err.find("comma.yaml: line 1"), std::string::npos);
  EXPECT_NE(Call({"check", "-f", empty, "--offline"}).err.find("empty.yaml: holds no object"), std::string::npos);
}

TEST(Check, TheTextIsTheClustersOwn) {
  Folder folder;
  const std::string file = folder.Write("small.yaml", Small() + "---\nkind: ConfigMap\nmetadata: {name: x}\n");
  const Ran ran = Call({"check", "-f", file, "--offline"});
  EXPECT_EQ(ran.err, "");
  const std::string expected = file + ":1: DMCluster dm/orders: denied (judged as production: spec.environment)\n"
      "The DMCluster \"orders\" is invalid:\n"
      "* spec.worker.replicas: Invalid value: 1: a production cluster needs more DM-workers than upstreams, and there is 1 upstream: a spare "
      "one takes over when another is lost (WorkerReplicas): raise it to 2, or set spec.environment to development\n"
      "* spec.worker.requests.cpu: Invalid value: \"8\": a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16, or set "
      "spec.environment to development\n";
  EXPECT_EQ(ran.out.substr(0, expected.size()), expected);
  EXPECT_NE(ran.out.find("1 DMCluster checked: 0 allowed, 1 denied; 0 warnings, 1 for information; 1 other object skipped.\n"), std::string::npos);
  EXPECT_NE(ran.out.find("22 rules not checked:\n- NodeLinux"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find(": no data on nodes was given\n"), std::string::npos);
}

TEST(Check, OneFaultStandsOnTheHeadlineAsWithKubectl) {
  Folder folder;
  std::string text = kGood;
  text.replace(text.find("replicas: 2"), 11, "replicas: 1");
  const Ran ran = Call({"check", "-f", folder.Write("a.yaml", text), "--offline"});
  EXPECT_NE(ran.out.find("The DMCluster \"orders\" is invalid: spec.worker.replicas: Invalid value: 1:"), std::string::npos) << ran.out;
}

TEST(Check, JsonHasItsShape) {
  Folder folder;
  const std::string file = folder.Write("two.yaml", std::string(kGood) + "---\n" + Small());
  const Ran ran = Call({"check", "-f", file, "--offline", "-o", "json"});
  EXPECT_EQ(ran.code, kDenied);
  const Json list = ran.json();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["verdict"], "allowed");
  const Json& second = list[1];
  EXPECT_EQ(second["object"], (Json{{"namespace", "dm"}, {"name", "orders"}, {"source", file}, {"line", 12}}));
  EXPECT_EQ(second["verdict"], "denied");
  EXPECT_EQ(Denied(second), std::set<std::string>({"WorkerReplicas", "WorkerCPU"}));
  const Json& finding = second["findings"][1];
  EXPECT_EQ(finding["field"], "spec.worker.requests.cpu");
  EXPECT_EQ(finding["found"], "8");
  EXPECT_EQ(finding["required"], "16");
  std::set<std::string> keys;
  for (const auto& [key, value] : finding.items()) keys.insert(key);
  EXPECT_EQ(keys, std::set<std::string>({"rule", "severity", "field", "found", "required", "message", "remedy", "subjects"}));
  EXPECT_TRUE(NotChecked(second, "NodesForRole"));
  EXPECT_TRUE(NotChecked(second, "StorageShrink"));
}

TEST(Check, FaultsOfTheSchemaDenyAndUnknownKeysWarn) {
  Folder folder;
  std::string text = kGood;
  text.replace(text.find("\"20\""), 4, "lots");
  text += "  colour: red\n";
  const Json element = Call({"check", "-f", folder.Write("a.yaml", text), "--offline", "-o", "json"}).json()[0];
  EXPECT_EQ(element["verdict"], "denied");
  EXPECT_EQ(Denied(element), std::set<std::string>({"Schema"}));      // no rule speaks of a field that could not be read
  bool unknown = false;
  for (const Json& finding : element["findings"]) unknown = unknown || (finding["severity"] == "warn" && finding["field"] == "spec.colour");
  EXPECT_TRUE(unknown);
}

TEST(Check, DataFromFiles) {
  Folder folder;
  const std::string good = folder.Write("good.yaml", kGood);
  const std::string nodes = folder.Write("nodes.yaml", ThreeNodes());
  const std::string classes = folder.Write("classes.yaml", kClass);
  const std::string namespaces = folder.Write("ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: dm, labels: {stage: dev}}\n");
  const Ran ran = Call({"check", "-f", good, "--nodes", nodes, "--storage-classes", classes, "--namespaces", namespaces, "--require-nodes"});
  EXPECT_EQ(ran.code, kNothingDenied) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("5 rules not checked:\n- UpstreamUndeclared, StorageShrink, StorageClassChange, TLSSwitch, DataDirSwitch"), std::string::npos) << ran.out;
  const std::string arm = folder.Write("arm.yaml", Node("n1", "Ubuntu 22.04.4 LTS", "5.15.0-174-generic", "arm64"));
  EXPECT_EQ(Call({"check", "-f", good, "--nodes", arm}).code, kDenied);
  EXPECT_EQ(Call({"check", "-f", good, "--storage-classes", folder.Write("none.yaml", "apiVersion: storage.k8s.io/v1\nkind: StorageClass\n"
                 "metadata: {name: other}\nprovisioner: x\n")}).code, kDenied);
  const std::string policy = folder.Write("policy.yaml", "namespaces: [{selector: {matchLabels: {stage: dev}}, enforcement: warn}]\n");
  const std::string small = folder.Write("small.yaml", Small());
  EXPECT_EQ(Call({"check", "-f", small, "--namespaces", namespaces, "--policy", policy}).code, kNothingDenied);
  const Ran unlabelled = Call({"check", "-f", small, "--offline", "--policy", policy, "-o", "json"});
  EXPECT_EQ(unlabelled.code, kDenied);
  EXPECT_TRUE(NotChecked(unlabelled.json()[0], "EnvironmentTooLax"));      // the labels that decide are not known
  std::string lax = kGood;
  lax.replace(lax.find("environment: production"), 23, "environment: development");
  const std::string wish = folder.Write("lax.yaml", lax);
  EXPECT_TRUE(NotChecked(Call({"check", "-f", wish, "--offline", "--policy", policy, "-o", "json"}).json()[0], "EnvironmentTooLax"));
}

TEST(Check, ThePolicyAsAConfigMap) {
  Folder folder;
  const std::string policy = folder.Write("cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata:\n  policy.yaml: |\n    rules: {WorkerCPU: warn, WorkerReplicas: off}\n");
  EXPECT_EQ(Call({"check", "-f", folder.Write("small.yaml", Small()), "--offline", "--policy", policy}).code, kNothingDenied);
  const std::string bad = folder.Write("bad.yaml", "rules:\n  WorkerCpu: warn\n");
  EXPECT_NE(Call({"check", "-f", folder.Write("s.yaml", Small()), "--offline", "--policy", bad}).err.find("line 2: rules.WorkerCpu"), std::string::npos);
}

TEST(Check, AFolderMayBringItsOwnClass) {
  Folder folder;
  folder.Write("1-class.yaml", kClass);
  folder.Write("2-cluster.yaml", kGood);
  const std::string other = folder.Write("other.txt", "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: other}\nprovisioner: x\n");
  EXPECT_EQ(Call({"check", "-f", folder.path(), "--storage-classes", other}).code, kNothingDenied);
  EXPECT_EQ(Call({"check", "-f", folder.path() + "/2-cluster.yaml", "--storage-classes", other}).code, kDenied);
}

// With no other data at all, what the input brings is judged all the same.
TEST(Check, WhatTheInputBringsCountsOffline) {
  Folder folder;
  const std::string slow = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: ebs.csi.aws.com\nparameters: {type: st1}\n---\n";
  const std::string text = kGood;
  const Json element = Call({"check", "-f", folder.Write("slow.yaml", slow + text), "--offline", "-o", "json"}).json()[0];
  EXPECT_EQ(element["verdict"], "denied");
  EXPECT_TRUE(Denied(element).contains("WorkerDiskClass")) << element;
  EXPECT_EQ(Call({"check", "-f", folder.Write("good.yaml", text), "--offline"}).code, kNothingDenied);
  const std::string policy = folder.Write("policy.yaml", "namespaces: [{selector: {matchLabels: {stage: dev}}, enforcement: warn}]\n");
  const std::string ns = "apiVersion: v1\nkind: Namespace\nmetadata: {name: dm, labels: {stage: dev}}\n---\n";
  const Ran ran = Call({"check", "-f", folder.Write("both.yaml", ns + Small()), "--offline", "--policy", policy});
  EXPECT_EQ(ran.code, kNothingDenied) << ran.out;
  EXPECT_EQ(ran.out.find("the labels of the namespace"), std::string::npos) << ran.out;
}

TEST(Check, TheChangeIsJudgedWhenTheOldObjectIsGiven) {
  Folder folder;
  const std::string old = folder.Write("old.yaml", Small());
  std::string text = Small();
  text.replace(text.find("v8.5.7"), 6, "v8.5.8");
  const Ran same = Call({"check", "-f", folder.Write("new.yaml", text), "--old", old, "--offline"});
  EXPECT_EQ(same.code, kNothingDenied) << same.out;
  EXPECT_NE(same.out.find("(it was so before, so this change is not refused for it)"), std::string::npos);
  const Json judged = Call({"check", "-f", folder.Write("new.yaml", text), "--old", old, "--offline", "-o", "json"}).json()[0];
  EXPECT_FALSE(NotChecked(judged, "DataDirSwitch")) << "both objects were there to be asked";
  EXPECT_TRUE(NotChecked(judged, "StorageShrink"));
  text.replace(text.find("\"8\""), 3, "\"4\"");
  EXPECT_EQ(Call({"check", "-f", folder.Write("worse.yaml", text), "--old", old, "--offline"}).code, kDenied);
  const Ran unchanged = Call({"check", "-f", old, "--old", old, "--offline"});
  EXPECT_EQ(unchanged.code, kNothingDenied);
  EXPECT_NE(unchanged.out.find("the spec is unchanged"), std::string::npos);
}

World FullWorld() {
  World world;
  world.nodes = std::vector<Json>{fixtures::Yaml(Node("n1")), fixtures::Yaml(Node("n2")), fixtures::Yaml(Node("n3"))};
  world.classes = std::vector<Json>{fixtures::Yaml(kClass)};
  world.namespaces = std::vector<Json>{fixtures::Yaml("{kind: Namespace, metadata: {name: dm}}"), fixtures::Yaml("{kind: Namespace, metadata: {name: team}}")};
  return world;
}

TEST(Live, TheClusterIsAskedWithoutFiles) {
  TheWorld() = FullWorld();
  Folder folder;
  const std::string good = folder.Write("good.yaml", kGood);
  const Ran ran = Call({"check", "-f", good}, Played);
  EXPECT_EQ(ran.code, kNothingDenied) << ran.out << ran.err;
  EXPECT_EQ(ran.out.find("not checked"), std::string::npos) << ran.out;
  EXPECT_EQ(Call({"check", "-f", good, "--offline", "-o", "json"}, Played).json()[0]["notChecked"].empty(), false);
  // Without a namespace of its own an object goes where the context says, or where -n says.
  std::string nowhere = kGood;
  nowhere.replace(nowhere.find(", namespace: dm"), 15, "");
  const std::string file = folder.Write("nowhere.yaml", nowhere);
  EXPECT_EQ(Call({"check", "-f", file, "-o", "json"}, Played).json()[0]["object"]["namespace"], "team");
  EXPECT_EQ(Call({"check", "-f", file, "-o", "json", "-n", "mine"}, Played).json()[0]["object"]["namespace"], "mine");
}

TEST(Live, TheStoredObjectMakesItAChange) {
  TheWorld() = FullWorld();
  Folder folder;
  std::string text = Small();
  text.replace(text.find("v8.5.7"), 6, "v8.5.8");
  const std::string file = folder.Write("small.yaml", text);
  EXPECT_EQ(Call({"check", "-f", file}, Played).code, kDenied);
  TheWorld().clusters["dm/orders"] = fixtures::Yaml(Small());
  EXPECT_EQ(Call({"check", "-f", file}, Played).code, kNothingDenied);
  TheWorld().claims = {{Role::kWorker, "c", *kube::api::Quantity::Parse("900Gi"), "fast"}};
  EXPECT_EQ(Denied(Call({"check", "-f", file, "-o", "json"}, Played).json()[0]), std::set<std::string>());   // so it was before
  text.replace(text.find("500Gi"), 5, "400Gi");
  EXPECT_EQ(Denied(Call({"check", "-f", folder.Write("less.yaml", text), "-o", "json"}, Played).json()[0]), std::set<std::string>({"StorageShrink"}));
}

TEST(Live, WhoMayNotListNodesLetsTheApiServerJudge) {
  TheWorld() = FullWorld();
  TheWorld().nodes = base::Fail(base::Code::kDenied, "nodes is forbidden");
  Folder folder;
  const std::string good = folder.Write("good.yaml", kGood);
  const Ran ran = Call({"check", "-f", good, "-o", "json"}, Played);
  EXPECT_EQ(ran.code, kNothingDenied);
  EXPECT_EQ(TheWorld().dry_runs, 1);
  EXPECT_NE(ran.err.find("by a dry run instead"), std::string::npos);
  EXPECT_TRUE(NotChecked(ran.json()[0], "NodesForRole"));
  EXPECT_NE(ran.out.find("left to the API server's dry run"), std::string::npos);
  TheWorld().dry_run = base::Fail(base::Code::kInvalid, "no node qualifies");
  const Ran refused = Call({"check", "-f", good, "-o", "json"}, Played);
  EXPECT_EQ(refused.code, kDenied);
  EXPECT_EQ(Denied(refused.json()[0]), std::set<std::string>({"ServerDryRun"}));
  EXPECT_EQ(Call({"check", "-f", good, "--require-nodes"}, Played).code, kUnreadable);
  // Who may not even do that is told so, and nothing is held against the manifest.
  TheWorld().dry_run = base::Fail(base::Code::kDenied, "dmclusters is forbidden");
  const Ran neither = Call({"check", "-f", good}, Played);
  EXPECT_EQ(neither.code, kNothingDenied);
  EXPECT_NE(neither.err.find("the dry run of dm/orders gave no answer: dmclusters is forbidden"), std::string::npos) << neither.err;
  EXPECT_NE(neither.out.find("no data on nodes was given"), std::string::npos);
}

TEST(Live, AClusterThatDoesNotAnswer) {
  TheWorld() = FullWorld();
  TheWorld().nodes = base::Fail(base::Code::kUnavailable, "connection refused");
  Folder folder;
  const std::string good = folder.Write("good.yaml", kGood);
  const Ran silent = Call({"check", "-f", good}, Played);      // found by itself: said, and judged without
  EXPECT_EQ(silent.code, kNothingDenied);
  EXPECT_NE(silent.err.find("connection refused"), std::string::npos);
  EXPECT_EQ(Call({"check", "-f", good, "--context", "c"}, Played).code, kUnreadable);      // asked for: an error
  EXPECT_EQ(Call({"check", "-f", good, "--kubeconfig", "/none"}).code, kUnreadable);
}

// Laptop and webhook agree: the policy is the cluster's own, unless a file is named.
TEST(Check, TheClustersPolicyCounts) {
  Folder folder;
  const std::string small = folder.Write("small.yaml", Small());
  const auto policy = [](const std::string& text) {
    return Json{{"metadata", {{"name", "dm-operator-policy"}, {"namespace", "dm-system"}}}, {"data", {{"policy.yaml", text}}}};
  };
  const auto world = [] {
    TheWorld() = {};
    TheWorld().nodes = std::vector<Json>{fixtures::Yaml(Node("n1")), fixtures::Yaml(Node("n2")), fixtures::Yaml(Node("n3"))};
    TheWorld().classes = std::vector<Json>{fixtures::Yaml(kClass)};
  };
  const std::string milder = "rules: {WorkerCPU: warn, WorkerReplicas: warn}\n";

  world();
  TheWorld().policies = std::vector<Json>{policy(milder)};
  Ran ran = Call({"check", "-f", small}, Played);
  EXPECT_EQ(ran.code, kNothingDenied) << ran.out;
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(Call({"check", "-f", small, "--policy", folder.Write("strict.yaml", "rules: {}\n")}, Played).code, kDenied);

  // Lists are not allowed: the ConfigMap that the documentation's install makes.
  TheWorld().policies = base::Fail(base::Code::kDenied, "configmaps is forbidden");
  TheWorld().usual_policy = policy(milder);
  EXPECT_EQ(Call({"check", "-f", small}, Played).code, kNothingDenied);

  TheWorld().usual_policy = base::Fail(base::Code::kDenied, "configmaps \"dm-operator-policy\" is forbidden");
  ran = Call({"check", "-f", small}, Played);
  EXPECT_EQ(ran.code, kDenied);
  EXPECT_EQ(ran.err, "note: the cluster's policy may not be read (it takes the right to get the ConfigMap dm-system/dm-operator-policy, or to list ConfigMaps; "
                     "configmaps \"dm-operator-policy\" is forbidden): judged by the built-in policy; --policy FILE gives another\n");

  const std::vector<std::pair<std::vector<Json>, const char*>> cases = {
      {{}, "has no ConfigMap of a dm-operator with a policy"},
      {{policy("rules: {WorkerCpu: warn}\n")}, "is wrong, and dm-operator holds on to the one before it (line 1: rules.WorkerCpu"},
      {{policy(milder), policy(milder)}, "has several policies"},
      {{Json{{"metadata", {{"name", "x"}}}}}, "has no key policy.yaml"},
  };
  for (const auto& [maps, words] : cases) {
    world();
    TheWorld().policies = maps;
    ran = Call({"check", "-f", small}, Played);
    EXPECT_EQ(ran.code, kDenied) << words;
    EXPECT_NE(ran.err.find(words), std::string::npos) << ran.err;
  }
  // `nodes` asks the same.
  world();
  TheWorld().nodes = std::vector<Json>{fixtures::Yaml(Node("rocky", "Rocky Linux 9.5 (Blue Onyx)", "5.14.0-503.40.1.el9_5.x86_64"))};
  TheWorld().policies = std::vector<Json>{policy("osPreset: common\n")};
  EXPECT_NE(Call({"nodes"}, Played).out.find(" supported "), std::string::npos);
}

}  // namespace
}  // namespace dm::cli

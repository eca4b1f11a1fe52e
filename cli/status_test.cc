// `kubectl dm status` against a scripted API server: golden pictures, exit codes, errors, a watch.
#include "cli/status.h"

#include <thread>

#include "app/testing/fake_api.h"
#include "app/testing/objects.h"
#include "base/files.h"
#include "cli/exit_codes.h"
#include "cli/reasons.h"
#include "cli/testing/fixtures.h"

namespace dm::cli {
namespace {

using app::testing::FakeApi;
using base::Json;
using fixtures::Call;
using fixtures::Ran;

// Passes on to the scripted server of the test that runs.
FakeApi* the_api = nullptr;
class Wire final : public net::Transport {
 public:
  base::Result<net::Response> Send(const net::Request& request, std::stop_token stop) override { return the_api->Send(request, stop); }
  base::Result<net::StreamEnd> Stream(const net::Request& request, net::LineSink& sink, const net::StreamOptions& options,
                                      std::stop_token stop) override {
    return the_api->Stream(request, sink, options, stop);
  }
};
base::Result<std::unique_ptr<LiveCluster>> ToApi(const LiveOptions&) { return ClusterBehind(std::make_unique<Wire>(), "https://scripted", "shop"); }

Json Condition(const char* type, const char* status, const char* reason, const char* message) {
  return {{"type", type}, {"status", status}, {"reason", reason}, {"message", message}, {"lastTransitionTime", "2026-01-01T00:00:00Z"}};
}

class Status : public ::testing::Test {
 protected:
  Status() {
    the_api = &api_;
    const std::string dc = kClusters + std::string("/orders");
    cluster_ = app::testing::ClusterJson();
    cluster_["metadata"]["generation"] = 3;
    cluster_["status"] = Json::parse(R"({"observedGeneration": 3, "bootstrap": {"clusterID": "7400"},
        "master": {"leader": {"name": "orders-dm-master-1"}, "members": {}},
        "worker": {"members": {"orders-dm-worker-0": {"name": "orders-dm-worker-0", "stage": "bound", "source": "orders"},
                               "orders-dm-worker-1": {"name": "orders-dm-worker-1", "stage": "free"}}},
        "sources": [{"name": "orders", "worker": "orders-dm-worker-0"}]})");
    for (const char* name : {"orders-dm-master-0", "orders-dm-master-1", "orders-dm-master-2"}) {
      cluster_["status"]["master"]["members"][name] = {{"name", name}, {"health", true}};
    }
    Conditions({Condition("Ready", "True", "Ready", "all members run as the spec asks"), Condition("Available", "True", "Available", ""),
                Condition("Progressing", "False", "Settled", "nothing is under way"), Condition("Degraded", "False", "Healthy", ""),
                Condition("DataAtRisk", "False", "DataSafe", "")});
    for (int i = 0; i < 3; ++i) PutMember("dm-master", i, "n" + std::to_string(i + 1), "250Gi");
    for (int i = 0; i < 2; ++i) PutMember("dm-worker", i, "n" + std::to_string(i + 4), "500Gi");
    for (int i = 1; i <= 5; ++i) api_.Put("/api/v1/nodes/n" + std::to_string(i), app::testing::NodeJson("n" + std::to_string(i)));
    api_.Put("/apis/storage.k8s.io/v1/storageclasses/fast", app::testing::StorageClassJson("fast"));
    api_.Put("/api/v1/namespaces/shop", app::testing::NamespaceJson("shop"));
    api_.Put("/api/v1/namespaces/dm-system/configmaps/dm-operator-policy",
             {{"metadata", {{"name", "dm-operator-policy"}, {"namespace", "dm-system"}}}, {"data", {{"policy.yaml", "defaultEnvironment: production\n"}}}});
    for (const auto& [kind, name] : {std::pair{"DMCluster", "users"}, {"Pod", "orders"}}) {
      api_.Put("/api/v1/namespaces/shop/events/" + std::string(name) + kind,
               {{"metadata", {{"name", std::string(name) + kind}}}, {"involvedObject", {{"kind", kind}, {"name", name}}}, {"reason", "OfAnother"}});
    }
    PutEvent("e1", "Normal", "Bootstrapped", "DM cluster 7400 has formed", 1, "2025-12-31T23:30:00Z");
    Put();
  }
  ~Status() override { the_api = nullptr; }

  void Put() { api_.Put(std::string(kClusters) + "/orders", cluster_); }
  void Conditions(std::vector<Json> list) { cluster_["status"]["conditions"] = std::move(list); }
  void Say(const Json& condition) {
    for (Json& old : cluster_["status"]["conditions"]) {
      if (old["type"] == condition["type"]) {
        old = condition;
        return Put();
      }
    }
    cluster_["status"]["conditions"].push_back(condition);
    Put();
  }

  Json PodJson(const std::string& component, int ordinal, const std::string& node) const {
    const std::string name = "orders-" + component + "-" + std::to_string(ordinal);
    return {{"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", name}, {"labels", Labels(component)}}},
            {"spec", {{"nodeName", node}, {"containers", {{{"name", component}, {"image", "pingcap/dm:v8.5.0"}}}}}},
            {"status", {{"phase", "Running"}, {"podIP", "10.0.0.1"},
                        {"conditions", {{{"type", "Ready"}, {"status", "True"}}, {{"type", "PodScheduled"}, {"status", "True"}}}}}}};
  }
  static Json Labels(const std::string& component) {
    return {{"app.kubernetes.io/name", "dm-cluster"}, {"app.kubernetes.io/managed-by", "tidb-operator"},
            {"app.kubernetes.io/instance", "orders"}, {"app.kubernetes.io/component", component}};
  }
  void PutMember(const std::string& component, int ordinal, const std::string& node, const std::string& size) {
    const Json pod = PodJson(component, ordinal, node);
    const std::string name = pod["metadata"]["name"].get<std::string>();
    api_.Put("/api/v1/namespaces/shop/pods/" + name, pod);
    PutClaim(component + "-" + name, component, size);
  }
  void PutClaim(const std::string& name, const std::string& component, const std::string& size) {
    api_.Put("/api/v1/namespaces/shop/persistentvolumeclaims/" + name,
             {{"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", name}, {"labels", Labels(component)}}},
              {"spec", {{"storageClassName", "fast"}, {"resources", {{"requests", {{"storage", size}}}}}}},
              {"status", {{"phase", "Bound"}, {"capacity", {{"storage", size}}}}}});
  }
  void PutEvent(const std::string& name, const char* type, const char* reason, const char* message, int count, const char* last) {
    api_.Put("/api/v1/namespaces/shop/events/" + name,
             {{"metadata", {{"name", name}, {"namespace", "shop"}}}, {"involvedObject", {{"kind", "DMCluster"}, {"name", "orders"}}},
              {"type", type}, {"reason", reason}, {"message", message}, {"count", count}, {"lastTimestamp", last}});
  }

  Ran Run(StatusOptions options = {}, std::stop_token stop = {}) {
    if (options.name.empty()) options.name = "orders";
    std::ostringstream out, err;
    Ran ran;
    ran.code = RunStatus(options, out, err, ToApi, clock_, stop);
    ran.out = out.str();
    ran.err = err.str();
    return ran;
  }
  int ExitStatus() {
    StatusOptions options;
    options.exit_status = true;
    return Run(options).code;
  }
  // The server refuses what begins with `path`.
  void Refuse(const std::string& path, int code, const char* reason, const std::string& message) {
    api_.SetHook([=](const net::Request& request) -> std::optional<base::Result<net::Response>> {
      if (net::PathOf(request.target).substr(0, path.size()) != path) return std::nullopt;
      return FakeApi::Status(code, reason, message);
    });
  }

  static constexpr const char* kClusters = "/apis/pingcap.com/v1alpha1/namespaces/shop/dmclusters";
  FakeApi api_;
  Json cluster_;
  base::VirtualClock clock_;
};

TEST_F(Status, AHealthyClusterOnOneScreen) {
  const Ran ran = Run();
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, kExitHealthy);
  EXPECT_EQ(ran.out, R"(DMCluster shop/orders: healthy
  DM v8.5.0; production (the policy's default); leader orders-dm-master-1; cluster id 7400

ROLE    POD                 STATE  NODE             MEMBER           SOURCE  DISK
master  orders-dm-master-0  Ready  n1 (CentOS 7.9)  healthy          -       250Gi fast (ssd)
master  orders-dm-master-1  Ready  n2 (CentOS 7.9)  healthy, leader  -       250Gi fast (ssd)
master  orders-dm-master-2  Ready  n3 (CentOS 7.9)  healthy          -       250Gi fast (ssd)
worker  orders-dm-worker-0  Ready  n4 (CentOS 7.9)  bound            orders  500Gi fast (ssd)
worker  orders-dm-worker-1  Ready  n5 (CentOS 7.9)  free             -       500Gi fast (ssd)

Conditions
  Available=True DataAtRisk=False Degraded=False Progressing=False Ready=True

Requirements (ConfigMap dm-system/dm-operator-policy): met, 0 warnings, 3 for information

Next
  nothing: it runs as the spec asks

Events
  30m  Normal Bootstrapped: DM cluster 7400 has formed
)");
  EXPECT_EQ(ExitStatus(), kExitHealthy);
  EXPECT_EQ(api_.Writes(), 0);
}

TEST_F(Status, WhatIsWrongStandsFirst) {
  Json pod = PodJson("dm-worker", 1, "");
  pod["spec"].erase("nodeName");
  pod["status"] = {{"phase", "Pending"}, {"conditions", {{{"type", "PodScheduled"}, {"status", "False"}, {"message", "0/5 nodes are available"}}}}};
  api_.Put("/api/v1/namespaces/shop/pods/orders-dm-worker-1", pod);
  api_.Remove("/api/v1/namespaces/shop/pods/orders-dm-master-2");
  PutClaim("dm-worker-orders-dm-worker-2", "dm-worker", "500Gi");
  cluster_["status"]["master"]["members"]["orders-dm-master-2"]["health"] = false;
  cluster_["status"]["worker"]["members"]["orders-dm-worker-1"]["stage"] = "offline";
  cluster_["status"]["sources"].push_back({{"name", "users"}});
  cluster_["spec"]["worker"]["requests"]["cpu"] = "8";
  Say(Condition("Ready", "False", "MastersNotReady", "orders-dm-master-2 does not exist yet"));
  Say(Condition("Progressing", "True", "MastersNotReady", "orders-dm-master-2 does not exist yet"));
  Say(Condition("Degraded", "True", "QuorumAtRisk", "orders-dm-master-2 is not healthy; the loss of one more takes the majority away"));
  PutEvent("e2", "Warning", "RequirementsNotMet", "1 requirement is not met", 3, "2026-01-01T00:00:00Z");
  const Ran ran = Run();
  EXPECT_EQ(ran.code, kExitHealthy) << "the exit code tells of the health only when asked to";
  EXPECT_EQ(ran.out, R"(DMCluster shop/orders: unhealthy
  QuorumAtRisk: orders-dm-master-2 is not healthy; the loss of one more takes the majority away
  DM v8.5.0; production (the policy's default); leader orders-dm-master-1; cluster id 7400

ROLE    POD                 STATE          NODE             MEMBER           SOURCE  DISK
master  orders-dm-master-0  Ready          n1 (CentOS 7.9)  healthy          -       250Gi fast (ssd)
master  orders-dm-master-1  Ready          n2 (CentOS 7.9)  healthy, leader  -       250Gi fast (ssd)
master  orders-dm-master-2  missing        -                unhealthy        -       250Gi fast (ssd)
worker  orders-dm-worker-0  Ready          n4 (CentOS 7.9)  bound            orders  500Gi fast (ssd)
worker  orders-dm-worker-1  Unschedulable  -                offline          -       500Gi fast (ssd)
  orders-dm-worker-1: 0/5 nodes are available
Sources without a worker: users
Claims without a pod (kept): dm-worker-orders-dm-worker-2 500Gi fast (ssd)

Conditions
  Degraded=True QuorumAtRisk: orders-dm-master-2 is not healthy; the loss of one more takes the majority away
  Progressing=True MastersNotReady: orders-dm-master-2 does not exist yet
  Ready=False MastersNotReady: orders-dm-master-2 does not exist yet
  Available=True DataAtRisk=False

Requirements (ConfigMap dm-system/dm-operator-policy): 2 not met, 1 warning, 3 for information
  unmet  spec.worker.replicas: Invalid value: 2: a production cluster needs more DM-workers than upstreams, and there
         are 2 upstreams: a spare one takes over when another is lost (WorkerReplicas): raise it to 3, or set
         spec.environment to development
  unmet  spec.worker.requests.cpu: Invalid value: "8": a production DM-worker needs at least 16 CPU (WorkerCPU): raise
         it to 16, or set spec.environment to development
  warn   spec.upstreams: the running DM has the source "users", which spec.upstreams does not name (UpstreamUndeclared):
         add it with its dataSize, or remove the source from DM

Next
  QuorumAtRisk: bring the master named back first; do not restart others
  MastersNotReady: kubectl describe pod of the one named

Events
  <1m  Warning RequirementsNotMet (x3): 1 requirement is not met
  30m  Normal Bootstrapped: DM cluster 7400 has formed
)");
  EXPECT_EQ(ExitStatus(), kExitUnhealthy);
}

TEST_F(Status, WhatMayNotBeReadIsSaidAndTheRestIsShown) {
  Refuse("/api/v1/", 403, "Forbidden", "not yours");
  const Ran ran = Run();
  EXPECT_EQ(ran.code, kExitHealthy) << ran.err;
  EXPECT_NE(ran.out.find("master  orders-dm-master-1  ?      -     healthy, leader  -       -\n"), std::string::npos) << ran.out;
  for (const char* what : {"pods: not yours", "disks (persistentvolumeclaims): not yours", "events: not yours", "nodes: not yours", "namespaces: not yours",
                           "the cluster's policy may not be read (it takes the right to get the ConfigMap"}) {
    EXPECT_NE(ran.out.find(std::string("\n  ") + what), std::string::npos) << what << "\n" << ran.out;
  }
  EXPECT_NE(ran.out.find("rules not checked"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("Requirements (the built-in policy)"), std::string::npos) << ran.out;
}

TEST_F(Status, JsonHasItsShape) {
  StatusOptions options;
  options.json = true;
  cluster_["spec"]["worker"]["requests"]["cpu"] = "8";
  Put();
  const Json object = Run(options).json();
  EXPECT_EQ(object["health"], "healthy");
  EXPECT_EQ(object["leader"], "orders-dm-master-1");
  EXPECT_EQ(object["clusterID"], "7400");
  EXPECT_EQ(object["generation"], 3);
  ASSERT_EQ(object["members"].size(), 5u);
  EXPECT_EQ(object["members"][3],
            (Json{{"role", "worker"}, {"name", "orders-dm-worker-0"}, {"pod", "Ready"}, {"note", ""}, {"restarts", 0}, {"node", "n4"}, {"system", "CentOS 7.9"},
                  {"image", "pingcap/dm:v8.5.0"}, {"member", "bound"}, {"leader", false}, {"source", "orders"},
                  {"disk", {{"claim", "dm-worker-orders-dm-worker-0"}, {"size", "500Gi"}, {"storageClass", "fast"}, {"grade", "ssd"}, {"phase", "Bound"}}}}));
  EXPECT_EQ(object["requirements"]["policy"], "ConfigMap dm-system/dm-operator-policy");
  EXPECT_EQ(object["requirements"]["findings"][0]["rule"], "WorkerCPU");
  EXPECT_EQ(object["next"], Json::array({"nothing: it runs as the spec asks"}));
  EXPECT_EQ(object["events"][0]["reason"], "Bootstrapped");
  EXPECT_EQ(object["conditions"].size(), 5u);
  EXPECT_TRUE(object["notRead"].empty());
}

TEST_F(Status, TheHealthFollowsFromTheConditions) {
  struct Case {
    Json condition;
    int code;
    const char* next;
  };
  const std::vector<Json> well = cluster_["status"]["conditions"].get<std::vector<Json>>();
  for (const Case& c : {Case{Condition("Degraded", "True", "SourceUnscheduled", "no dm-worker is bound to source a"), kExitUnhealthy, "one worker more (kubectl scale dc)"},
                        Case{Condition("DataAtRisk", "True", "VolumeLost", "x"), kExitUnhealthy, "restore the volume"},
                        Case{Condition("Available", "False", "NoLeader", "x"), kExitUnhealthy, "an election ends within seconds"},
                        Case{Condition("Available", "Unknown", "MembersUnknown", "x"), kExitUnhealthy, "a NetworkPolicy"},
                        Case{Condition("Progressing", "True", "Rolling", "master: replacing orders-dm-master-2"), kExitNotReady, "the next pod when this one is a healthy member again"},
                        Case{Condition("Progressing", "True", "AWordOfTomorrow", "x"), kExitNotReady, "the operator looks again by itself"},
                        Case{Condition("Paused", "True", "Paused", "x"), kExitNotReady, "take spec.paused away"},
                        Case{Condition("Adopted", "False", "ManagedByTiDBOperator1", "x"), kExitNotReady, "this version cannot take it over"},
                        Case{Condition("UpdateAvailable", "True", "TemplateHeld", "x"), kExitHealthy, "kubectl annotate dc orders dm.pingcap.com/restartedAt"},
                        Case{Condition("RequirementsMet", "False", "WorkerCPU", "x"), kExitHealthy, "nothing"}}) {
    Conditions(well);
    Say(c.condition);
    EXPECT_EQ(ExitStatus(), c.code) << c.condition;
    const std::string out = Run().out;
    EXPECT_NE(out.substr(out.find("\nNext\n")).find(c.next), std::string::npos) << out;
  }
  Conditions(well);
  cluster_["metadata"]["generation"] = 4;
  Put();
  EXPECT_EQ(ExitStatus(), kExitNotReady);
  EXPECT_NE(Run().out.find("has not taken in generation 4 of the spec yet (it is at 3)"), std::string::npos);
  cluster_["metadata"]["generation"] = 3;
  cluster_["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  Put();
  EXPECT_EQ(ExitStatus(), kExitNotReady);
  EXPECT_NE(Run().out.find("the claims stay"), std::string::npos);
}

TEST_F(Status, AClusterThatHasJustBeenMade) {
  cluster_.erase("status");
  for (const char* pod : {"master-0", "master-1", "master-2", "worker-0", "worker-1"}) api_.Remove("/api/v1/namespaces/shop/pods/orders-dm-" + std::string(pod));
  Put();
  EXPECT_EQ(ExitStatus(), kExitNotReady);
  const std::string out = Run().out;
  EXPECT_NE(out.find("not ready\n  the operator has not looked at it yet\n"), std::string::npos) << out;
  EXPECT_NE(out.find("master  orders-dm-master-0  missing  -     ?"), std::string::npos) << out;
  // Before the cluster has formed, not being available is no fault.
  cluster_["status"] = {{"observedGeneration", 3}, {"conditions", {Condition("Ready", "False", "MastersNotReady", "x"), Condition("Available", "False", "NoMaster", "x"),
                                                                   Condition("Progressing", "True", "Bootstrapping", "x")}}};
  Put();
  EXPECT_EQ(ExitStatus(), kExitNotReady);
}

TEST_F(Status, WhatANamespaceIsSparedAtAdmissionIsStillSaid) {
  api_.Put("/api/v1/namespaces/dm-system/configmaps/dm-operator-policy",
           {{"metadata", {{"name", "dm-operator-policy"}, {"namespace", "dm-system"}}},
            {"data", {{"policy.yaml", "namespaces:\n- selector: {matchLabels: {kubernetes.io/metadata.name: shop}}\n  enforcement: audit\n"}}}});
  cluster_["spec"]["worker"]["requests"]["cpu"] = "8";
  Put();
  const std::string out = Run().out;
  EXPECT_NE(out.find("Requirements (ConfigMap dm-system/dm-operator-policy): 1 not met, 0 warnings"), std::string::npos) << out;
}

TEST_F(Status, AMonitorOfItsOwnIsShownToo) {
  cluster_["spec"]["monitor"] = {{"replicas", 1}, {"storageSize", "200Gi"}, {"requests", {{"cpu", "8"}, {"memory", "16Gi"}}}};
  Put();
  EXPECT_NE(Run().out.find("monitor  orders-dm-monitor-0  missing  -                -                -       -\n"), std::string::npos) << Run().out;
}

TEST_F(Status, TextsOfOthersDoNotReachTheTerminalRaw) {
  Say(Condition("Degraded", "True", "Odd", "\x1b[31mred\n\n"));
  PutEvent("e3", "Warning", "Odd", "\x1b]0;title\x07", 1, "2026-01-01T00:00:00Z");
  const std::string out = Run().out;
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_EQ(out.find('\x07'), std::string::npos);
}

TEST_F(Status, ErrorsSayWhatToDo) {
  StatusOptions options;
  options.name = "ordres";
  Ran ran = Run(options);
  EXPECT_EQ(ran.code, kUnreadable);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "error: there is no DMCluster \"ordres\" in namespace shop; did you mean orders? that namespace has orders\n");
  options.name = "orders";
  options.live.ns = "shopp";
  EXPECT_EQ(Run(options).err,
            "error: there is no DMCluster \"orders\" in namespace shopp, which has none at all; there is one in shop: name it with -n\n");

  Refuse("/apis/pingcap.com/", 404, "NotFound", "the server could not find the requested resource");
  EXPECT_NE(Run().err.find("https://scripted does not know the kind DMCluster (pingcap.com/v1alpha1): install the chart"), std::string::npos) << Run().err;
  Refuse("/apis/pingcap.com/", 403, "Forbidden", "dmclusters is forbidden");
  ran = Run();
  EXPECT_EQ(ran.code, kUnreadable);
  EXPECT_NE(ran.err.find("DMCluster shop/orders may not be read: dmclusters is forbidden"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("kubectl auth can-i get dmclusters.pingcap.com -n shop"), std::string::npos) << ran.err;
  api_.SetHook([](const net::Request&) { return base::Result<net::Response>(base::Fail(base::Code::kUnavailable, "connection refused")); });
  EXPECT_NE(Run().err.find("the API server https://scripted cannot be asked: "), std::string::npos) << Run().err;
  EXPECT_NE(Run().err.find("connection refused"), std::string::npos);

  EXPECT_EQ(Call({"status"}).code, kUnreadable);
  EXPECT_EQ(Call({"status", "orders"}).code, kUnreadable);       // no kubeconfig
  EXPECT_EQ(Call({"status", "a", "b"}).code, kUnreadable);
  options.policy = "/nonexistent/policy.yaml";
  EXPECT_EQ(Run(options).code, kUnreadable);
}

// A watch on its own thread, with a clock that the test moves.
class Watching {
 public:
  explicit Watching(base::VirtualClock& clock, StatusOptions options = {})
      : clock_(clock), thread_([this, options](std::stop_token stop) mutable {
          options.name = "orders";
          options.watch = true;
          code = RunStatus(options, out, err, ToApi, clock_, stop);
          ended = true;
        }) {}
  // Lets one pause pass, and waits for the next.
  void Pass(std::chrono::seconds time) {
    clock_.AwaitWaiters(1);
    clock_.Advance(time);
    clock_.AwaitWaiters(1);
  }
  void Stop() {
    thread_.request_stop();
    thread_.join();
  }
  void Join() { thread_.join(); }

  std::ostringstream out, err;
  std::atomic<int> code{-1};
  std::atomic<bool> ended{false};

 private:
  base::VirtualClock& clock_;
  std::jthread thread_;
};

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_F(Status, AWatchDrawsWhatChangesAndEndsWhenAsked) {
  StatusOptions options;
  options.exit_status = true;
  Watching watch(clock_, options);
  clock_.AwaitWaiters(1);
  const auto before = api_.Requests().size();
  watch.Pass(std::chrono::seconds(2));
  EXPECT_EQ(api_.Requests().size() - before, 4u) << "of what is many and changes seldom nothing is asked again";
  Say(Condition("Degraded", "True", "WorkerOffline", "orders-dm-worker-1 is offline"));
  watch.Pass(std::chrono::seconds(2));
  watch.Pass(std::chrono::seconds(2));
  watch.Stop();
  EXPECT_EQ(Count(watch.out.str(), "DMCluster shop/orders:"), 2u) << watch.out.str();
  EXPECT_NE(watch.out.str().find("\n\nDMCluster shop/orders: unhealthy"), std::string::npos);
  EXPECT_EQ(watch.out.str().find('\x1b'), std::string::npos) << "no terminal";
  EXPECT_EQ(watch.err.str(), "");
  EXPECT_EQ(watch.code, kExitUnhealthy);
}

TEST_F(Status, AWatchOutlivesTheServersSilence) {
  Watching watch(clock_);
  clock_.AwaitWaiters(1);
  api_.SetHook([](const net::Request&) { return base::Result<net::Response>(base::Fail(base::Code::kUnavailable, "connection refused")); });
  watch.Pass(std::chrono::seconds(2));
  watch.Pass(std::chrono::seconds(4));
  EXPECT_EQ(Count(watch.err.str(), "connection refused; asking again"), 1u) << "said once: " << watch.err.str();
  api_.SetHook({});
  api_.Remove(std::string(kClusters) + "/orders");
  clock_.Advance(std::chrono::seconds(8));
  watch.Join();
  EXPECT_NE(watch.err.str().find("DMCluster shop/orders has been deleted"), std::string::npos) << watch.err.str();
  EXPECT_EQ(watch.code, kExitHealthy);
}

TEST(Reasons, ThePageHasTheSameTables) {
  const std::string path = std::string(DM_SOURCE_DIR) + "/docs/operations.md";
  auto file = base::ReadFile(path);
  ASSERT_TRUE(file) << file.error().message;
  const auto begin = file->find("## Conditions\n");
  const auto end = file->find("\n## Metrics\n");
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << file->substr(0, begin) << ReasonTables() << file->substr(end);
  EXPECT_EQ(file->substr(begin, end - begin), ReasonTables()) << "renew it: UPDATE_GOLDEN=1 ctest -R Reasons";
}

}  // namespace
}  // namespace dm::cli

// Numbers of instances and what is said of the upstreams.
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::Development;
using fixtures::FindRule;
using fixtures::GoodView;
using fixtures::Judged;
using fixtures::Patched;
using fixtures::Production;
using Words = std::vector<std::string>;

struct Case {
  bool production;
  std::string patch;
  Words expected;        // denials and warnings
};

TEST(Replicas, Table) {
  const char* three = "upstreams: [{name: a, dataSize: 1G}, {name: b, dataSize: 1G}, {name: c, dataSize: 1G}]";
  const std::string with_three = std::string("spec: {") + three;
  const std::string prod3 = with_three + ", worker: {replicas: 3}}";
  const std::string prod4 = with_three + ", worker: {replicas: 4}}";
  const std::string dev2 = with_three + ", worker: {replicas: 2}}";
  const Case cases[] = {
      {true, "", {}},
      {true, "spec: {master: {replicas: 0}}", {"MasterReplicas"}},
      {true, "spec: {master: {replicas: 1}}", {"MasterReplicas"}},
      {true, "spec: {master: {replicas: 2}}", {"MasterReplicas", "MasterReplicasOdd!warn"}},
      {true, "spec: {master: {replicas: 5}}", {"NodeCapacity!warn"}},          // three nodes, one master a host
      {true, "spec: {master: {replicas: 4}}", {"MasterReplicasOdd!warn", "NodeCapacity!warn"}},
      {true, "spec: {worker: {replicas: 1}}", {"WorkerReplicas"}},
      {true, "spec: {worker: {replicas: 0}}", {"WorkerReplicas"}},
      {true, "spec: {worker: null}", {"WorkerReplicas"}},
      {true, prod3, {"WorkerReplicas"}},                               // as many as upstreams
      {true, prod4, {}},
      {true, "spec: {upstreams: null}", {"UpstreamsDeclared!warn"}},
      {true, "spec: {upstreams: []}", {"UpstreamsDeclared!warn"}},
      {true, "spec: {upstreams: null, worker: {replicas: 1}}", {"WorkerReplicas", "UpstreamsDeclared!warn"}},
      {true, "spec: {monitor: null}", {"MonitorReplicas"}},
      {true, "spec: {monitor: {external: false, replicas: 0, requests: {cpu: \"8\", memory: 16Gi}, storageSize: 200Gi, storageClassName: fast}}",
       {"MonitorReplicas"}},
      {true, "spec: {upstreams: [{name: a}]}", {"UpstreamSizeDeclared!warn"}},
      {true, "spec: {upstreams: [{name: a, dataSize: 0}]}", {"UpstreamSizeDeclared!warn"}},
      {true, "spec: {upstreams: [{name: a, dataSize: 1G, relay: {enabled: true}}]}", {"RelaySpaceDeclared!warn"}},
      {true, "spec: {upstreams: [{name: a, dataSize: 1G, relay: {enabled: true, space: 10G}}]}", {}},
      {true, "spec: {upstreams: [{name: a, dataSize: 1G, relay: {enabled: false}}]}", {}},
      {false, "", {}},
      {false, "spec: {master: {replicas: 0}}", {"MasterReplicas"}},
      {false, "spec: {master: {replicas: 2}}", {}},
      {false, "spec: {worker: {replicas: 0}}", {"WorkerReplicas"}},
      {false, dev2, {"WorkerReplicas"}},
      {false, with_three + ", worker: {replicas: 3}}", {}},
  };
  for (const Case& c : cases) {
    const Report report = Judged(Patched(c.production ? Production() : Development(), c.patch), GoodView());
    EXPECT_EQ(fixtures::Names(report, Severity::kWarn), c.expected) << (c.production ? "production " : "development ") << c.patch;
  }
}

TEST(Replicas, TheRunningDMCountsToo) {
  LiveFacts live;
  live.known = true;
  live.sources = {"orders", "forgotten", "other"};
  const Report report = Judged(Production(), GoodView(), {}, live);
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words({"WorkerReplicas", "UpstreamUndeclared!warn"}));
  const Finding* finding = FindRule(report, "WorkerReplicas");
  EXPECT_EQ(finding->required, "4");
  EXPECT_EQ(finding->shortfall, Shortfall::Count(2));
  int undeclared = 0;
  for (const Finding& f : report.findings) undeclared += f.rule == Rule::kUpstreamUndeclared ? 1 : 0;
  EXPECT_EQ(undeclared, 2);        // not the one that is declared
}

TEST(Replicas, TextsSayWhatToDo) {
  const Report report = Judged(Patched(Production(), "spec: {master: {replicas: 1}, worker: {replicas: 1}, monitor: null}"), GoodView());
  EXPECT_EQ(LongText(*FindRule(report, "MasterReplicas")),
            "Invalid value: 1: a production cluster needs at least 3 DM-masters, so that the loss of one stops nothing "
            "(MasterReplicas): raise it to 3, or set spec.environment to development");
  EXPECT_EQ(ShortText(*FindRule(report, "MasterReplicas")), "MasterReplicas: spec.master.replicas is 1, needs 3");
  EXPECT_EQ(FindRule(report, "MonitorReplicas")->field, "spec.monitor");
  EXPECT_EQ(FindRule(report, "MonitorReplicas")->shape, Shape::kRequired);
}

TEST(Replicas, ThePolicyMayNameTheMonitor) {
  const auto object = Patched(Production(), "spec: {monitor: null}");
  const Policy policy = *ParsePolicy("namespaces: [{selector: {}, monitor: external}]");
  EXPECT_EQ(fixtures::Names(Judged(object, GoodView(), policy), Severity::kWarn), Words());
}

TEST(Monitor, ItsRowIsHeldAgainstTheOneThatWeDeploy) {
  const char* small = "spec: {monitor: {external: null, replicas: 1, requests: {cpu: \"4\", memory: 15G}, storageSize: 100G, storageClassName: fast}}";
  EXPECT_EQ(fixtures::Names(Judged(Patched(Production(), small), GoodView()), Severity::kWarn),
            Words({"MonitorCPU", "MonitorMemory", "MonitorDisk"}));
  EXPECT_EQ(fixtures::Names(Judged(Patched(Development(), small), GoodView()), Severity::kWarn),
            Words({"MonitorCPU!warn", "MonitorMemory!warn"}));
  const char* exact = "spec: {monitor: {external: null, replicas: 1, requests: {cpu: \"8\", memory: 16G}, storageSize: 200G, storageClassName: fast}}";
  EXPECT_EQ(fixtures::Names(Judged(Patched(Production(), exact), GoodView()), Severity::kWarn), Words());
}

TEST(Disk, TheWorkersDiskIsGreaterThanTheData) {
  const auto spec = [](const char* disk, const char* upstreams) {
    return std::string("spec: {worker: {replicas: 5, storageSize: ") + disk + "}, upstreams: [" + upstreams + "]}";
  };
  struct Row {
    std::string patch;
    Words expected;
  };
  const Row rows[] = {
      {spec("300Gi", "{name: a, dataSize: 300Gi}"), {"WorkerDiskHoldsData"}},            // equal is not greater
      {spec("301Gi", "{name: a, dataSize: 300Gi}"), {}},
      {spec("322122547201", "{name: a, dataSize: 300Gi}"), {}},                          // one byte more
      {spec("299Gi", "{name: a, dataSize: 300Gi}"), {"WorkerDiskHoldsData"}},
      {spec("340Gi", "{name: a, dataSize: 300Gi, relay: {enabled: true, space: 40Gi}}"), {"WorkerDiskHoldsData"}},
      {spec("341Gi", "{name: a, dataSize: 300Gi, relay: {enabled: true, space: 40Gi}}"), {}},
      {spec("341Gi", "{name: a, dataSize: 300Gi, relay: {enabled: false, space: 90Gi}}"), {}},
      {spec("310Gi", "{name: a, dataSize: 300Gi}, {name: b, dataSize: 50Gi}"), {"WorkerDiskHoldsAll!warn"}},
      {spec("350Gi", "{name: a, dataSize: 300Gi}, {name: b, dataSize: 50Gi}"), {"WorkerDiskHoldsAll!warn"}},
      {spec("351Gi", "{name: a, dataSize: 300Gi}, {name: b, dataSize: 50Gi}"), {}},
      {spec("250Gi", "{name: a, dataSize: 300Gi}, {name: b, dataSize: 50Gi}"), {"WorkerDiskHoldsData", "WorkerDiskHoldsAll!warn"}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(fixtures::Names(Judged(Patched(Production(), row.patch), GoodView()), Severity::kWarn), row.expected) << row.patch;
  }
  const auto relay = Patched(Patched(Production(), spec("310Gi", "{name: a, dataSize: 300Gi, relay: {enabled: true, space: 40Gi}}")), R"(
spec:
  worker:
    config: relay-dir = "/relay/log"
    additionalVolumes: [{name: relay, emptyDir: {}}]
    additionalVolumeMounts: [{name: relay, mountPath: /relay}]
)");
  EXPECT_EQ(fixtures::Names(Judged(relay, GoodView()), Severity::kWarn), Words()) << "the relay log lies on a volume of its own";
  const Policy sum = *ParsePolicy("dataFits: sum");
  const auto two = Patched(Production(), rows[7].patch);
  EXPECT_EQ(fixtures::Names(Judged(two, GoodView(), sum), Severity::kWarn), Words({"WorkerDiskHoldsAll"}));
  const Report unknown = Judged(Patched(Production(), "spec: {upstreams: [{name: a}]}"), GoodView());
  EXPECT_TRUE(fixtures::WasNotChecked(unknown, "WorkerDiskHoldsData"));
}

}  // namespace
}  // namespace dm::requirements

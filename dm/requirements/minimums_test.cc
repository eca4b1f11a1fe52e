// Every row of the page at, just below and just above its bound.
#include "dm/requirements/minimums.h"

#include <gmock/gmock.h>

#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::Development;
using fixtures::GoodView;
using fixtures::Patched;
using fixtures::Production;
using fixtures::Judged;

struct Case {
  const char* environment;
  const char* patch;        // what the spec says
  const char* rule;         // the rule that denies, or "" for none
};

TEST(Minimums, AtBelowAboveEachBound) {
  const Case cases[] = {
      {"production", "spec: {master: {requests: {cpu: \"4\"}}}", ""},
      {"production", "spec: {master: {requests: {cpu: 3999m}}}", "MasterCPU"},
      {"production", "spec: {master: {requests: {cpu: 4001m}}}", ""},
      {"production", "spec: {master: {requests: {memory: 8G}}}", ""},
      {"production", "spec: {master: {requests: {memory: \"7999999999\"}}}", "MasterMemory"},
      {"production", "spec: {master: {requests: {memory: 7812500Ki}}}", ""},       // 8 GB exactly
      {"production", "spec: {master: {requests: {memory: 7812499Ki}}}", "MasterMemory"},
      {"production", "spec: {master: {requests: {memory: 8Gi}}}", ""},
      {"production", "spec: {master: {requests: {memory: 7Gi}}}", "MasterMemory"},
      {"production", "spec: {master: {storageSize: 200G}}", ""},
      {"production", "spec: {master: {storageSize: 0.2T}}", ""},
      {"production", "spec: {master: {storageSize: \"2e11\"}}", ""},
      {"production", "spec: {master: {storageSize: 199G}}", "MasterDisk"},
      {"production", "spec: {master: {storageSize: 187Gi}}", ""},                  // 200.8 GB
      {"production", "spec: {master: {storageSize: 186Gi}}", "MasterDisk"},        // 199.7 GB
      {"production", "spec: {worker: {requests: {cpu: \"16\"}}}", ""},
      {"production", "spec: {worker: {requests: {cpu: 15999m}}}", "WorkerCPU"},
      {"production", "spec: {worker: {requests: {cpu: \"8\"}}}", "WorkerCPU"},
      {"production", "spec: {worker: {requests: {memory: 32G}}}", ""},
      {"production", "spec: {worker: {requests: {memory: 31999M}}}", "WorkerMemory"},
      {"production", "spec: {worker: {requests: {memory: 16Gi}}}", "WorkerMemory"},
      {"production", "spec: {worker: {storageSize: 200G}, upstreams: [{name: a, dataSize: 100G}]}", ""},
      {"production", "spec: {worker: {storageSize: 199999M}, upstreams: [{name: a, dataSize: 100G}]}", "WorkerDisk"},
      {"development", "spec: {master: {requests: {cpu: \"4\"}}}", ""},
      {"development", "spec: {master: {requests: {cpu: 3.9}}}", "MasterCPU"},
      {"development", "spec: {master: {requests: {memory: 8000M}}}", ""},
      {"development", "spec: {master: {requests: {memory: 7999M}}}", "MasterMemory"},
      {"development", "spec: {master: {storageSize: 200G}}", ""},
      {"development", "spec: {master: {storageSize: 199G}}", "MasterDisk"},
      {"development", "spec: {worker: {requests: {cpu: \"8\"}}}", ""},
      {"development", "spec: {worker: {requests: {cpu: 7999m}}}", "WorkerCPU"},
      {"development", "spec: {worker: {requests: {memory: 16000M}}}", ""},
      {"development", "spec: {worker: {requests: {memory: 15999M}}}", "WorkerMemory"},
      {"development", "spec: {worker: {storageSize: 400G}}", ""},
      {"development", "spec: {worker: {storageSize: 150G}, upstreams: [{name: a, dataSize: 100G}]}", "WorkerDisk"},
  };
  const ClusterView view = GoodView();
  for (const Case& c : cases) {
    const bool production = std::string(c.environment) == "production";
    const Report report = Judged(Patched(production ? Production() : Development(), c.patch), view);
    std::vector<std::string> expected;
    if (*c.rule != '\0') expected = {c.rule};
    EXPECT_EQ(fixtures::Names(report, Severity::kDeny), expected) << c.environment << " " << c.patch;
  }
}

TEST(Minimums, AnAbsentRequestTakesTheLimitAndNeitherIsAFault) {
  const ClusterView view = GoodView();
  const Report limit = Judged(Patched(Production(), "spec: {worker: {requests: null, limits: {cpu: \"8\", memory: 48Gi}}}"), view);
  const Finding* cpu = fixtures::FindRule(limit, "WorkerCPU");
  ASSERT_NE(cpu, nullptr);
  EXPECT_EQ(cpu->field, "spec.worker.limits.cpu");
  EXPECT_EQ(cpu->found, "8");
  EXPECT_EQ(fixtures::FindRule(limit, "WorkerMemory"), nullptr);

  const Report nothing = Judged(Patched(Production(), "spec: {worker: {requests: null}}"), view);
  const Finding* absent = fixtures::FindRule(nothing, "WorkerCPU");
  ASSERT_NE(absent, nullptr);
  EXPECT_EQ(absent->field, "spec.worker.requests.cpu");
  EXPECT_EQ(LongText(*absent), "Required value: a production DM-worker needs at least 16 CPU (WorkerCPU): set it to 16");
  EXPECT_EQ(absent->shortfall, Shortfall::Count(16));
  ASSERT_NE(fixtures::FindRule(nothing, "WorkerMemory"), nullptr);
}

TEST(Minimums, TheSidecarsDoNotCountForTheMinimum) {
  const Report report = Judged(Patched(Production(), R"(
spec:
  worker:
    requests: {cpu: "8", memory: 48Gi}
    additionalContainers: [{name: side, image: x, resources: {requests: {cpu: "12"}}}]
)"), GoodView());
  EXPECT_EQ(fixtures::Names(report, Severity::kDeny), std::vector<std::string>{"WorkerCPU"});
}

// A container of DM's own name is merged into it, and what it says counts: so it is named.
TEST(Minimums, AMergedContainerIsNamed) {
  const Report report = Judged(Patched(Production(), R"(
spec:
  worker:
    requests: {cpu: "16", memory: 48Gi}
    additionalContainers: [{name: dm-worker, resources: {requests: {cpu: "1"}}}]
)"), GoodView());
  const Finding* finding = fixtures::FindRule(report, "WorkerCPU");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->field, "spec.worker.additionalContainers[dm-worker].resources.requests.cpu");
  EXPECT_EQ(finding->found, "1");
}

TEST(Minimums, ThePolicyRaisesAndLowersThem) {
  Policy policy = *ParsePolicy("minimums: {production.worker.cpu: 24}");
  const Report raised = Judged(Production(), GoodView(), policy);
  EXPECT_EQ(fixtures::Names(raised, Severity::kDeny), std::vector<std::string>{"WorkerCPU"});
  EXPECT_TRUE(raised.notes.empty());

  policy = *ParsePolicy("minimums: {production.worker.cpu: 8, production.master.replicas: 1}\nallowLower: true");
  const Report lowered = Judged(Patched(Production(), "spec: {worker: {requests: {cpu: \"10\"}}, master: {replicas: 1}}"), GoodView(), policy);
  EXPECT_TRUE(fixtures::Names(lowered, Severity::kDeny).empty()) << fixtures::Names(lowered)[0];
  ASSERT_EQ(lowered.notes.size(), 2u);
  EXPECT_EQ(lowered.notes[1], "production.worker.cpu is lowered by the policy: the page asks for 16 CPU, this cluster has 10");
}

TEST(Minimums, ExactlyAtTheTableIsInformation) {
  const Report report = Judged(Patched(Production(), "spec: {worker: {requests: {cpu: \"16\", memory: 32Gi}}}"), GoodView());
  EXPECT_EQ(fixtures::Names(report), std::vector<std::string>({"AtMinimum!info", "CoLocation!info"}));
  const Report current =
      Judged(Patched(Production(), "spec: {worker: {requests: {cpu: \"16\"}}}"), GoodView(), *ParsePolicy("ruleSet: current"));
  EXPECT_EQ(fixtures::Names(current), std::vector<std::string>{"CoLocation!warn"});
}

TEST(Minimums, DevelopmentIsSuggestedWhereItWouldDo) {
  const Report report = Judged(Patched(Production(), "spec: {worker: {requests: {cpu: \"8\"}}}"), GoodView());
  EXPECT_EQ(LongText(*fixtures::FindRule(report, "WorkerCPU")),
            "Invalid value: \"8\": a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16, or set "
            "spec.environment to development");
  const Policy pinned = *ParsePolicy("namespaces: [{selector: {}, environment: production}]");
  const Report by_pin = Judged(Patched(Production(), "spec: {worker: {requests: {cpu: \"8\"}}}"), GoodView(), pinned);
  EXPECT_EQ(LongText(*fixtures::FindRule(by_pin, "WorkerCPU")),
            "Invalid value: \"8\": a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16, or use a "
            "namespace whose environment is development");
  const Policy lax = *ParsePolicy("namespaces: [{selector: {}, environment: development}]");
  const Report by_object = Judged(Patched(Production(), "spec: {environment: production, worker: {requests: {cpu: \"8\"}}}"), GoodView(), lax);
  EXPECT_EQ(fixtures::FindRule(by_object, "WorkerCPU")->remedy, "raise it to 16, or take spec.environment away: this namespace is one for development");
  const Report below_both = Judged(Patched(Production(), "spec: {worker: {requests: {cpu: \"2\"}}}"), GoodView());
  EXPECT_EQ(fixtures::FindRule(below_both, "WorkerCPU")->remedy, "raise it to 16");
}

}  // namespace
}  // namespace dm::requirements

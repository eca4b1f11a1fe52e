// The ratchet: what was so before and is made no worse passes with a warning.
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::AddNode;
using fixtures::GoodView;
using fixtures::MakeNode;
using fixtures::Patched;
using fixtures::Production;
using Words = std::vector<std::string>;

Words RulesOf(const std::vector<Finding>& findings) {
  Words names;
  for (const Finding& finding : findings) names.emplace_back(RuleName(finding.rule));
  return names;
}

Review Change(const base::Json& before, const base::Json& now, const ClusterView& view = GoodView(), const Policy& policy = {}) {
  const DMCluster old = fixtures::Cluster(before);
  return ReviewChange(fixtures::Cluster(now), &old, view, policy);
}

// Below the page in three ways.
base::Json Small() {
  return Patched(Production(), "spec: {master: {replicas: 1}, worker: {replicas: 1, requests: {cpu: \"8\"}}}");
}

TEST(Ratchet, ANewObjectIsHeldToEverything) {
  const Review review = ReviewChange(fixtures::Cluster(Small()), nullptr, GoodView(), {});
  EXPECT_FALSE(review.verdict.allowed);
  EXPECT_EQ(RulesOf(review.verdict.denials), Words({"MasterReplicas", "WorkerReplicas", "WorkerCPU"}));
  EXPECT_FALSE(review.skipped);
}

TEST(Ratchet, AnUnchangedSpecPassesWhateverItIs) {
  auto relabelled = Small();
  relabelled["metadata"]["labels"]["team"] = "data";
  relabelled["status"]["anything"] = 1;
  const Review review = Change(Small(), relabelled);
  EXPECT_TRUE(review.verdict.allowed);
  EXPECT_TRUE(review.skipped);
  EXPECT_TRUE(review.verdict.warnings.empty());
}

TEST(Ratchet, WhatIsBeingDeletedPasses) {
  auto now = Patched(Small(), "spec: {worker: {replicas: 0}}");
  now["metadata"]["deletionTimestamp"] = "2026-11-24T18:00:00Z";
  EXPECT_TRUE(Change(Small(), now).verdict.allowed);
  EXPECT_TRUE(Change(Small(), now).skipped);
}

TEST(Ratchet, BetterAndSamePassWorseDoesNot) {
  struct Case {
    const char* patch;
    Words denied;
  };
  const Case cases[] = {
      {"spec: {timezone: Europe/Berlin}", {}},                                      // an unrelated edit
      {"spec: {worker: {requests: {cpu: \"12\"}}}", {}},                            // better, not yet good
      {"spec: {worker: {requests: {cpu: 8000m}}}", {}},                             // the same in other words
      {"spec: {worker: {requests: {cpu: 7999m}}}", {"WorkerCPU"}},                  // worse
      {"spec: {worker: {requests: {cpu: null}}}", {"WorkerCPU"}},
      {"spec: {worker: {requests: {cpu: \"16\"}, replicas: 0}}", {"WorkerReplicas"}},   // one better, one worse
      {"spec: {master: {replicas: 3}}", {}},
      {"spec: {master: {replicas: 2}}", {}},
      {"spec: {master: {replicas: 0}}", {"MasterReplicas"}},
      {"spec: {worker: {storageSize: 100Gi}}", {"WorkerDisk", "WorkerDiskHoldsData"}},  // new
      {"spec: {upstreams: [{name: orders, dataSize: 300Gi}, {name: b, dataSize: 1G}]}", {"WorkerReplicas"}},   // the need grew
      {"spec: {upstreams: [{name: orders, dataSize: 600Gi}]}", {"WorkerDiskHoldsData"}},
  };
  for (const Case& c : cases) {
    const Review review = Change(Small(), Patched(Small(), c.patch));
    EXPECT_EQ(RulesOf(review.verdict.denials), c.denied) << c.patch;
    EXPECT_EQ(review.verdict.allowed, c.denied.empty());
    for (const Finding& warning : review.verdict.warnings) EXPECT_EQ(warning.severity, Severity::kWarn);
  }
}

TEST(Ratchet, ToleratedDenialsComeFirstAndSaySo) {
  const Review review = Change(Patched(Small(), "spec: {upstreams: [{name: orders}]}"),
                               Patched(Small(), "spec: {upstreams: [{name: orders}], timezone: Asia/Tokyo}"));
  EXPECT_EQ(RulesOf(review.verdict.warnings), Words({"MasterReplicas", "WorkerReplicas", "WorkerCPU", "UpstreamSizeDeclared"}));
  EXPECT_TRUE(review.verdict.warnings[0].tolerated);
  EXPECT_FALSE(review.verdict.warnings[3].tolerated);
  EXPECT_EQ(ShortText(review.verdict.warnings[2]), "WorkerCPU: spec.worker.requests.cpu is 8, needs 16 (as before)");
}

TEST(Ratchet, ListsAreMatchedByKey) {
  const auto before = Patched(Production(), "spec: {worker: {replicas: 1}, upstreams: [{name: a, dataSize: 1G}, {name: b, dataSize: 2G}]}");
  const auto reordered = Patched(Production(), "spec: {worker: {replicas: 1}, upstreams: [{name: b, dataSize: 2G}, {name: a, dataSize: 1G}]}");
  const Review review = Change(before, reordered);
  EXPECT_TRUE(review.verdict.allowed);
  EXPECT_FALSE(review.skipped);
  // One config key instead of another is a new fault, not the old one.
  const auto with = [](const char* toml) {
    base::Json object = Production();
    object["spec"]["master"]["config"] = toml;
    return object;
  };
  EXPECT_TRUE(Change(with("a = 1"), with("a = 2")).verdict.allowed);
  EXPECT_EQ(RulesOf(Change(with("a = 1"), with("b = 1")).verdict.denials), Words({"ConfigKnownKey"}));
}

TEST(Ratchet, TheStricterEnvironmentIsANewNeed) {
  const auto before = fixtures::Development();
  const Review review = Change(before, Patched(before, "spec: {environment: production}"));
  EXPECT_EQ(RulesOf(review.verdict.denials), Words({"MasterReplicas", "WorkerReplicas", "MonitorReplicas", "WorkerCPU", "WorkerMemory"}));
  EXPECT_TRUE(Change(Small(), Patched(Small(), "spec: {environment: development}")).verdict.allowed);
}

TEST(Ratchet, NodesAreJudgedOnlyForRolesThatGrew) {
  ClusterView gone = GoodView();
  gone.nodes.clear();
  for (const char* name : {"a", "b", "c"}) {
    AddNode(gone, MakeNode({.name = name, .os = "Debian GNU/Linux 12 (bookworm)", .kernel = "6.1.0-25-amd64"}));
  }
  const auto before = Production();
  struct Case {
    const char* patch;
    bool denied;
  };
  const Case cases[] = {
      {"spec: {timezone: Asia/Tokyo}", false},
      {"spec: {worker: {storageSize: 600Gi}}", false},
      {"spec: {worker: {requests: {cpu: \"18\"}}}", false},                 // shrinks
      {"spec: {worker: {requests: {cpu: \"21\"}}}", true},
      {"spec: {worker: {replicas: 3}}", true},
      {"spec: {worker: {nodeSelector: {a: b}}}", false},                    // no candidates then: a warning
      {"spec: {worker: {tolerations: [{key: x, operator: Exists}]}}", true},
      {"spec: {master: {replicas: 5}}", true},
  };
  for (const Case& c : cases) {
    const Review review = Change(before, Patched(before, c.patch), gone);
    // The same shortage was there before: only what grew can be denied, and it is the shortfall that decides.
    const bool judged = std::any_of(review.report.findings.begin(), review.report.findings.end(),
                                    [](const Finding& f) { return f.rule == Rule::kNodesForRole; });
    EXPECT_EQ(judged, c.denied) << c.patch;
  }
  const Review more = Change(before, Patched(before, "spec: {worker: {replicas: 3}}"), gone);
  EXPECT_EQ(RulesOf(more.verdict.denials), Words({"NodesForRole"}));        // three instead of two find no place
  EXPECT_EQ(more.verdict.denials[0].role, Role::kWorker);
  const Review same = Change(before, Patched(before, "spec: {worker: {requests: {cpu: \"21\"}}}"), gone);
  EXPECT_TRUE(same.verdict.allowed);                                        // no worse than before
}

TEST(Ratchet, APodThatCannotBeMadeIsTheCallersProblemOnce) {
  const char* broken = "spec: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
                       "[{matchExpressions: [{key: a, operator: Near, values: [b]}]}]}}}}";
  const Review fresh = ReviewChange(fixtures::Cluster(Patched(Production(), broken)), nullptr, GoodView(), {});
  ASSERT_FALSE(fresh.problems.empty());
  EXPECT_NE(fresh.problems[0].message.find("no pod can be made of it"), std::string::npos);
  EXPECT_FALSE(Change(Production(), Patched(Production(), broken)).problems.empty());
  const auto before = Patched(Production(), broken);
  EXPECT_TRUE(Change(before, Patched(before, "spec: {timezone: Asia/Tokyo}")).problems.empty());
}

TEST(Ratchet, WhatWasAWarningAndBecomesADenialIsNew) {
  Report before;
  Finding finding;
  finding.rule = Rule::kWorkerDiskClass;
  finding.severity = Severity::kWarn;
  finding.shortfall = Shortfall::Count(1);
  before.findings = {finding};
  Report now;
  finding.severity = Severity::kDeny;
  now.findings = {finding};
  EXPECT_FALSE(Judge(now, &before).allowed);
  before.findings[0].severity = Severity::kDeny;
  EXPECT_TRUE(Judge(now, &before).allowed);
  now.findings[0].shortfall = Shortfall::Count(2);
  EXPECT_FALSE(Judge(now, &before).allowed);
  EXPECT_FALSE(Judge(now, nullptr).allowed);
}

TEST(Report, IsTheSameEachTimeAndMostSevereFirst) {
  const auto object = Patched(Small(), "spec: {master: {replicas: 2, config: \"zz = 1\\naa = 2\"}, upstreams: [{name: b}, {name: a}]}");
  const Report first = fixtures::Judged(object, GoodView());
  for (std::size_t i = 1; i < first.findings.size(); ++i) {
    const Finding &a = first.findings[i - 1], &b = first.findings[i];
    EXPECT_GE(a.severity, b.severity);
    EXPECT_TRUE(a.severity != b.severity || std::tie(a.rule, a.role, a.key) <= std::tie(b.rule, b.role, b.key));
  }
  for (int run = 0; run < 3; ++run) {
    const Report again = fixtures::Judged(object, GoodView());
    ASSERT_EQ(again.findings.size(), first.findings.size());
    for (std::size_t i = 0; i < first.findings.size(); ++i) EXPECT_EQ(LongText(again.findings[i]), LongText(first.findings[i]));
  }
  // The order of nodes and of upstreams in the input does not matter.
  ClusterView turned = GoodView();
  const auto reversed = Patched(object, "spec: {upstreams: [{name: a}, {name: b}]}");
  const Report other = fixtures::Judged(reversed, turned);
  ASSERT_EQ(other.findings.size(), first.findings.size());
  for (std::size_t i = 0; i < first.findings.size(); ++i) EXPECT_EQ(other.findings[i].field, first.findings[i].field);
}

}  // namespace
}  // namespace dm::requirements

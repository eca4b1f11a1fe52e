// TLS of a running cluster stays as it is.
#include <gtest/gtest.h>

#include "dm/requirements/evaluate.h"
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::FindRule;
using fixtures::GoodView;
using fixtures::Patched;
using fixtures::Production;
using Words = std::vector<std::string>;

TEST(TlsSwitch, IsRefusedOnceThereAreMembersAndIsACorrectionBefore) {
  enum class Behind { kNothing, kStatus, kMembers, kClaims, kWorkerClaims, kUnknown };
  struct Case {
    const char* before;
    const char* now;
    Behind behind;
    Words expected;
  };
  const char* on = "spec: {tlsCluster: {enabled: true}}";
  const char* off = "spec: {tlsCluster: {enabled: false}}";
  const char* absent = "spec: {tlsCluster: null}";
  const Case cases[] = {
      {off, on, Behind::kNothing, {}},           {on, off, Behind::kNothing, {}},
      {off, on, Behind::kStatus, {"TLSSwitch"}}, {on, off, Behind::kStatus, {"TLSSwitch"}},
      {absent, on, Behind::kStatus, {"TLSSwitch"}}, {on, absent, Behind::kStatus, {"TLSSwitch"}},
      {absent, off, Behind::kStatus, {}},        {on, on, Behind::kStatus, {}},
      {off, off, Behind::kStatus, {}},           {off, on, Behind::kMembers, {"TLSSwitch"}},
      {off, on, Behind::kClaims, {"TLSSwitch"}}, {off, on, Behind::kWorkerClaims, {}},
      {off, on, Behind::kUnknown, {}},
  };
  const ClusterView view = GoodView();
  for (const Case& c : cases) {
    base::Json before = Patched(Production(), c.before);
    const base::Json now = Patched(before, c.now);
    if (c.behind == Behind::kStatus) before["status"]["bootstrap"]["clusterID"] = "7710992709643874832";
    if (c.behind == Behind::kMembers) before["status"]["master"]["members"]["orders-dm-master-0"]["name"] = "orders-dm-master-0";
    LiveFacts live;
    live.known = c.behind != Behind::kUnknown;
    if (c.behind == Behind::kClaims) live.claims = {{Role::kMaster, "dm-master-0", {}, "fast"}};
    if (c.behind == Behind::kWorkerClaims) live.claims = {{Role::kWorker, "dm-worker-0", {}, "fast"}};
    const Subject old = MakeSubject(fixtures::Cluster(before), view, {}, live);
    const Report report = Evaluate(MakeSubject(fixtures::Cluster(now), view, {}, live), &old, view, {});
    EXPECT_EQ(fixtures::Names(report, Severity::kWarn), c.expected) << c.before << " → " << c.now << " " << static_cast<int>(c.behind);
    EXPECT_EQ(fixtures::WasNotChecked(report, "TLSSwitch"), c.behind == Behind::kUnknown);
    if (c.expected.empty()) continue;
    EXPECT_EQ(FindRule(report, "TLSSwitch")->field, "spec.tlsCluster.enabled");
    EXPECT_NE(FindRule(report, "TLSSwitch")->remedy.find("dmctl config export"), std::string::npos);
  }
}

TEST(TlsSwitch, IsNoQuestionOfANewObject) {
  const Report report = Evaluate(MakeSubject(fixtures::Cluster(Patched(Production(), "spec: {tlsCluster: {enabled: true}}")), GoodView(), {}, {}), nullptr, GoodView(), {});
  EXPECT_EQ(FindRule(report, "TLSSwitch"), nullptr);
}

TEST(DataDirSwitch, TheDataOfRunningMembersStaysWhereItIs) {
  struct Case {
    const char *before, *now;
    const char* field;               // null: no finding
    std::vector<LiveClaim> claims;
  };
  const LiveClaim master{Role::kMaster, "m", {}, std::nullopt}, worker{Role::kWorker, "w", {}, std::nullopt};
  const Case cases[] = {
      {"{}", "spec: {master: {dataSubDir: d}}", "spec.master.dataSubDir", {master}},
      {"spec: {master: {dataSubDir: d}}", "{}", "spec.master.dataSubDir", {master}},
      {"spec: {master: {dataSubDir: d}}", "spec: {master: {dataSubDir: d}}", nullptr, {master}},
      {"{}", "spec: {worker: {dataSubDir: d}}", "spec.worker.dataSubDir", {master, worker}},
      {"{}", "spec: {worker: {dataSubDir: d}}", nullptr, {master}},
      {"{}", "spec: {master: {dataSubDir: d}}", nullptr, {}},
  };
  const ClusterView view = GoodView();
  for (const Case& c : cases) {
    LiveFacts live;
    live.known = true;
    live.claims = c.claims;
    const Subject old = MakeSubject(fixtures::Cluster(Patched(Production(), c.before)), view, {}, live);
    const Report report = Evaluate(MakeSubject(fixtures::Cluster(Patched(Production(), c.now)), view, {}, live), &old, view, {});
    const Finding* finding = FindRule(report, "DataDirSwitch");
    EXPECT_EQ(finding == nullptr ? "" : finding->field, c.field == nullptr ? "" : c.field) << c.before << " -> " << c.now;
  }
}

TEST(Rollback, ToAVersionThatTheOperatorSaysStillRuns) {
  base::Json before = Production();
  const auto now = Patched(before, "spec: {version: v8.1.0}");
  const ClusterView view = GoodView();
  const auto names = [&] {
    const Subject old = MakeSubject(fixtures::Cluster(before), view, {}, {});
    return fixtures::Names(Evaluate(MakeSubject(fixtures::Cluster(now), view, {}, {}), &old, view, {}), Severity::kWarn);
  };
  EXPECT_EQ(names(), Words({"SupportedVersion"}));
  before["status"]["upgrade"]["masterVersions"] = {"v8.1.0", "v8.5.7"};
  EXPECT_EQ(names(), Words());
  before["status"]["upgrade"]["newVersionLed"] = true;
  EXPECT_EQ(names(), Words({"SupportedVersion"}));
  before["status"]["upgrade"] = {{"masterVersions", {"v8.5.7"}}};
  EXPECT_EQ(names(), Words({"SupportedVersion"}));
}

}  // namespace
}  // namespace dm::requirements

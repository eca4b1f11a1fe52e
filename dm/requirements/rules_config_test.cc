// DM's TOML, names, fields without effect, versions and what an update cannot do.
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

using fixtures::FindRule;
using fixtures::GoodView;
using fixtures::Judged;
using fixtures::Patched;
using fixtures::Production;
using Words = std::vector<std::string>;

Words OfConfig(const char* role, const std::string& toml, const char* version = "v8.5.7") {
  base::Json object = Production();
  object["spec"][role]["config"] = toml;
  object["spec"]["version"] = version;
  return fixtures::Names(Judged(object, GoodView()), Severity::kWarn);
}

TEST(Config, Table) {
  struct Case {
    const char* role;
    const char* toml;
    Words expected;
    const char* version = "v8.5.7";
  };
  const Case cases[] = {
      {"master", "", {}},
      {"master", "log-level = \"debug\"\nrpc-rate-limit = 10.0\nquota-backend-bytes = 4294967296", {}},
      {"master", "log-level = ", {"ConfigParses"}},
      {"master", "log-level", {"ConfigParses"}},
      {"master", "log-level = 3", {"ConfigParses"}},
      {"master", "rpc-rate-limit = 10", {}},                               // DM's reader takes a whole number for a float
      {"master", "rpc-rate-limit = \"10\"", {"ConfigParses"}},
      {"master", "log-levle = \"info\"", {"ConfigKnownKey"}},
      {"master", "[log]\nlevel = \"info\"", {"ConfigKnownKey"}},
      {"master", "keepalive-ttl = 60", {"ConfigKnownKey"}},                // a worker's
      {"worker", "keepalive-ttl = 60\nrelay-keepalive-ttl = 1800", {}},
      {"worker", "rpc-timeout = \"30s\"", {"ConfigKnownKey"}},             // a master's
      {"master", "secret-key-path = \"/k\"", {}},
      {"master", "secret-key-path = \"/k\"", {"ConfigKnownKey"}, "v7.5.1"},
      {"master", "brand-new = 1", {"ConfigKnownKey!warn"}, "v9.1.0"},      // keys we do not hold
      {"master", "brand-new = 1", {"SupportedVersion!warn", "ConfigKnownKey!warn"}, "nightly"},
      {"master", "openapi = false", {"ReservedConfig"}},
      {"master", "openapi = true", {"NoEffect!warn"}},
      {"master", "[experimental]\nopenapi = true", {"NoEffect!warn"}},     // v1's own manifests
      {"master", "[experimental]\nopenapi = false", {"ReservedConfig"}},
      {"master", "[experimental]", {}},
      {"master", "OpenAPI = true", {"NoEffect!warn"}},                     // DM's reader does not mind capitals
      {"master", "name = \"m\"", {"ReservedConfig"}},
      {"master", "name = \"\"", {"NoEffect!warn"}},
      {"master", "data-dir = \"/var/lib/dm-master\"", {"NoEffect!warn"}},
      {"master", "data-dir = \"/data\"", {"ReservedConfig"}},
      {"master", "master-addr = \":8261\"", {"NoEffect!warn"}},
      {"master", "master-addr = \"0.0.0.0:8261\"", {"NoEffect!warn"}},
      {"master", "master-addr = \"10.0.0.1:8261\"", {"ReservedConfig"}},
      {"master", "master-addr = \":18261\"", {"ReservedConfig"}},
      {"master", "peer-urls = \"http://0.0.0.0:8291\"", {"NoEffect!warn"}},
      {"master", "advertise-addr = \"a:8261\"", {"ReservedConfig"}},
      {"master", "advertise-peer-urls = \"http://a:8291\"", {"ReservedConfig"}},
      {"master", "initial-cluster = \"a=http://a:8291\"", {"ReservedConfig"}},
      {"master", "join = \"a:8261\"", {"ReservedConfig"}},
      {"master", "ssl-ca = \"/var/lib/dm-master-tls/ca.crt\"", {"ReservedConfig"}},
      {"master", "ssl-ca = \"/etc/ca.crt\"", {"ReservedConfig"}},
      {"master", "cert-allowed-cn = [\"dm\"]", {}},
      {"worker", "worker-addr = \":8262\"", {"NoEffect!warn"}},
      {"worker", "worker-addr = \":9999\"", {"ReservedConfig"}},
      {"worker", "relay-dir = \"/var/lib/dm-worker/relay\"", {}},
      {"worker", "relay-dir = \"/var/lib/dm-worker\"", {}},
      {"worker", "relay-dir = \"/var/lib/dm-worker2/relay\"", {"ReservedConfig"}},
      {"worker", "relay-dir = \"/var/lib/dm-worker/../x\"", {"ReservedConfig"}},
      {"worker", "relay-dir = \"/tmp/relay\"", {"ReservedConfig"}},
      {"worker", "relay-dir = \"relay\"", {}},                    // below the directory that it starts in, on the claim
      {"worker", "relay-dir = \"../../../tmp\"", {"ReservedConfig"}},
  };
  for (const Case& c : cases) EXPECT_EQ(OfConfig(c.role, c.toml, c.version), c.expected) << c.role << ": " << c.toml << " " << c.version;
}

TEST(Config, ObjectFormAndOwnVolumes) {
  const Report object = Judged(Patched(Production(), "spec: {master: {config: {rpc-rate-limit: 10, log-levl: info}}}"), GoodView());
  EXPECT_EQ(fixtures::Names(object, Severity::kWarn), Words({"ConfigKnownKey"}));
  EXPECT_EQ(FindRule(object, "ConfigKnownKey")->remedy, "did you mean log-level?");
  EXPECT_EQ(FindRule(object, "ConfigKnownKey")->key, "log-levl");
  const Report own = Judged(Patched(Production(), R"(
spec:
  worker:
    config: relay-dir = "/relay/log"
    additionalVolumes: [{name: relay, emptyDir: {}}]
    additionalVolumeMounts: [{name: relay, mountPath: /relay/}]
)"), GoodView());
  EXPECT_EQ(fixtures::Names(own, Severity::kWarn), Words());
}

TEST(Config, NamesOfCertificatesMustLetOursIn) {
  const auto judged = [](const char* tls, const char* names) {
    auto object = Patched(Production(), std::string("spec: {tlsCluster: ") + tls + "}");
    object["spec"]["master"]["config"] = std::string("cert-allowed-cn = ") + names;
    return Judged(object, GoodView());
  };
  const char* const issued = "{enabled: true, issuer: {selfSigned: {}}}";
  const Report shut = judged(issued, R"(["dm-master", "TiDB"])");
  ASSERT_EQ(fixtures::Names(shut, Severity::kWarn), Words({"ReservedConfig"}));
  EXPECT_EQ(FindRule(shut, "ReservedConfig")->remedy, R"(write ["TiDB"], or remove it from config)");
  EXPECT_EQ(fixtures::Names(judged(issued, R"(["TiDB"])"), Severity::kWarn), Words());
  EXPECT_EQ(fixtures::Names(judged("{enabled: true}", R"(["dm-master"])"), Severity::kWarn), Words());   // of the user's own making
}

TEST(Config, FilesOfTlsAreLookedForWhetherItIsOnOrNot) {
  const auto judged = [](const char* tls, const char* path) {
    return Judged(Patched(Production(), std::string("spec: {tlsCluster: {enabled: ") + tls + "}, worker: {config: 'ssl-ca = \"" + path + "\"'}}"), GoodView());
  };
  const Report off = judged("false", "/var/lib/dm-worker-tls/ca.crt");
  EXPECT_EQ(fixtures::Names(off, Severity::kWarn), Words({"ReservedConfig"}));
  EXPECT_NE(FindRule(off, "ReservedConfig")->message.find("TLS between the members is off"), std::string::npos);
  EXPECT_EQ(fixtures::Names(judged("true", "/var/lib/dm-worker-tls/ca.crt"), Severity::kWarn), Words({"NoEffect!warn"}));
  EXPECT_EQ(fixtures::Names(judged("true", "/etc/ca.crt"), Severity::kWarn), Words({"ReservedConfig"}));
}

TEST(Names, LengthsOfWhatIsDerived) {
  const auto named = [](std::size_t length) {
    base::Json object = Production();
    object["metadata"]["name"] = std::string(length, 'a');
    return Judged(object, GoodView());
  };
  EXPECT_EQ(fixtures::Names(named(42), Severity::kWarn), Words());        // 42 + "-dm-master" = 52, and a hash of 10 behind it
  const Report report = named(43);
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words({"NameLength"}));
  EXPECT_EQ(FindRule(report, "NameLength")->required, "at most 42 characters");
  base::Json monitored = Patched(Production(), "spec: {monitor: {external: null, replicas: 1, requests: {cpu: \"8\", memory: 16Gi}, storageSize: 200Gi, storageClassName: fast}}");
  monitored["metadata"]["name"] = std::string(42, 'a');
  EXPECT_EQ(fixtures::Names(Judged(monitored, GoodView()), Severity::kWarn), Words({"NameLength"}));    // "-dm-monitor" is longer
}

TEST(NoEffect, FieldsOfV1ThatNothingHonours) {
  struct Case {
    const char* patch;
    const char* field;
  };
  const Case cases[] = {
      {"spec: {discovery: {requests: {cpu: 1}}}", "spec.discovery"},
      {"spec: {master: {image: x}}", "spec.master.image"},
      {"spec: {master: {startUpScriptVersion: v1}}", "spec.master.startUpScriptVersion"},
      {"spec: {enablePVReclaim: true}", "spec.enablePVReclaim"},
      {"spec: {worker: {recoverFailover: true}}", "spec.worker.recoverFailover"},
      {"spec: {worker: {failover: {recoverByUID: x}}}", "spec.worker.failover"},
      {"spec: {worker: {maxFailoverCount: 5}}", "spec.worker.maxFailoverCount"},
      {"spec: {tlsCluster: {enabled: true, enableDiscoveryMTLS: true}}", "spec.tlsCluster.enableDiscoveryMTLS"},
      {"spec: {podManagementPolicy: OrderedReady}", "spec.podManagementPolicy"},
      {"spec: {master: {podManagementPolicy: OrderedReady}}", "spec.master.podManagementPolicy"},
  };
  for (const Case& c : cases) {
    const Report report = Judged(Patched(Production(), c.patch), GoodView());
    EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words({"NoEffect!warn"})) << c.patch;
    const Finding* finding = FindRule(report, "NoEffect");
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->field, c.field);
  }
  // What v1 writes by itself, and what says nothing, is no reason to warn.
  const char* quiet = "spec: {discovery: {}, enablePVReclaim: false, worker: {maxFailoverCount: 3, recoverFailover: false, podManagementPolicy: OrderedReady}}";
  EXPECT_EQ(fixtures::Names(Judged(Patched(Production(), quiet), GoodView()), Severity::kWarn), Words());
}

TEST(Environment, AskingForLessThanThePin) {
  const Policy pinned = *ParsePolicy("namespaces: [{selector: {}, environment: production}]");
  const Report report = Judged(Patched(Production(), "spec: {environment: development}"), GoodView(), pinned);
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words({"EnvironmentTooLax!warn"}));
  EXPECT_EQ(report.effective.environment, Environment::kProduction);
}

TEST(Version, Table) {
  struct Case {
    const char* tag;
    Words expected;
  };
  const Case cases[] = {
      {"v8.5.7", {}}, {"8.5.7", {}}, {"v6.1.0", {}}, {"v6.0.9", {"SupportedVersion"}}, {"v5.4.0", {"SupportedVersion"}},
      {"v2.0.7", {"SupportedVersion"}}, {"latest", {"SupportedVersion!warn"}}, {"v8.5.3-20251013-2c9a781", {}}, {"v10.0.0", {}},
      {"v5.4", {"SupportedVersion"}}, {"v6.1", {"SupportedVersion!warn"}}, {"v8.5", {"SupportedVersion!warn"}}, {"5", {"SupportedVersion!warn"}},
  };
  for (const Case& c : cases) {
    base::Json object = Production();
    object["spec"]["version"] = c.tag;
    EXPECT_EQ(fixtures::Names(Judged(object, GoodView()), Severity::kWarn), c.expected) << c.tag;
  }
  const Report none = Judged(Patched(Production(), "spec: {version: null}"), GoodView());
  EXPECT_EQ(fixtures::Names(none, Severity::kWarn), Words({"SupportedVersion!warn"}));
  EXPECT_EQ(FindRule(none, "SupportedVersion")->shape, Shape::kRequired);
  const Report worker = Judged(Patched(Production(), "spec: {worker: {version: v5.4.0}}"), GoodView());
  EXPECT_EQ(FindRule(worker, "SupportedVersion")->field, "spec.worker.version");
}

Report Change(const base::Json& before, const base::Json& now, const LiveFacts& live = {}) {
  const ClusterView view = GoodView();
  const Subject old = MakeSubject(fixtures::Cluster(before), view, {}, live);
  return Evaluate(MakeSubject(fixtures::Cluster(now), view, {}, live), &old, view, {});
}

TEST(Version, GoingBackIsARollbackOnlyUntilTheNewerOneHasLed) {
  base::Json before = Production();
  const auto now = Patched(before, "spec: {version: v8.1.0}");
  EXPECT_EQ(fixtures::Names(Change(before, now), Severity::kWarn), Words({"SupportedVersion"}));
  before["status"]["upgrade"]["masterVersions"] = {"v8.5.7", "v8.1.0"};
  EXPECT_EQ(fixtures::Names(Change(before, now), Severity::kWarn), Words());
  before["status"]["upgrade"]["newVersionLed"] = true;
  EXPECT_EQ(fixtures::Names(Change(before, now), Severity::kWarn), Words({"SupportedVersion"}));
  before["status"]["upgrade"]["newVersionLed"] = false;
  before["status"]["upgrade"]["masterVersions"] = {"v8.5.7"};
  EXPECT_EQ(fixtures::Names(Change(before, now), Severity::kWarn), Words({"SupportedVersion"}));
  before["status"]["master"]["image"] = "localhost:5000/pingcap/dm:v8.1.0";
  EXPECT_EQ(fixtures::Names(Change(before, now), Severity::kWarn), Words());
  EXPECT_EQ(fixtures::Names(Change(before, Patched(before, "spec: {version: v8.5.8}")), Severity::kWarn), Words());
  before["status"]["master"]["image"] = "localhost:5000/pingcap/dm:v8.1";   // a series that no release is named of
  EXPECT_EQ(fixtures::Names(Change(before, Patched(before, "spec: {version: v8.1}")), Severity::kWarn), Words({"SupportedVersion!warn"}));
}

TEST(Version, WhatIsAndIsNoWayBack) {
  const std::tuple<const char*, const char*, Words> cases[] = {
      {"v8.5.7", "v8.5.7-hotfix1", {}},   {"v8.5.7-20240101", "v8.5.7", {}},  {"v9.0.0-rc.9", "v9.0.0-rc.10", {}},
      {"v9.0.0", "v9.0.0-rc.10", {"SupportedVersion"}}, {"v8.5.7", "v8.1", {"SupportedVersion"}}, {"v8.5.7", "v8.5", {"SupportedVersion!warn"}},
      {"v8.5.7", "v9.1", {"SupportedVersion!warn"}},
  };
  for (const auto& [from, to, expected] : cases) {
    auto before = Production(), now = Production();
    before["spec"]["version"] = from;
    now["spec"]["version"] = to;
    EXPECT_EQ(fixtures::Names(Change(before, now), Severity::kWarn), expected) << from << " " << to;
  }
}

// What the other role runs says nothing of the way back.
TEST(Version, EachRoleGoesBackToWhatItRunsItself) {
  const auto apart = Patched(Production(), "{spec: {version: v8.5.7, worker: {version: v8.1.0}}, status: {master: {image: 'dm:v8.5.7'}, worker: {image: 'dm:v8.1.0'}}}");
  const auto masters = Change(apart, Patched(apart, "spec: {version: v8.1.0}"));
  ASSERT_EQ(fixtures::Names(masters, Severity::kWarn), Words({"SupportedVersion"}));
  EXPECT_EQ(FindRule(masters, "SupportedVersion")->field, "spec.version");
  // A mistyped version of the workers alone: masters of the version before lead, which is no reason against going back.
  const auto typed = Patched(Production(), "{spec: {version: v8.5.7, worker: {version: v8.5.77}}, status: {worker: {image: 'dm:v8.5.77'}, upgrade: "
                                           "{newVersionLed: true, workerVersions: [v8.5.7], masterVersions: [v8.5.7]}}}");
  EXPECT_EQ(fixtures::Names(Change(typed, Patched(typed, "spec: {worker: {version: v8.5.7}}")), Severity::kWarn), Words());
}

TEST(Version, ASingleMasterThatHangsIsTakenBack) {
  auto hangs = Patched(Production(), "{spec: {version: v8.5.77}, status: {upgrade: {component: dm-worker, newVersionLed: false, masterVersions: [v8.5.77], "
                                     "workerVersions: [v8.5.7], runningVersions: [v8.5.7, v8.5.77]}}}");
  const auto back = Patched(hangs, "spec: {version: v8.5.7}");
  EXPECT_EQ(fixtures::Names(Change(hangs, back), Severity::kWarn), Words());
  hangs["status"]["upgrade"]["newVersionLed"] = true;
  EXPECT_EQ(fixtures::Names(Change(hangs, back), Severity::kWarn), Words({"SupportedVersion"}));
}

// That the other role was too old before is no leave for this one.
TEST(Version, ARoleThatWasWellDoesNotBecomeTooOld) {
  const auto apart = Patched(Production(), "spec: {version: v5.4.0, worker: {version: v8.5.7}}");
  for (const char* patch : {"spec: {worker: {version: null}}", "spec: {worker: {version: v5.4.0}}", "spec: {version: v8.5.7, worker: {version: v5.4.0}}"}) {
    const ClusterView view = GoodView();
    const DMCluster stored = fixtures::Cluster(apart);
    EXPECT_FALSE(ReviewChange(fixtures::Cluster(Patched(apart, patch)), &stored, view, {}).verdict.allowed) << patch;
  }
}

TEST(Version, WorkersAreJudgedWhereTheyTakeTheClustersVersion) {
  const auto apart = Patched(Production(), "spec: {version: v8.5.0, worker: {version: v8.5.7}}");
  const auto joined = Change(apart, Patched(apart, "spec: {worker: {version: null}}"));
  ASSERT_EQ(fixtures::Names(joined, Severity::kWarn), Words({"SupportedVersion"}));
  EXPECT_EQ(FindRule(joined, "SupportedVersion")->role, Role::kWorker);
  // One that was too old before may be bettered one role after the other.
  const auto old = Patched(Production(), "spec: {version: v5.4.0}");
  for (const char* patch : {"spec: {master: {version: v6.1.0}}", "spec: {worker: {version: v6.1.0}}", "spec: {master: {version: v6.1.0}, worker: {version: v5.4.0}}"}) {
    const ClusterView view = GoodView();
    const DMCluster stored = fixtures::Cluster(old);
    EXPECT_TRUE(ReviewChange(fixtures::Cluster(Patched(old, patch)), &stored, view, {}).verdict.allowed) << patch;
  }
}

// Drivers round up, and a request that was never carried out may be taken back.
TEST(Claims, AreAsLargeAsWasAskedForAndIsThere) {
  const auto size = [](const char* request, const char* capacity) {
    return ReadLiveClaim({{"metadata", {{"name", "c"}}},
                          {"spec", {{"storageClassName", "fast"}, {"resources", {{"requests", {{"storage", request}}}}}}},
                          {"status", {{"capacity", {{"storage", capacity}}}}}}, Role::kWorker).capacity.ToString();
  };
  EXPECT_EQ(size("200G", "187Gi"), "200G");
  EXPECT_EQ(size("300Gi", "200Gi"), "200Gi");
  EXPECT_TRUE(ReadLiveClaim({{"metadata", {{"name", "c"}}}, {"spec", {{"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}, Role::kWorker).capacity.IsZero());
}

TEST(Claims, CannotShrinkNorChangeTheirClass) {
  LiveFacts live;
  live.known = true;
  live.claims = {{Role::kWorker, "dm-worker-0", *kube::api::Quantity::Parse("500Gi"), "fast"},
                 {Role::kWorker, "dm-worker-1", *kube::api::Quantity::Parse("800Gi"), "fast"},
                 {Role::kMaster, "dm-master-0", {}, std::nullopt}};                       // never provisioned
  const auto before = Production();
  const auto judged = [&](const char* patch) { return Change(before, Patched(before, patch), live); };
  const Report same = judged("spec: {worker: {replicas: 3}}");
  EXPECT_EQ(fixtures::Names(same, Severity::kWarn), Words({"StorageShrink"}));            // one has 800Gi already
  EXPECT_EQ(FindRule(same, "StorageShrink")->subjects, Words({"dm-worker-1"}));
  EXPECT_EQ(fixtures::Names(judged("spec: {worker: {storageSize: 800Gi}}"), Severity::kWarn), Words());
  EXPECT_EQ(fixtures::Names(judged("spec: {worker: {storageSize: 799Gi}}"), Severity::kWarn), Words({"StorageShrink"}));
  EXPECT_EQ(fixtures::Names(judged("spec: {worker: {storageSize: 1Ti}, master: {storageSize: 200Gi}}"), Severity::kWarn), Words());
  EXPECT_EQ(fixtures::Names(judged("spec: {worker: {storageSize: 1Ti, storageClassName: null}}"), Severity::kWarn),
            Words({"StorageClassExists"}));                                               // no default; the claims keep theirs
  live.claims = {{Role::kMaster, "dm-master-0", *kube::api::Quantity::Parse("300Gi"), "old"}};
  EXPECT_EQ(fixtures::Names(judged("spec: {master: {storageSize: 400Gi}}"), Severity::kWarn), Words({"StorageClassChange"}));
}

TEST(Claims, WithoutThemTheOldSpecIsAHint) {
  const auto before = Production();
  const Report report = Change(before, Patched(before, "spec: {worker: {storageSize: 400Gi}}"));
  EXPECT_EQ(fixtures::Names(report, Severity::kWarn), Words({"StorageShrink!warn"}));
  EXPECT_TRUE(fixtures::WasNotChecked(report, "StorageShrink"));
  EXPECT_TRUE(fixtures::WasNotChecked(report, "StorageClassChange"));
  EXPECT_TRUE(fixtures::WasNotChecked(report, "UpstreamUndeclared"));
  // A manifest that was never applied has no claims to ask about.
  const Report fresh = Judged(before, GoodView());
  EXPECT_FALSE(fixtures::WasNotChecked(fresh, "StorageShrink"));
}

}  // namespace
}  // namespace dm::requirements

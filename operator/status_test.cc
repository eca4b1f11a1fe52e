#include "operator/status.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/yaml.h"
#include "operator/lifecycle/testing/world.h"

namespace dm::op {
namespace {

using base::Json;
using lifecycle::testing::World;

Json StatusOf(const World& w, const lifecycle::Observed& seen) {
  const auto plan = lifecycle::MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}});
  return BuildStatus({w.want, seen, plan, {}, "production", base::WallTime(std::chrono::seconds(w.now))});
}

std::string ConditionOf(const Json& status, const std::string& type) {
  const auto conditions = kube::api::ParseConditions(base::Find(status, "conditions"));
  const auto* found = kube::api::FindCondition(conditions, type);
  return found ? found->status + "/" + found->reason : "";
}

TEST(Status, SaysWhatIsWrongTheGravestFirst) {
  struct Case {
    const char* what;
    std::function<void(World&)> harm;
    std::string ready, available, degraded;
  };
  const Case cases[] = {
      {"nothing", [](World&) {}, "True/Ready", "True/Available", "False/Healthy"},
      {"a master is down", [](World& w) { w.Hold("a-dm-master-1", true); w.KillPod("a-dm-master-1"); w.Tick(); }, "False/MastersNotReady", "True/Available", "True/QuorumAtRisk"},
      {"a worker is down", [](World& w) { w.Hold("a-dm-worker-0", true); w.KillPod("a-dm-worker-0"); w.Tick(); }, "False/WorkersNotReady", "True/Available", "True/WorkerOffline"},
      {"members are silent", [](World& w) { w.members_unknown = true; }, "False/MembersNotReady", "Unknown/MembersUnknown", "True/MembersUnknown"},
      {"suspended", [](World& w) { w.want.master.suspended = w.want.worker.suspended = true; w.Run(5); }, "False/Suspended", "False/NoMaster", "False/Healthy"},
      {"rolling", [](World& w) { w.SetImage("dm:2"); w.Run(2); }, "False/Progressing", "True/Available", "False/Healthy"},
  };
  for (const Case& c : cases) {
    World w(3, 2);
    w.Run(30);
    c.harm(w);
    const Json status = StatusOf(w, w.See());
    EXPECT_EQ(ConditionOf(status, "Ready"), c.ready) << c.what << status["conditions"];
    EXPECT_EQ(ConditionOf(status, "Available"), c.available) << c.what;
    EXPECT_EQ(ConditionOf(status, "Degraded"), c.degraded) << c.what;
  }
}

void WithMonitor(lifecycle::Observed& seen) {
  auto& set = seen.children["StatefulSet/a-dm-monitor"];
  set.meta.name = "a-dm-monitor";
  set.object = {{"kind", "StatefulSet"}, {"metadata", {{"name", "a-dm-monitor"}}}};
  auto& pod = seen.monitor.pods[0];
  pod.meta.name = "a-dm-monitor-0";
  pod.image = "prom/prometheus:v3.5.0";
  pod.ready = true;
}

TEST(Status, ShowsTheMonitorWhereThereIsOne) {
  World w(1, 1);
  w.Run(20);
  auto seen = w.See();
  EXPECT_FALSE(StatusOf(w, seen).contains("monitor"));
  WithMonitor(seen);
  EXPECT_EQ(StatusOf(w, seen)["monitor"], (Json{{"image", "prom/prometheus:v3.5.0"}, {"replicas", 1}, {"readyReplicas", 1}}));
  seen.monitor.pods.at(0).ready = false;
  EXPECT_EQ(StatusOf(w, seen)["monitor"]["readyReplicas"], 0);
}

TEST(Status, AMonitorThatDoesNotRunIsSaidAndIsNoFaultOfTheCluster) {
  World w(1, 1);
  w.Run(20);
  auto seen = w.See();
  EXPECT_EQ(ConditionOf(StatusOf(w, seen), "MonitorReady"), "") << "none is wanted";
  w.want.monitor.emplace();
  EXPECT_EQ(ConditionOf(StatusOf(w, seen), "MonitorReady"), "False/MonitorNotReady");
  WithMonitor(seen);
  EXPECT_EQ(ConditionOf(StatusOf(w, seen), "MonitorReady"), "True/MonitorReady");
  auto& pod = seen.monitor.pods.at(0);
  pod.ready = false;
  pod.scheduled = true;
  pod.waiting_reason = "ImagePullBackOff";
  const Json status = StatusOf(w, seen);
  EXPECT_EQ(ConditionOf(status, "MonitorReady"), "False/MonitorNotReady");
  EXPECT_NE(status["conditions"].dump().find("a-dm-monitor-0 waits: ImagePullBackOff"), std::string::npos) << status["conditions"];
  EXPECT_EQ(ConditionOf(status, "Ready"), "True/Ready");
  w.want.worker.suspended = true;
  EXPECT_EQ(ConditionOf(StatusOf(w, seen), "MonitorReady"), "False/MonitorNotReady") << "which nothing suspends";
  w.want.monitor->external = true;
  EXPECT_EQ(ConditionOf(StatusOf(w, seen), "MonitorReady"), "");
}

TEST(Status, LongMessagesAreCut) {
  World w(1, 1);
  w.Run(20);
  auto plan = lifecycle::MakePlan(w.want, w.Render(), w.See(), {base::TimePoint(std::chrono::seconds(w.now)), {}});
  kube::api::Condition storage;
  storage.type = "StorageAsWanted";
  storage.status = "False";
  storage.message = std::string(100'000, 'x');
  plan.conditions.push_back(storage);
  const Json status = BuildStatus({w.want, w.See(), plan, {}, "production", base::WallTime(std::chrono::seconds(w.now))});
  EXPECT_LT(status["conditions"].dump().size(), 10'000u) << "the schema takes 32768";
}

TEST(Status, OnlyTheRoleThatIsSuspendedSaysSo) {
  World w(3, 2);
  w.Run(30);
  w.want.worker.suspended = true;
  w.Run(5);
  const Json status = StatusOf(w, w.See());
  EXPECT_EQ(status["worker"]["phase"], "Suspend");
  EXPECT_EQ(status["master"]["phase"], "Normal");
}

// TiDB Operator 1.x's conditions have fields that ours lack, and may lack the time that ours must have: they stay to the letter.
TEST(Status, AnotherOperatorsConditionsStayAsTheyAre) {
  World w(3, 1);
  const Json theirs = Json::parse(R"({"type":"Ready","status":"True","reason":"Ready","lastUpdateTime":"2026-01-01T00:00:00Z"})");
  w.want.status = {{"master", {{"phase", "Normal"}}}, {"conditions", Json::array({theirs})}};
  lifecycle::Plan plan;
  plan.hands_off = true;
  kube::api::Condition adopted;
  adopted.type = "Adopted", adopted.status = "False", adopted.reason = "ForeignCluster";
  plan.conditions = {adopted};
  const auto seen = w.See();
  const auto build = [&](int later) {
    return BuildStatus({w.want, seen, plan, {}, "production", base::WallTime(std::chrono::seconds(w.now + later))});
  };
  const Json status = build(0);
  ASSERT_EQ(status["conditions"].size(), 2u) << status;
  EXPECT_EQ(status["conditions"][0], theirs);
  EXPECT_EQ(status["conditions"][1]["type"], "Adopted");
  EXPECT_NE(status["conditions"][1]["lastTransitionTime"], "");
  EXPECT_EQ(MergeDiff(w.want.status, status).size(), 1u);
  w.want.status = status;
  EXPECT_EQ(MergeDiff(status, build(60)), Json::object());
}

TEST(Status, ATransitionTimeMovesOnlyWithItsStatus) {
  World w(3, 1);
  w.Run(30);
  w.want.status = StatusOf(w, w.See());
  const Json before = w.want.status;
  w.now += 100;
  auto seen = w.See();
  for (auto& [name, since] : seen.members.healthy_since) since += std::chrono::seconds(100);
  EXPECT_EQ(MergeDiff(before, StatusOf(w, seen)), Json::object());
  w.members_unknown = true;
  const Json after = StatusOf(w, w.See());
  const auto old_conditions = kube::api::ParseConditions(base::Find(before, "conditions"));
  for (const auto& condition : kube::api::ParseConditions(base::Find(after, "conditions"))) {
    const auto* old = kube::api::FindCondition(old_conditions, condition.type);
    ASSERT_NE(old, nullptr) << condition.type;
    EXPECT_EQ(old->status == condition.status, old->last_transition_time == condition.last_transition_time) << condition.type;
  }
}

TEST(Status, AReadingThatIsNotCurrentChangesNothing) {
  World w(3, 1);
  w.Run(30);
  auto seen = w.See();
  w.want.status = StatusOf(w, seen);
  seen.members.current = false;
  EXPECT_EQ(MergeDiff(w.want.status, StatusOf(w, seen)), Json::object());
}

// A field that the schema does not know is dropped by the API server, and would be written again for ever.
void ExpectInSchema(const Json& value, const Json& schema, const std::string& path) {
  if (base::GetBoolOr(schema, "x-kubernetes-preserve-unknown-fields", false)) return;
  if (value.is_array()) {
    for (const Json& item : value) ExpectInSchema(item, schema["items"], path + "[]");
  }
  if (!value.is_object()) return;
  for (const auto& [key, inner] : value.items()) {
    const Json* properties = base::Find(schema, "properties");
    const Json* known = properties ? base::Find(*properties, key) : nullptr;
    if (!known) known = base::Find(schema, "additionalProperties");
    ASSERT_NE(known, nullptr) << path << "." << key << " is not in the schema";
    ExpectInSchema(inner, *known, path + "." + key);
  }
}

TEST(Status, EveryFieldIsInTheSchema) {
  World w(3, 2);
  w.Run(30);
  w.dm.Load("a-dm-worker-1", true);
  w.want.master.replicas = 2;
  auto seen = w.See();
  seen.members.sources = members::Known<std::vector<members::Source>>::Of({{"s", "a-dm-worker-1", true, {}}});
  WithMonitor(seen);
  auto plan = w.Plan();
  plan.intents.push_back({"EvictLeader", "a-dm-master-2", "uid"});
  plan.transfers.push_back({"s", "a-dm-worker-1", "a-dm-worker-0", {"t"}, "2026-11-24T20:00:00Z"});
  const Json status = BuildStatus({w.want, seen, plan, {}, "production", {}});
  ASSERT_TRUE(status.contains("intents") && status.contains("sources") && status.contains("bootstrap") && status.contains("monitor"));
  const auto text = base::ReadFile(DM_SOURCE_DIR "/crds/pingcap.com_dmclusters.yaml");
  ASSERT_TRUE(text);
  const auto crd = base::ParseYaml(*text);
  ASSERT_TRUE(crd) << crd.error().ToString();
  ExpectInSchema(status, crd->front().value["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"], "status");
}

TEST(MergeDiff, TurnsOneIntoTheOther) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", R"({})"},
      {R"({"a":1,"b":{"c":2,"d":3}})", R"({"a":1,"b":{"c":2}})"},
      {R"({"a":[1,2]})", R"({"a":[2]})"},
      {R"({"a":{"b":1}})", R"({"a":7})"},
      {R"({"a":7})", R"({"a":{"b":{"c":1}},"d":false})"},
  };
  for (const auto& [before, after] : cases) {
    Json patched = Json::parse(before);
    const Json diff = MergeDiff(patched, Json::parse(after));
    patched.merge_patch(diff);
    EXPECT_EQ(patched, Json::parse(after)) << before << " → " << diff;
    EXPECT_EQ(MergeDiff(Json::parse(after), Json::parse(after)), Json::object());
  }
}

}  // namespace
}  // namespace dm::op

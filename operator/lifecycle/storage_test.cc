// Claims that grow, stay and go; StatefulSets that are made anew around their pods; and TLS that is not switched.
#include <set>

#include "operator/lifecycle/steps.h"
#include "operator/lifecycle/testing/expect.h"

namespace dm::op::lifecycle {
namespace {

using namespace testing;
using kube::api::Quantity;

World Settled(int masters, int workers) {
  World w(masters, workers);
  w.Run(30);
  EXPECT_TRUE(w.Plan().Settled());
  return w;
}

std::map<std::string, std::string> PodUids(const World& w) {
  std::map<std::string, std::string> uids;
  for (const auto& [name, pod] : w.pods()) uids[name] = pod.meta.uid;
  return uids;
}

std::string TemplateSize(World& w, const std::string& set) {
  return base::GetStringOr(*base::FindPath((*w.Object("StatefulSet", set))["spec"]["volumeClaimTemplates"][0], {"spec", "resources", "requests"}), "storage");
}

TEST(Growth, IsInPlaceAndTheSetsAreMadeAnewAroundTheirPods) {
  World w = Settled(3, 2);
  const auto before = PodUids(w);
  w.want.master.storage_size = Quantity::FromUnits(100);
  w.want.worker.storage_size = Quantity::FromUnits(50);
  Plan plan = w.Plan();
  EXPECT_TRUE(Has(plan, "ResizeClaim dm-master-a-dm-master-2 to 100"));
  EXPECT_TRUE(Has(plan, "ResizeClaim dm-worker-a-dm-worker-0 to 50"));
  EXPECT_FALSE(Has(plan, "Delete StatefulSet/a-dm-master"));   // the claims first
  EXPECT_EQ(ConditionOf(plan, "StorageAsWanted"), "False/Growing");
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(PodUids(w), before);
  EXPECT_EQ(TemplateSize(w, "a-dm-master"), "100");
  EXPECT_EQ(TemplateSize(w, "a-dm-worker"), "50");
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_EQ(ConditionOf(w.Plan(), "StorageAsWanted"), "");
  w.want.worker.replicas = 3;   // a new pod has the new size at once
  w.Run(10);
  EXPECT_EQ(w.claims().at("dm-worker-a-dm-worker-2").request, Quantity::FromUnits(50));
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Growth, AClassThatDoesNotAllowItIsAFindingAndHoldsUpNothing) {
  World w = Settled(1, 1);
  w.expandable.clear();
  w.want.worker.storage_size = Quantity::FromUnits(100);
  const Plan plan = w.Plan();
  EXPECT_EQ(ConditionOf(plan, "StorageAsWanted"), "False/CannotExpand");
  EXPECT_TRUE(plan.Settled()) << Does(plan).at(0);
  w.want.worker.replicas = 2;
  w.Run(20);
  ExpectClean(w);
  EXPECT_TRUE(w.Ready("a-dm-worker-1"));
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Growth, ShrinkingIsAFindingAndHoldsUpNothing) {
  World w = Settled(1, 1);
  w.want.worker.storage_size = Quantity::FromUnits(5);
  EXPECT_EQ(ConditionOf(w.Plan(), "StorageAsWanted"), "False/CannotShrink");
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Growth, ADriverThatRoundsUpHasGivenWhatWasAskedFor) {
  World w = Settled(1, 1);
  w.want.worker.storage_size = w.claims().at("dm-worker-a-dm-worker-0").request;
  w.claims().at("dm-worker-a-dm-worker-0").capacity = *w.want.worker.storage_size + Quantity::FromUnits(1);
  EXPECT_EQ(ConditionOf(w.Plan(), "StorageAsWanted"), "");
}

TEST(Growth, SurvivesItsOperator) {
  for (std::size_t count = 0; count < 5; ++count) {
    World w = Settled(3, 2);
    const auto before = PodUids(w);
    w.want.master.storage_size = w.want.worker.storage_size = Quantity::FromUnits(100);
    for (int second = 0; second < 60; ++second) {
      const Plan plan = w.Plan();
      w.Execute(plan, second % 2 == 0 ? std::min(count, plan.actions.size()) : SIZE_MAX);
      w.Tick();
    }
    ExpectClean(w);
    EXPECT_EQ(PodUids(w), before);
    EXPECT_EQ(TemplateSize(w, "a-dm-master"), "100");
    EXPECT_TRUE(w.Plan().Settled());
  }
}

// Disks whose file system grows only when it is mounted.
World Offline() {
  World w = Settled(3, 2);
  w.grows_in_use = false;
  w.want.master.storage_size = w.want.worker.storage_size = Quantity::FromUnits(100);
  w.Run(10);
  return w;
}

TEST(Growth, OfADiskThatIsNotGrownInUseReplacesItsPodOnceWhenItHasWaited) {
  World w = Offline();
  const auto before = PodUids(w);
  for (const auto& [name, claim] : w.claims()) {
    EXPECT_EQ(claim.request, Quantity::FromUnits(100)) << name;
    EXPECT_EQ(claim.capacity, Quantity::FromUnits(10)) << name;
  }
  const Plan plan = w.Plan();
  EXPECT_TRUE(plan.Settled());                                      // a kubelet may still do it
  EXPECT_EQ(ConditionOf(plan, "StorageAsWanted"), "False/Growing");
  ASSERT_TRUE(plan.look_again);
  EXPECT_LE(*plan.look_again, kGrowsInUse - std::chrono::seconds(5));
  w.now += 580;
  w.Run(5);
  EXPECT_EQ(PodUids(w), before);
  std::set<std::string> told;
  for (int second = 0; second < 60; ++second) {
    w.Run(1);
    for (const auto& wait : w.Plan().waits) {
      const auto from = wait.message.find('('), to = wait.message.find(')');
      if (wait.reason == "Rolling") told.insert(wait.message.substr(from + 1, to - from - 1));
    }
  }
  EXPECT_TRUE(told.contains("3 DM-master pods have disks that grow only when they are mounted anew"));
  EXPECT_TRUE(told.contains("2 DM-worker pods have disks that grow only when they are mounted anew"));
  ExpectClean(w);                                                   // one at a time, the leader after an eviction, never without a majority
  EXPECT_TRUE(w.Plan().Settled());
  EXPECT_EQ(ConditionOf(w.Plan(), "StorageAsWanted"), "");
  const auto now = PodUids(w);
  for (const auto& [name, uid] : before) EXPECT_NE(now.at(name), uid) << name;
  for (const auto& [name, claim] : w.claims()) EXPECT_EQ(claim.capacity, Quantity::FromUnits(100)) << name;
  w.now += 1300;
  w.Run(5);
  EXPECT_EQ(PodUids(w), now);                                       // once
}

TEST(Growth, ThatAPodMadeAnewDoesNotBringEitherIsNotTriedAgain) {
  World w = Offline();
  w.now += 590;
  w.Run(60);
  const auto now = PodUids(w);
  for (auto& [name, claim] : w.claims()) {                          // as before it was replaced
    claim.capacity = Quantity::FromUnits(10);
    claim.resizing = "FileSystemResizePending";
    claim.file_system_since = base::FormatRfc3339(base::WallTime(std::chrono::seconds(1'700'000'000 + 1040)));
  }
  w.now += 1300;
  w.Run(5);
  EXPECT_EQ(PodUids(w), now);
  EXPECT_EQ(ConditionOf(w.Plan(), "StorageAsWanted"), "False/Growing");
}

TEST(Growth, OfAWorkersDiskWaitsWhileItLoads) {
  World w = Settled(1, 2);
  w.grows_in_use = false;
  w.dm.Load("a-dm-worker-1", true);
  w.want.worker.storage_size = Quantity::FromUnits(100);
  w.Run(10);
  const auto before = PodUids(w);
  w.now += 600;
  w.Run(30);
  const auto now = PodUids(w);
  EXPECT_EQ(now.at("a-dm-master-0"), before.at("a-dm-master-0"));   // its disk has its size
  EXPECT_NE(now.at("a-dm-worker-0"), before.at("a-dm-worker-0"));
  EXPECT_EQ(now.at("a-dm-worker-1"), before.at("a-dm-worker-1"));
  EXPECT_EQ(WaitOf(w.Plan(), Component::kWorker), "RollBlocked");
  w.dm.FinishLoads();
  w.Run(60);
  EXPECT_NE(PodUids(w).at("a-dm-worker-1"), before.at("a-dm-worker-1"));
  ExpectClean(w);
  EXPECT_TRUE(w.Plan().Settled());
}

// It stands elsewhere from now on. The claim stays; the ConfigMap until the pod that mounts it has gone.
TEST(Monitor, ThatIsNotWantedAnyMoreGoes) {
  World w = Settled(1, 1);
  auto seen = w.See();
  for (const char* key : {"StatefulSet/a-dm-monitor", "Service/a-dm-monitor", "ConfigMap/a-dm-monitor-config"}) {
    Child& child = seen.children[key];
    const std::string kind(key, std::string_view(key).find('/'));
    child.meta.name = std::string(key).substr(kind.size() + 1);
    child.meta.uid = "u";
    child.meta.annotations[std::string(annotations::kAppliedHash)] = "h";
    child.meta.owners.push_back({"", std::string(kKind), "a", w.want.meta.uid, true});
    child.object = {{"kind", kind}, {"metadata", {{"name", child.meta.name}}}};
  }
  const auto does = [&] { return Does(MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), {}})); };
  EXPECT_EQ(does(), (std::vector<std::string>{"Delete Service/a-dm-monitor", "Delete StatefulSet/a-dm-monitor"}));
  seen.children.at("StatefulSet/a-dm-monitor").meta.deletion_timestamp = "2026-11-28T00:00:00Z";
  EXPECT_EQ(does(), std::vector<std::string>{"Delete Service/a-dm-monitor"});
  seen.children.erase("StatefulSet/a-dm-monitor");
  EXPECT_EQ(does(), (std::vector<std::string>{"Delete ConfigMap/a-dm-monitor-config", "Delete Service/a-dm-monitor"}));
}

TEST(KeepVolumes, EachBoundVolumeIsGivenThePolicyOnce) {
  World w = Settled(3, 2);
  const auto policies = [&] {
    std::set<std::string> found;
    for (const auto& [name, claim] : w.claims()) found.insert(claim.meta.Annotation(std::string(annotations::kReclaimPolicy)));
    return found;
  };
  EXPECT_EQ(policies(), std::set<std::string>{""}) << "no word, no change";
  for (const char* policy : {"Retain", "Delete"}) {
    w.want.pv_reclaim_policy = policy;
    const Plan plan = w.Plan();
    EXPECT_EQ(std::count_if(plan.actions.begin(), plan.actions.end(), [](const Action& a) { return std::holds_alternative<KeepVolume>(a); }), 5);
    w.Run(5);
    EXPECT_EQ(policies(), std::set<std::string>{policy});
    EXPECT_TRUE(w.Plan().Settled());
  }
  ExpectClean(w);
}

// Kept claims under a new object are not its own until somebody says so.
TEST(KeepVolumes, OfDataThatNobodyHasTakenOverAreLeftAlone) {
  World w = Settled(3, 0);
  w.want.meta.uid = "another";
  w.want.status = base::Json::object();
  w.want.pv_reclaim_policy = "Delete";
  for (auto& [name, claim] : w.claims()) claim.meta.owners.clear();
  const Plan plan = w.Plan();
  EXPECT_FALSE(plan.Settled());
  EXPECT_TRUE(std::none_of(plan.actions.begin(), plan.actions.end(), [](const Action& a) { return std::holds_alternative<KeepVolume>(a); }));
}

// Admission lets the name go ("existing claims keep theirs"); taking it out of a set is refused, and would be at every pass.
TEST(KeepImmutable, AClassThatIsNoLongerNamedStays) {
  const auto spec = [](const char* field) {
    base::Json claim = {{"metadata", {{"name", "dm-master"}}}, {"spec", {{"resources", {{"requests", {{"storage", "100"}}}}}}}};
    if (field) claim["spec"][field] = "gp3";
    return base::Json{{"volumeClaimTemplates", base::Json::array({claim})}};
  };
  for (const char* field : {"storageClassName", "volumeAttributesClassName"}) {
    Child live;
    live.object = {{"spec", spec(field)}};
    base::Json unnamed = spec(nullptr);
    KeepImmutable(unnamed, live);
    EXPECT_EQ(unnamed, spec(field));
    base::Json same = spec(field);
    KeepImmutable(same, live);
    EXPECT_EQ(same, spec(field));
  }
}

TEST(Growth, OfTheMonitorEndsInNoLoop) {
  World w = Settled(1, 1);
  const auto monitor = [](const char* size) {
    const base::Json claim = {{"metadata", {{"name", "dm-monitor"}}}, {"spec", {{"resources", {{"requests", {{"storage", size}}}}}}}};
    return base::Json{{"apiVersion", "apps/v1"}, {"kind", "StatefulSet"}, {"metadata", {{"name", "a-dm-monitor"}, {"namespace", "ns"}}},
                      {"spec", {{"replicas", 1}, {"template", {{"image", "p"}}}, {"volumeClaimTemplates", base::Json::array({claim})}}}};
  };
  const std::string set = w.want.names().StatefulSet(Role::kMonitor);
  const auto plan_for = [&](const char* wanted, const char* request) {
    auto objects = w.Render();
    auto manifest = monitor(wanted);
    manifest["metadata"]["name"] = set;
    objects.manifests.push_back(manifest);
    auto seen = w.See();
    Child& live = seen.children["StatefulSet/" + set];
    live.object = monitor("200Gi");
    live.object["metadata"]["name"] = set;
    live.object["status"]["observedGeneration"] = 1;
    live.meta.name = set;
    live.meta.uid = "u";
    live.meta.owners.push_back({"", std::string(kKind), "a", w.want.meta.uid, true});
    w.want.monitor.emplace().storage_size = *Quantity::Parse(wanted);
    Claim& claim = seen.monitor.claims[0];
    claim.meta.name = "dm-monitor-a-dm-monitor-0";
    claim.phase = "Bound";
    claim.storage_class = "fast";
    claim.request = claim.capacity = *Quantity::Parse(request);
    return MakePlan(w.want, objects, seen, {base::TimePoint(std::chrono::seconds(w.now)), {}});
  };
  const Plan first = plan_for("300Gi", "200Gi");
  EXPECT_TRUE(Has(first, "ResizeClaim dm-monitor-a-dm-monitor-0 to 300Gi"));
  EXPECT_FALSE(Has(first, "Delete StatefulSet/" + set));
  for (const auto& action : first.actions) {   // what is applied meanwhile keeps the template that cannot change
    const auto* apply = std::get_if<Apply>(&action);
    if (!apply || apply->object["kind"] != "StatefulSet" || apply->object["metadata"]["name"] != set) continue;
    EXPECT_EQ(apply->object["spec"]["volumeClaimTemplates"], monitor("200Gi")["spec"]["volumeClaimTemplates"]);
  }
  EXPECT_TRUE(Has(plan_for("300Gi", "300Gi"), "Delete StatefulSet/" + set));
  const Plan less = plan_for("100Gi", "200Gi");
  EXPECT_FALSE(Has(less, "Delete StatefulSet/" + set));
  EXPECT_EQ(ConditionOf(less, "StorageAsWanted"), "False/CannotShrink");
}

TEST(Growth, OfTheMonitorsDiskReplacesItsPod) {
  World w = Settled(1, 1);
  auto seen = w.See();
  const auto at = [](int seconds) { return base::FormatRfc3339(base::WallTime(std::chrono::seconds(1'700'000'000 + seconds))); };
  Claim& claim = seen.monitor.claims[0];
  claim.resizing = "FileSystemResizePending";
  claim.file_system_since = at(100);
  auto& pod = seen.monitor.pods[0];
  pod.meta.name = "a-dm-monitor-0";
  pod.meta.uid = "u";
  const auto plan = [&](int made, int now) {
    pod.meta.creation_timestamp = at(made);
    return MakePlan(w.want, w.Render(), seen, {base::TimePoint(std::chrono::seconds(w.now)), base::WallTime(std::chrono::seconds(1'700'000'000 + now))});
  };
  EXPECT_FALSE(Has(plan(99, 699), "Delete Pod/a-dm-monitor-0"));
  EXPECT_TRUE(Has(plan(99, 700), "Delete Pod/a-dm-monitor-0"));
  EXPECT_FALSE(Has(plan(100, 700), "Delete Pod/a-dm-monitor-0"));   // it has mounted it since
  pod.meta.deletion_timestamp = at(700);
  EXPECT_FALSE(Has(plan(99, 701), "Delete Pod/a-dm-monitor-0"));
}

TEST(OwnClaims, GoWithTheClusterOnlyWhileThePolicySaysSo) {
  World w = Settled(1, 1);
  w.want.when_deleted = Retain::kDelete;
  EXPECT_EQ(Does(w.Plan()), (std::vector<std::string>{"Own dm-master-a-dm-master-0", "Own dm-worker-a-dm-worker-0"}));
  w.claims().at("dm-worker-a-dm-worker-0").meta.owners.push_back({"", "Other", "x", "other", false});
  EXPECT_EQ(Does(w.Plan()), std::vector<std::string>{"Own dm-master-a-dm-master-0"});   // another's is left alone
  w.claims().at("dm-worker-a-dm-worker-0").meta.owners.clear();
  w.Run(3);
  EXPECT_TRUE(w.Plan().Settled());
  w.want.when_deleted = Retain::kRetain;
  EXPECT_EQ(Does(w.Plan()), (std::vector<std::string>{"Disown dm-master-a-dm-master-0", "Disown dm-worker-a-dm-worker-0"}));
  w.Run(3);
  EXPECT_TRUE(w.claims().at("dm-master-a-dm-master-0").meta.owners.empty());
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(Retained, ThreeFiveThreeFiveMastersOnTheSameClaims) {
  World w = Settled(3, 1);
  for (const int masters : {5, 3, 5}) {
    w.want.master.replicas = masters;
    w.Run(90);
    EXPECT_EQ(w.dm.members(), static_cast<std::size_t>(masters));
    EXPECT_TRUE(w.Plan().Settled());
  }
  ExpectClean(w);
  EXPECT_EQ(w.claims().size(), 6u);
  EXPECT_EQ(w.disk(4).aside.size(), 1u);
  EXPECT_TRUE(DataOf(w)->empty()) << *DataOf(w);
}

TEST(Roll, ABrokenImageStopsAtTheFirstMasterAndGoingBackHeals) {
  World w = Settled(3, 1);
  w.SetImage("dm:broken");
  w.Run(2);
  w.Hold("a-dm-master-2", true);
  w.Run(30);
  EXPECT_TRUE(w.dm.Healthy("a-dm-master-0") && w.dm.Healthy("a-dm-master-1"));
  w.Hold("a-dm-master-2", false);
  w.SetImage("dm:1");
  w.Run(30);
  ExpectClean(w);
  EXPECT_EQ(w.dm.members(), 3u);
  EXPECT_TRUE(w.Plan().Settled());
}

TEST(TlsSwitch, OfARunningClusterIsNeverCarriedOut) {
  for (const bool tls : {false, true}) {
    World w(3, 1);
    w.want.tls = tls;
    w.Run(30);
    ASSERT_TRUE(w.Plan().Settled());
    w.want.tls = !tls;
    const Plan plan = w.Plan();
    EXPECT_EQ(WaitOf(plan, Component::kCluster), "TLSSwitchRefused");
    EXPECT_TRUE(plan.actions.empty());
    w.want.tls = tls;
    EXPECT_TRUE(w.Plan().Settled());
  }
}

TEST(TlsSwitch, OfAClusterThatHasNotFormedIsACorrection) {
  World w(3, 1);
  w.Execute(w.Plan());
  w.want.tls = true;
  EXPECT_NE(WaitOf(w.Plan(), Component::kCluster), "TLSSwitchRefused");
}

}  // namespace
}  // namespace dm::op::lifecycle

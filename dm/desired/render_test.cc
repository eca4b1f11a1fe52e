// Goldens of what is rendered, and what must never change for clusters that TiDB Operator made.
// UPDATE_GOLDEN=1 desired_test writes the goldens anew; read the difference before it is committed.
#include "dm/desired/render.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/files.h"
#include "base/yaml.h"

namespace dm::desired {
namespace {

using base::Json;

const std::string kData = DM_SOURCE_DIR "/tests/testdata/";

std::vector<Json> Documents(const std::string& path) {
  const auto text = base::ReadFile(path);
  EXPECT_TRUE(text) << path;
  std::vector<Json> values;
  if (!text) return values;
  auto documents = base::ParseYaml(*text);
  EXPECT_TRUE(documents) << (documents ? "" : documents.error().message);
  if (documents) {
    for (auto& document : *documents) values.push_back(std::move(document.value));
  }
  return values;
}

DMCluster Read(const std::string& path, const char* uid = "11111111-2222-3333-4444-555555555555") {
  const auto documents = Documents(path);
  Decoded decoded = Decode(documents.at(0));
  EXPECT_TRUE(decoded.problems.empty()) << path << ": " << (decoded.problems.empty() ? "" : decoded.problems[0].message);
  decoded.cluster.meta.uid = uid;
  if (decoded.cluster.meta.ns.empty()) decoded.cluster.meta.ns = "lab";
  return decoded.cluster;
}

Objects RenderFile(const std::string& path, Environment environment = Environment::kProduction) {
  Objects objects = Render(Read(path), {environment, ""});
  EXPECT_TRUE(objects.problems.empty()) << (objects.problems.empty() ? "" : objects.problems[0].message);
  return objects;
}

std::string AsYaml(const Objects& objects) {
  std::string text;
  for (const Json& manifest : objects.manifests) text += "---\n" + base::ToYaml(manifest);
  return text;
}

struct Golden {
  const char* name;
  std::string input;
  Environment environment;
};

class RenderGolden : public testing::TestWithParam<Golden> {};

TEST_P(RenderGolden, IsWhatItWas) {
  const std::string path = kData + "render/" + GetParam().name + ".yaml";
  const std::string text = AsYaml(RenderFile(GetParam().input, GetParam().environment));
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  const auto golden = base::ReadFile(path);
  ASSERT_TRUE(golden) << path;
  EXPECT_EQ(text, *golden);
}

INSTANTIATE_TEST_SUITE_P(Files, RenderGolden, testing::Values(
    Golden{"development", DM_SOURCE_DIR "/examples/development.yaml", Environment::kDevelopment},
    Golden{"production", DM_SOURCE_DIR "/examples/production.yaml", Environment::kProduction},
    Golden{"v1-custom", kData + "v1/custom/input.yaml", Environment::kProduction},
    Golden{"v1-tls", kData + "v1/tls/input.yaml", Environment::kDevelopment}),
    [](const auto& golden) {
      std::string name = golden.param.name;
      for (char& c : name) c = c == '-' ? '_' : c;
      return name;
    });

const Json* At(const Json& object, std::initializer_list<std::string_view> path) {
  return base::FindPath(object, path);
}

std::string NameOf(const Json& object) {
  return At(object, {"metadata", "name"})->get<std::string>();
}

// What a person or the API server added to a recorded claim template.
Json ClaimTemplates(Json templates) {
  for (Json& claim : templates) {
    for (const char* key : {"status", "apiVersion", "kind"}) claim.erase(key);
    claim["spec"].erase("volumeMode");
  }
  return templates;
}

TEST(RenderV1, ImmutableFieldsStay) {
  for (const char* name : {"basic", "ha-3m3w", "custom", "tls", "rolling-config", "master-only"}) {
    const std::string dir = kData + "v1/" + name + "/";
    const Objects objects = RenderFile(dir + "input.yaml");
    for (const Json& theirs : Documents(dir + "statefulsets.yaml")) {
      const std::string set = NameOf(theirs);
      SCOPED_TRACE(set);
      const Json* ours = objects.FindManifest("StatefulSet", set);
      ASSERT_NE(ours, nullptr);
      EXPECT_EQ(*At(*ours, {"spec", "serviceName"}), *At(theirs, {"spec", "serviceName"}));
      EXPECT_EQ(*At(*ours, {"spec", "selector"}), *At(theirs, {"spec", "selector"}));
      EXPECT_EQ(ClaimTemplates(*At(*ours, {"spec", "volumeClaimTemplates"})),
                ClaimTemplates(*At(theirs, {"spec", "volumeClaimTemplates"})));
      EXPECT_EQ(*At(*ours, {"metadata", "labels"}), *At(theirs, {"metadata", "labels"}));
      EXPECT_EQ(*At(*ours, {"spec", "persistentVolumeClaimRetentionPolicy"}), *At(theirs, {"spec", "persistentVolumeClaimRetentionPolicy"}));
    }
    for (const Json& theirs : Documents(dir + "services.yaml")) {
      const std::string service = NameOf(theirs);
      if (service.find("-discovery") != std::string::npos) continue;
      SCOPED_TRACE(service);
      const Json* ours = objects.FindManifest("Service", service);
      ASSERT_NE(ours, nullptr);
      EXPECT_EQ(*At(*ours, {"spec", "selector"}), *At(theirs, {"spec", "selector"}));
      EXPECT_EQ(*At(*ours, {"metadata", "labels"}), *At(theirs, {"metadata", "labels"}));
      EXPECT_EQ((*At(*ours, {"spec", "ports"}))[0], (*At(theirs, {"spec", "ports"}))[0]);
    }
  }
}

// Volumes, mounts, variables and ports of theirs come first and in their order: what is new stands behind.
TEST(RenderV1, PodTemplateKeepsNamesAndOrder) {
  const auto names = [](const Json& list, const char* key) {
    std::vector<std::string> all;
    for (const Json& item : list) all.push_back(item.at(key).is_string() ? item.at(key).get<std::string>() : item.at(key).dump());
    return all;
  };
  const auto subsequence = [](const std::vector<std::string>& part, const std::vector<std::string>& whole) {
    std::size_t found = 0;
    for (const std::string& item : whole) found += found < part.size() && part[found] == item ? 1u : 0u;
    return found == part.size();
  };
  for (const char* name : {"basic", "custom", "tls"}) {
    const std::string dir = kData + "v1/" + name + "/";
    const Objects objects = RenderFile(dir + "input.yaml");
    for (const Json& theirs : Documents(dir + "statefulsets.yaml")) {
      const Json* ours = objects.FindManifest("StatefulSet", NameOf(theirs));
      ASSERT_NE(ours, nullptr);
      const Json& was = *At(theirs, {"spec", "template", "spec"});
      const Json& is = *At(*ours, {"spec", "template", "spec"});
      EXPECT_TRUE(subsequence(names(was["volumes"], "name"), names(is["volumes"], "name")));
      EXPECT_EQ(names(was["containers"], "name"), names(is["containers"], "name"));
      const Json& container = was["containers"][0];
      for (const auto& [list, key] : {std::pair{"env", "name"}, std::pair{"volumeMounts", "mountPath"}, std::pair{"ports", "containerPort"}}) {
        EXPECT_TRUE(subsequence(names(container[list], key), names(is["containers"][0][list], key))) << list;
      }
      for (const char* same : {"command", "image", "imagePullPolicy", "ports", "resources"}) {
        EXPECT_EQ(container[same], is["containers"][0][same]) << same;
      }
      const Json& annotations = *At(*ours, {"spec", "template", "metadata", "annotations"});
      for (const auto& [key, value] : At(theirs, {"spec", "template", "metadata", "annotations"})->items()) EXPECT_EQ(annotations[key], value);
    }
  }
}

TEST(Render, IsDeterministic) {
  EXPECT_EQ(AsYaml(RenderFile(kData + "v1/custom/input.yaml")), AsYaml(RenderFile(kData + "v1/custom/input.yaml")));
}

TEST(Render, StatefulSetsComeLastAndEverythingHasItsOwner) {
  const Objects objects = RenderFile(DM_SOURCE_DIR "/examples/production.yaml");
  bool stateful = false;
  for (const Json& manifest : objects.manifests) {
    const bool is = manifest["kind"] == "StatefulSet";
    EXPECT_TRUE(is || !stateful) << manifest["kind"];
    stateful = stateful || is;
    const Json& owner = manifest["metadata"]["ownerReferences"][0];
    EXPECT_EQ(owner["uid"], "11111111-2222-3333-4444-555555555555");
    EXPECT_EQ(owner["controller"], true);
    EXPECT_EQ(manifest["metadata"]["namespace"], "lab");
  }
  EXPECT_TRUE(stateful);
}

TEST(Render, NoUidNoOwner) {
  DMCluster cluster = Read(DM_SOURCE_DIR "/examples/development.yaml", "");
  for (const Json& manifest : Render(cluster, {}).manifests) EXPECT_FALSE(manifest["metadata"].contains("ownerReferences"));
}

TEST(Render, RolesAreWhatTheTemplatesSay) {
  const Objects objects = RenderFile(kData + "v1/custom/input.yaml");
  const RolePods* master = objects.Find(Role::kMaster);
  ASSERT_NE(master, nullptr);
  EXPECT_EQ(master->replicas, 3);
  EXPECT_EQ(master->main_container, "dm-master");
  ASSERT_NE(master->pod.Find("dm-master"), nullptr);
  EXPECT_EQ(master->pod.Find("dm-master")->cpu_request->ToString(), "4");
  EXPECT_NE(master->pod.Find("sidecar"), nullptr);
  EXPECT_EQ(master->pod.node_selector.at("type"), "kwok");
  EXPECT_EQ(master->pod.tolerations.size(), 1u);
  EXPECT_EQ(master->claim->storage_class, "gp3");
  EXPECT_EQ(master->claim->size->ToString(), "200Gi");
  EXPECT_EQ(RenderFile(kData + "v1/master-only/input.yaml").Find(Role::kWorker), nullptr);
}

// Patches the spec of the production example.
Objects Patched(const std::string& patch, Environment environment = Environment::kProduction) {
  Json object = Documents(DM_SOURCE_DIR "/examples/production.yaml").at(0);
  auto documents = base::ParseYaml(patch);
  EXPECT_TRUE(documents) << patch;
  object.merge_patch(documents->at(0).value);
  const Decoded decoded = Decode(object);
  EXPECT_TRUE(decoded.problems.empty()) << (decoded.problems.empty() ? "" : decoded.problems[0].field + decoded.problems[0].message);
  return Render(decoded.cluster, {environment, ""});
}

const Json& PodSpec(const Objects& objects, Role role) {
  return *At(*objects.FindManifest("StatefulSet", Names{"orders"}.StatefulSet(role)), {"spec", "template", "spec"});
}

TEST(Render, MastersStandOneAHost) {
  const auto required = [](const Objects& objects) { return objects.Find(Role::kMaster)->pod.required_anti_affinity.size(); };
  EXPECT_EQ(required(Patched("{}")), 1u);
  EXPECT_EQ(required(Patched("{}", Environment::kDevelopment)), 0u);
  // Speaking of something else adds to the default; speaking of the masters' hosts replaces it.
  EXPECT_EQ(required(Patched("spec: {affinity: {nodeAffinity: {}}}")), 1u);
  EXPECT_EQ(required(Patched("spec: {master: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: mysql}}}]}}}}")), 2u);
  EXPECT_EQ(required(Patched("spec: {master: {affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app.kubernetes.io/component: dm-master}}}}]}}}}")), 0u);
  EXPECT_EQ(Patched("{}").Find(Role::kWorker)->pod.required_anti_affinity.size(), 0u);
}

TEST(Render, SecurityIsRestrictedUnlessTheUserSaysOtherwise) {
  const Json plain = PodSpec(Patched("{}"), Role::kMaster);
  EXPECT_EQ(plain["securityContext"]["runAsNonRoot"], true);
  EXPECT_EQ(plain["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
  EXPECT_EQ(plain["containers"][0]["securityContext"]["capabilities"]["drop"][0], "ALL");
  EXPECT_EQ(plain["automountServiceAccountToken"], false);
  const Json root = PodSpec(Patched("spec: {podSecurityContext: {runAsUser: 0}, master: {securityContext: {privileged: true}}}"), Role::kMaster);
  EXPECT_FALSE(root["securityContext"].contains("runAsNonRoot"));
  EXPECT_EQ(root["securityContext"]["fsGroup"], 1000);
  EXPECT_FALSE(root["containers"][0]["securityContext"].contains("allowPrivilegeEscalation"));
}

// A kubelet starts no container as root in a pod that demands another user.
TEST(Render, AContainerThatSaysItIsRootMayBe) {
  for (const char* patch : {"spec: {master: {securityContext: {runAsUser: 0}}}",
                            "spec: {master: {initContainers: [{name: own, image: i, securityContext: {runAsUser: 0}}]}}",
                            "spec: {master: {additionalContainers: [{name: own, image: i, securityContext: {runAsUser: 0}}]}}"}) {
    const Json pod = PodSpec(Patched(patch), Role::kMaster);
    EXPECT_FALSE(pod["securityContext"].contains("runAsNonRoot")) << patch;
    EXPECT_EQ(pod["securityContext"]["runAsUser"], 1000) << patch;
    const Json& main = pod["containers"][0]["securityContext"];
    EXPECT_EQ(main.contains("runAsNonRoot"), !main.contains("runAsUser")) << patch;
  }
  const Json demanded = PodSpec(Patched("spec: {podSecurityContext: {runAsNonRoot: true}, master: {securityContext: {runAsUser: 0}}}"), Role::kMaster);
  EXPECT_EQ(demanded["securityContext"]["runAsNonRoot"], true) << "the user's own word";
}

TEST(Render, ProxiesFromElsewhereStayAsTheyAre) {
  const Json env = PodSpec(Patched("spec: {master: {env: [{name: NO_PROXY, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}}"), Role::kMaster)["containers"][0]["env"];
  EXPECT_FALSE(env.back().contains("value"));
  EXPECT_EQ(env.back()["valueFrom"]["configMapKeyRef"]["name"], "c");
}

TEST(Render, TheUsersVariablesReplaceThoseOfTheirName) {
  const Json env = PodSpec(Patched("spec: {master: {env: [{name: TZ, value: CET}, {name: NO_PROXY, value: db.local}]}}"), Role::kMaster)["containers"][0]["env"];
  int zones = 0;
  for (const Json& variable : env) {
    if (variable["name"] == "TZ") {
      ++zones;
      EXPECT_EQ(variable["value"], "CET");
    }
    if (variable["name"] == "NO_PROXY") {
      EXPECT_EQ(variable["value"].get<std::string>().substr(0, 29), "db.local,orders-dm-master,ord");
    }
  }
  EXPECT_EQ(zones, 1);
}

TEST(Render, AContainerOfTheBuiltInNameIsMerged) {
  const Json pod = PodSpec(Patched("spec: {worker: {additionalContainers: [{name: dm-worker, env: [{name: X, value: z}], volumeMounts: [{name: dm-worker, mountPath: /also}]}]}}"), Role::kWorker);
  ASSERT_EQ(pod["containers"].size(), 1u);
  EXPECT_EQ(pod["containers"][0]["image"], "pingcap/dm:v8.5.7");
  EXPECT_EQ(pod["containers"][0]["env"].back()["name"], "X");
  EXPECT_EQ(pod["containers"][0]["volumeMounts"].back()["mountPath"], "/also");
}

std::string ConfigFileOf(const Objects& objects, Role role) {
  return At(*objects.FindManifest("ConfigMap", Names{"orders"}.ConfigMap(role)), {"data", "config-file"})->get<std::string>();
}

TEST(Render, TheRelayLogLiesOnTheClaimUnlessToldOtherwise) {
  EXPECT_EQ(ConfigFileOf(Patched("{}"), Role::kWorker).substr(0, 40), "relay-dir = \"/var/lib/dm-worker/relay\"  ");
  EXPECT_EQ(ConfigFileOf(Patched("spec: {worker: {dataSubDir: d, dataDirs: {relay: r}, config: {keepalive-ttl: 60}}}"), Role::kWorker),
            "relay-dir = \"/var/lib/dm-worker/d/r\"  # on the claim; DM's own default is the container's disk\nkeepalive-ttl = 60\n");
  EXPECT_EQ(ConfigFileOf(Patched("spec: {worker: {config: {relay-dir: /relay}}}"), Role::kWorker), "relay-dir = \"/relay\"\n");
  EXPECT_EQ(ConfigFileOf(Patched("spec: {worker: {config: \"not [ toml\"}}"), Role::kWorker), "not [ toml");
}

TEST(Render, AConfigRollsOnlyWhenAskedAndWhenItsMeaningChanges) {
  const auto hash = [](const std::string& strategy, const std::string& config) {
    const Objects objects = Patched("spec: {configUpdateStrategy: " + strategy + ", master: {config: " + config + "}}");
    const Json& annotations = *At(*objects.FindManifest("StatefulSet", "orders-dm-master"), {"spec", "template", "metadata", "annotations"});
    return base::GetStringOr(annotations, "dm.pingcap.com/config-hash");
  };
  EXPECT_EQ(hash("InPlace", "\"a = 1\""), "");
  EXPECT_NE(hash("RollingUpdate", "\"a = 1\""), "");
  EXPECT_EQ(hash("RollingUpdate", "\"a = 1\""), hash("RollingUpdate", "\"# words\\na=1\""));
  EXPECT_NE(hash("RollingUpdate", "\"a = 1\""), hash("RollingUpdate", "\"a = 2\""));
}

TEST(Render, UnderTlsProbesAreTcp) {
  const Objects objects = Patched("spec: {tlsCluster: {enabled: true}}");
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    for (const char* probe : {"startupProbe", "readinessProbe", "livenessProbe"}) {
      EXPECT_TRUE(PodSpec(objects, role)["containers"][0][probe].contains("tcpSocket")) << probe;
    }
  }
}

TEST(Render, ReadinessIsTheUsersToChange) {
  const Json probe = PodSpec(Patched("spec: {master: {readinessProbe: {type: tcp, periodSeconds: 7}}}"), Role::kMaster)["containers"][0]["readinessProbe"];
  EXPECT_TRUE(probe.contains("tcpSocket"));
  EXPECT_EQ(probe["periodSeconds"], 7);
}

TEST(Render, DisruptionBudgetsFollowCountAndWish) {
  EXPECT_NE(Patched("{}").FindManifest("PodDisruptionBudget", "orders-dm-master"), nullptr);
  EXPECT_EQ(Patched("spec: {master: {replicas: 1}}").FindManifest("PodDisruptionBudget", "orders-dm-master"), nullptr);
  EXPECT_EQ(Patched("spec: {master: {podDisruptionBudget: {enabled: false}}}").FindManifest("PodDisruptionBudget", "orders-dm-master"), nullptr);
}

TEST(Render, TheClientServiceIsTheUsersToShape) {
  const Objects objects = Patched("spec: {master: {service: {type: LoadBalancer, port: 443, portName: web, loadBalancerIP: 10.0.0.9, externalTrafficPolicy: Local}}}");
  const Json& spec = (*objects.FindManifest("Service", "orders-dm-master"))["spec"];
  EXPECT_EQ(spec["type"], "LoadBalancer");
  EXPECT_EQ(spec["loadBalancerIP"], "10.0.0.9");
  EXPECT_EQ(spec["ports"][0]["port"], 443);
  EXPECT_EQ(spec["ports"][0]["targetPort"], 8261);
  EXPECT_EQ(spec["ports"][1]["port"], 8261);
}

TEST(Render, AMonitorIsDeployedUnlessItStandsElsewhere) {
  const Objects objects = Patched("spec: {tlsCluster: {enabled: true}, monitor: {grafana: {enabled: true}, storageSize: 300Gi}, nodeSelector: {disk: fast}}");
  const RolePods* monitor = objects.Find(Role::kMonitor);
  ASSERT_NE(monitor, nullptr);
  EXPECT_EQ(monitor->pod.Find(monitor->main_container)->memory_request->ToString(), "16Gi");
  EXPECT_EQ(monitor->claim->size->ToString(), "300Gi");
  EXPECT_NE(monitor->pod.Find("grafana"), nullptr);
  EXPECT_EQ(monitor->pod.node_selector.at("disk"), "fast");
  const Json& data = (*objects.FindManifest("ConfigMap", "orders-dm-monitor-config"))["data"];
  auto config = base::ParseYaml(data["prometheus.yml"].get<std::string>());
  ASSERT_TRUE(config);
  const Json& jobs = config->at(0).value["scrape_configs"];
  EXPECT_EQ(jobs[0]["dns_sd_configs"][0]["names"][0], "_dm-master._tcp.orders-dm-master-peer");
  EXPECT_EQ(jobs[1]["scheme"], "https");
  EXPECT_TRUE(base::ParseJson(data["dm.json"].get<std::string>()));
  for (const char* spec : {"spec: {monitor: null}", "spec: {monitor: {replicas: 0}}"}) {
    EXPECT_EQ(Patched(spec).Find(Role::kMonitor), nullptr) << spec;
    EXPECT_EQ(Patched(spec).FindManifest("StatefulSet", "orders-dm-monitor"), nullptr) << spec;
  }
}

TEST(Render, TheMonitorStandsWhereItIsToldTo) {
  const auto spec = [](const std::string& monitor) {
    const Objects objects = Patched("spec: {nodeSelector: {disk: fast}, tolerations: [{key: a, operator: Exists}], monitor: " + monitor + "}");
    return (*objects.FindManifest("StatefulSet", "orders-dm-monitor"))["spec"]["template"]["spec"];
  };
  EXPECT_EQ(spec("{replicas: 1}")["nodeSelector"], (Json{{"disk", "fast"}}));
  const Json own = spec("{replicas: 1, nodeSelector: {pool: infra}, tolerations: []}");
  EXPECT_EQ(own["nodeSelector"], (Json{{"pool", "infra"}}));
  EXPECT_TRUE(own["tolerations"].empty());
}

TEST(Render, AlertsAreSentToTheAlertmanagersThatAreNamed) {
  const auto config = [](const std::string& monitor) {
    const Objects objects = Patched("spec: {monitor: " + monitor + "}");
    return base::ParseYaml((*objects.FindManifest("ConfigMap", "orders-dm-monitor-config"))["data"]["prometheus.yml"].get<std::string>())->at(0).value;
  };
  EXPECT_EQ(config("{alertmanagers: [\"am-0.am.monitoring.svc:9093\", \"10.1.2.3:9093\"]}")["alerting"],
            Json::parse(R"({"alertmanagers": [{"static_configs": [{"targets": ["am-0.am.monitoring.svc:9093", "10.1.2.3:9093"]}]}]})"));
  EXPECT_FALSE(config("{alertmanagers: []}").contains("alerting"));
  EXPECT_FALSE(config("{}").contains("alerting"));
}

TEST(Render, AlertsPointToTheHeadingsOfThePolicysRunbooks) {
  const DMCluster cluster = Read(DM_SOURCE_DIR "/examples/production.yaml");
  for (const std::string page : {"", "https://wiki.example.com/dm.html"}) {
    const Objects objects = Render(cluster, {Environment::kProduction, "", page});
    const auto rules = base::ParseYaml((*objects.FindManifest("ConfigMap", cluster.meta.name + "-dm-monitor-config"))["data"]["rules.yml"].get<std::string>());
    ASSERT_TRUE(rules);
    const Json& list = rules->at(0).value["groups"][0]["rules"];
    ASSERT_GT(list.size(), 20u);
    EXPECT_EQ(list[0]["alert"], "DM_master_all_down");
    for (const Json& rule : list) EXPECT_EQ(rule["annotations"].contains("runbook_url"), !page.empty());
    EXPECT_EQ(base::GetStringOr(list[0]["annotations"], "runbook_url"), page.empty() ? "" : page + "#dm_master_all_down");
  }
}

// As in v1: a list that holds nothing says nothing.
TEST(Render, AnEmptyListOfAComponentLeavesTheClustersInForce) {
  const Json pod = PodSpec(Patched("spec: {tolerations: [{key: pool, operator: Exists}], imagePullSecrets: [{name: s}], "
                                   "topologySpreadConstraints: [{topologyKey: kubernetes.io/hostname}], "
                                   "master: {tolerations: [], imagePullSecrets: [], topologySpreadConstraints: []}}"), Role::kMaster);
  EXPECT_EQ(pod["tolerations"][0]["key"], "pool");
  EXPECT_EQ(pod["imagePullSecrets"][0]["name"], "s");
  EXPECT_EQ(pod["topologySpreadConstraints"][0]["topologyKey"], "kubernetes.io/hostname");
}

TEST(Render, APodThatCannotBeMadeIsAProblemNotACrash) {
  const Objects objects = Patched("spec: {master: {tolerations: [{key: a, operator: Equalz}]}}");
  ASSERT_EQ(objects.problems.size(), 1u);
  EXPECT_EQ(objects.problems[0].field, "spec.master");
  EXPECT_EQ(objects.Find(Role::kMaster)->pod.Find("dm-master")->cpu_request->ToString(), "4");
}

TEST(Render, AnUndecidedClusterStillRenders) {
  for (const Json& input : {Json(), Json::object(), Json::parse(R"({"spec": {"worker": {"requests": 1, "env": [1], "labels": 3}}})")}) {
    EXPECT_FALSE(Render(Decode(input).cluster, {}).manifests.empty());
  }
}

}  // namespace
}  // namespace dm::desired

// Decode by tables: what is understood, and every kind of problem with its path.
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/yaml.h"
#include "dm/cluster.h"

namespace dm {
namespace {

using base::Json;

Json Yaml(const std::string& text) {
  auto documents = base::ParseYaml(text);
  EXPECT_TRUE(documents) << (documents ? "" : documents.error().message);
  return documents && !documents->empty() ? documents->front().value : Json();
}

// A sound cluster into which a table's YAML is merged.
Json Cluster(const std::string& patch = "") {
  Json object = Yaml(R"(
apiVersion: pingcap.com/v1alpha1
kind: DMCluster
metadata: {name: orders, namespace: lab}
spec:
  version: v8.5.7
  master: {replicas: 3, storageSize: 200Gi, requests: {cpu: "4", memory: 8Gi}}
  worker: {replicas: 3, storageSize: 200Gi, requests: {cpu: "16", memory: 32Gi}}
)");
  if (!patch.empty()) object.merge_patch(Yaml(patch));
  return object;
}

std::string Text(const FieldProblem& problem) {
  if (problem.required) return problem.field + ": Required: " + problem.message;
  return problem.field + (problem.value.empty() ? "" : ": \"" + problem.value + "\"") + ": " + problem.message;
}

std::string Texts(const std::vector<FieldProblem>& problems) {
  std::string text;
  for (const FieldProblem& problem : problems) text += Text(problem) + "\n";
  return text;
}

TEST(Decode, ASoundClusterHasNoProblems) {
  const Decoded decoded = Decode(Cluster(R"(
spec:
  environment: production
  purpose: performance
  paused: true
  tlsCluster: {enabled: true, issuer: {certManager: {issuerRef: {name: ca, kind: ClusterIssuer}}}}
  tlsClientSecretNames: [mysql-tls]
  updatePolicy: {waitForSync: false, failoverPeriod: 1h30m, maxFailover: 1}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}
  upstreams:
  - {name: orders, dataSize: 500Gi, relay: {space: 50Gi}}
  - {name: customers}
  monitor: {replicas: 1, requests: {cpu: "8", memory: 16Gi}, storageSize: 200Gi, retention: 15d}
  suspendAction: {suspendStatefulSet: true}
  master: {version: v8.5.8, limits: {cpu: 8}, suspendAction: {suspendStatefulSet: false}}
  worker: {storageClassName: "", config: {keepalive-ttl: 60}, dataDirs: {relay: r, dump: d}, podDisruptionBudget: {enabled: false}}
)"));
  EXPECT_EQ(Texts(decoded.problems), "");
  EXPECT_EQ(Texts(decoded.unknown), "");
  const DMCluster& cluster = decoded.cluster;
  EXPECT_EQ(cluster.meta.Key(), "lab/orders");
  EXPECT_EQ(cluster.environment, Environment::kProduction);
  EXPECT_EQ(cluster.purpose, Purpose::kPerformance);
  EXPECT_TRUE(cluster.paused);
  EXPECT_TRUE(cluster.tls);
  EXPECT_EQ(cluster.issuer, Issuer::kCertManager);
  EXPECT_EQ(cluster.tls_client_secrets, std::vector<std::string>{"mysql-tls"});
  EXPECT_FALSE(cluster.update.wait_for_sync);
  EXPECT_EQ(cluster.update.failover_period, std::chrono::minutes(90));
  EXPECT_EQ(cluster.update.max_failover, 1);
  EXPECT_EQ(cluster.when_deleted, Retain::kDelete);
  EXPECT_EQ(cluster.when_scaled, Retain::kRetain);
  ASSERT_EQ(cluster.upstreams.size(), 2u);
  EXPECT_TRUE(cluster.upstreams[0].relay);
  EXPECT_EQ(cluster.upstreams[0].data_size->ToString(), "500Gi");
  EXPECT_FALSE(cluster.upstreams[1].data_size);
  EXPECT_EQ(cluster.monitor->cpu_request->ToString(), "8");
  EXPECT_EQ(cluster.ImageOf(Role::kMaster), "pingcap/dm:v8.5.8");
  EXPECT_EQ(cluster.ImageOf(Role::kWorker), "pingcap/dm:v8.5.7");
  EXPECT_FALSE(cluster.master.suspended);
  EXPECT_TRUE(cluster.worker.suspended);
  EXPECT_EQ(cluster.master.cpu_limit->ToString(), "8");
  EXPECT_EQ(cluster.worker.storage_class, "");
  EXPECT_EQ(cluster.master.storage_class, std::nullopt);
  EXPECT_EQ(cluster.worker.config_toml, "keepalive-ttl = 60\n");
  EXPECT_TRUE(cluster.worker.config_is_object);
  EXPECT_FALSE(cluster.worker.disruption_budget);
  EXPECT_EQ(cluster.worker.relay_dir + cluster.worker.dump_dir, "rd");
}

TEST(Decode, WhatTiDBOperatorTakesIsTaken) {
  for (const char* name : {"basic", "ha-3m3w", "custom", "tls", "rolling-config", "suspended", "master-only"}) {
    for (const char* file : {"input.yaml", "dmcluster.yaml"}) {
      const std::string path = std::string(DM_SOURCE_DIR "/tests/testdata/v1/") + name + "/" + file;
      const auto text = base::ReadFile(path);
      ASSERT_TRUE(text) << path;
      const Decoded decoded = Decode(Yaml(*text));
      EXPECT_EQ(Texts(decoded.problems), "") << path;
      EXPECT_EQ(Texts(decoded.unknown), "") << path;
    }
  }
}

TEST(Decode, ExamplesAreSound) {
  for (const char* file : {"production.yaml", "development.yaml"}) {
    const auto text = base::ReadFile(std::string(DM_SOURCE_DIR "/examples/") + file);
    ASSERT_TRUE(text) << file;
    const Decoded decoded = Decode(Yaml(*text));
    EXPECT_EQ(Texts(decoded.problems) + Texts(decoded.unknown), "") << file;
  }
}

TEST(Decode, NullsAreAbsent) {
  Json object = Cluster();
  object["spec"]["nodeSelector"] = nullptr;
  object["spec"]["master"]["config"] = nullptr;
  object["spec"]["worker"] = nullptr;
  const Decoded decoded = Decode(object);
  EXPECT_EQ(Texts(decoded.problems), "");
  EXPECT_FALSE(decoded.cluster.has_worker);
}

struct Wrong {
  std::string patch, says;
};

class DecodeProblem : public testing::TestWithParam<Wrong> {};

TEST_P(DecodeProblem, IsNamed) {
  EXPECT_EQ(Texts(Decode(Cluster(GetParam().patch)).problems), GetParam().says + "\n");
}

INSTANTIATE_TEST_SUITE_P(Table, DecodeProblem, testing::Values(
    Wrong{"spec: {worker: {requests: {cpu: 16 cores}}}",
          R"(spec.worker.requests.cpu: "16 cores": must be a quantity such as "16" or "16000m")"},
    Wrong{"spec: {worker: {requests: {cpu: true}}}", R"(spec.worker.requests.cpu: "true": must be a quantity such as "16" or "16000m")"},
    Wrong{"spec: {worker: {storageSize: -1Gi}}", R"(spec.worker.storageSize: "-1Gi": must be greater than zero, such as "200Gi")"},
    Wrong{"spec: {worker: {storageSize: abc}}", R"(spec.worker.storageSize: "abc": must be a quantity such as "200Gi")"},
    Wrong{"spec: {worker: {limits: {cpu: 8}}}", R"(spec.worker.requests.cpu: "16": must not exceed the limit 8: lower it or raise limits.cpu)"},
    Wrong{"spec: {master: {replicas: \"3\"}}", R"(spec.master.replicas: "3": must be a whole number, without quotes)"},
    Wrong{"spec: {master: {replicas: 3.5}}", R"(spec.master.replicas: "3.5": must be a whole number)"},
    Wrong{"spec: {master: {replicas: 11}}", R"(spec.master.replicas: "11": must be between 0 and 9)"},
    Wrong{"spec: {master: {replicas: -1}}", R"(spec.master.replicas: "-1": must be between 0 and 9)"},
    Wrong{"spec: {master: {replicas: null}}", "spec.master.replicas: Required: say how many DM-master instances are wanted"},
    Wrong{"spec: {version: 8.5}", R"(spec.version: "8.5": must be text: put it in quotes, "8.5")"},
    Wrong{"spec: {version: \"v8 5\"}", R"(spec.version: "v8 5": must be a tag of the DM image, such as "v8.5.7")"},
    Wrong{"spec: {environment: prod}", R"(spec.environment: "prod": must be one of "production", "development")"},
    Wrong{"spec: {environment: Production}", R"(spec.environment: "Production": must be one of "production", "development": did you mean "production"?)"},
    Wrong{"spec: {paused: \"yes\"}", R"(spec.paused: "yes": must be true or false, without quotes)"},
    Wrong{"spec: {master: {baseImage: \"pingcap/dm:v8.5.7\"}}",
          R"(spec.master.baseImage: "pingcap/dm:v8.5.7": must not carry a tag: the version is added to it, so write the tag in version)"},
    Wrong{"spec: {upstreams: [{name: a}, {name: a}]}", R"(spec.upstreams[a]: "a": is listed twice: keep one entry of that name)"},
    Wrong{"spec: {upstreams: [{dataSize: 1Gi}]}", "spec.upstreams[0].name: Required: every entry needs a name"},
    Wrong{"spec: {upstreams: [orders]}", R"(spec.upstreams[0]: "orders": must be an object with a name)"},
    Wrong{"spec: {upstreams: [{name: orders, dataSize: 5TB}]}", R"(spec.upstreams[orders].dataSize: "5TB": must be a quantity such as "500Gi")"},
    Wrong{"spec: {upstreams: {name: a}}", R"(spec.upstreams: "{"name":"a"}": must be a list, not an object)"},
    Wrong{"spec: {master: [1]}", R"(spec.master: "[1]": must be an object, not a list)"},
    Wrong{"spec: {master: {config: 5}}", R"(spec.master.config: "5": must be TOML text, or an object of the same keys)"},
    Wrong{"spec: {master: {dataSubDir: ../x}}",
          R"(spec.master.dataSubDir: "../x": must be a path below the volume, such as "data": letters, digits, ".", "_", "-" and "/", not beginning with "/" and without "..")"},
    Wrong{"spec: {worker: {dataDirs: {relay: a, dump: a}}}", R"(spec.worker.dataDirs.dump: "a": must differ from relay: DM empties the dump directory before a dump)"},
    Wrong{"spec: {monitor: {external: true, replicas: 1}}", R"(spec.monitor.replicas: "1": has no meaning beside external: true: remove one of the two)"},
    Wrong{"spec: {monitor: {retention: forever}}", R"(spec.monitor.retention: "forever": must be a time such as "15d" or "12h")"},
    Wrong{"spec: {monitor: {alertmanagers: [\"http://am:9093\"]}}",
          R"(spec.monitor.alertmanagers[0]: "http://am:9093": must be a host name or IPv4 address and a port, without http://, such as "alertmanager.monitoring.svc:9093")"},
    Wrong{"spec: {monitor: {alertmanagers: [\"am:0\"]}}",
          R"(spec.monitor.alertmanagers[0]: "am:0": must be a host name or IPv4 address and a port, without http://, such as "alertmanager.monitoring.svc:9093")"},
    Wrong{"spec: {monitor: {external: true, alertmanagers: [\"am:9093\"]}}",
          R"(spec.monitor.alertmanagers: "["am:9093"]": has no meaning beside external: true: remove one of the two)"},
    Wrong{"spec: {tlsCluster: {issuer: {}}}", R"(spec.tlsCluster.issuer: "{}": must hold exactly one of selfSigned and certManager)"},
    Wrong{"spec: {updatePolicy: {failoverPeriod: 5}}", R"(spec.updatePolicy.failoverPeriod: "5": must be text: put it in quotes, "5")"},
    Wrong{"spec: {updatePolicy: {failoverPeriod: 1s}}", R"(spec.updatePolicy.failoverPeriod: "1s": must be a time between 30s and 24h, such as "5m")"},
    Wrong{"spec: {labels: {team: 7}}", R"(spec.labels[team]: "7": must be text: put it in quotes)"},
    Wrong{"spec: {labels: {team: a b}}",
          R"(spec.labels[team]: "a b": must be at most 63 letters, digits, "-", "_" or ".", beginning and ending with a letter or digit)"},
    Wrong{"spec: {tlsClientSecretNames: [config]}",
          R"(spec.tlsClientSecretNames[0]: "config": is the name of a volume that the operator mounts: rename the Secret)"},
    Wrong{"spec: {tlsClientSecretNames: [a, a]}", R"(spec.tlsClientSecretNames[1]: "a": is listed twice)"},
    Wrong{"spec: {master: {additionalContainers: [{name: side}]}}",
          "spec.master.additionalContainers[side].image: Required: every additional container needs an image"},
    Wrong{"spec: {master: {additionalVolumes: [{name: config}]}}",
          R"(spec.master.additionalVolumes[config]: "config": is the name of a volume that the operator mounts: choose another)"},
    Wrong{"spec: {worker: {additionalVolumeMounts: [{name: config, mountPath: /var/lib/dm-worker}]}}",
          R"(spec.worker.additionalVolumeMounts[/var/lib/dm-worker]: "/var/lib/dm-worker": is where the operator mounts its own volume: choose another path)"},
    Wrong{"spec: {affinity: {podAntiAffinty: {}}}",
          R"(spec.affinity.podAntiAffinty: "{}": is no field that Kubernetes knows, and it would refuse the pods: did you mean "podAntiAffinity"?)"},
    Wrong{"spec: {tolerations: [{key: a, efect: NoSchedule}]}",
          R"(spec.tolerations[0].efect: "NoSchedule": is no field that Kubernetes knows, and it would refuse the pods: did you mean "effect"?)"},
    Wrong{"spec: {worker: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpression: []}]}}}}}",
          R"(spec.worker.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpression: "[]": is no field that Kubernetes knows, and it would refuse the pods: did you mean "matchExpressions"?)"},
    Wrong{"spec: {worker: {env: [{name: PORT, value: 8080}]}}", R"(spec.worker.env[0].value: "8080": must be text: put it in quotes, "8080")"},
    Wrong{"spec: {podSecurityContext: {runAsUser: \"1000\"}}", R"(spec.podSecurityContext.runAsUser: "1000": must be a whole number, without quotes)"},
    Wrong{"spec: {podSecurityContext: {supplementalGroups: [a]}}", R"(spec.podSecurityContext.supplementalGroups[0]: "a": must be a whole number, without quotes)"},
    Wrong{"spec: {master: {additionalContainers: [{name: s, image: b, command: sleep 1}]}}",
          R"(spec.master.additionalContainers[s].command: "sleep 1": must be a list, each entry on a line of its own that begins with "- ")"},
    Wrong{"spec: {master: {additionalContainers: [{name: s, image: b, args: [a, 7]}]}}",
          R"(spec.master.additionalContainers[s].args[1]: "7": must be text: put it in quotes, "7")"},
    Wrong{"spec: {master: {additionalContainers: [{name: s, image: b, ports: [{containerPort: \"80\"}]}]}}",
          R"(spec.master.additionalContainers[s].ports[0].containerPort: "80": must be a whole number, without quotes)"},
    Wrong{"spec: {master: {additionalContainers: [{name: s, image: b, resources: {requests: {cpu: some}}}]}}",
          R"(spec.master.additionalContainers[s].resources.requests.cpu: "some": must be a quantity such as "1" or "1Gi")"},
    Wrong{"spec: {master: {additionalVolumes: [{name: v, configMap: {nam: z}}]}}",
          R"(spec.master.additionalVolumes[v].configMap.nam: "z": is no field that Kubernetes knows, and it would refuse the pods: did you mean "name"?)"},
    Wrong{"spec: {master: {additionalVolumeMounts: [{name: lost, mountPath: /x}]}}",
          R"(spec.master.additionalVolumeMounts[/x].name: "lost": is the name of no volume: add it to spec.master.additionalVolumes, or mount one that is there)"},
    Wrong{"spec: {tlsClientSecretNames: [mysql], worker: {additionalVolumes: [{name: mysql, emptyDir: {}}]}}",
          "spec.worker.additionalVolumes[mysql]: mysql is the name of a Secret in spec.tlsClientSecretNames too, which is mounted under it: choose another"},
    Wrong{"spec: {master: {claims: [{name: gpu}]}}",
          R"(spec.master.claims: "[{"name":"gpu"}]": names resource claims of the pod, and DM's pods have none: Kubernetes would refuse them; remove it)"},
    Wrong{"spec: {priorityClassName: Bad Name}", R"(spec.priorityClassName: "Bad Name": must be the name of an object: lower-case letters, digits, "-" and ".")"},
    Wrong{"spec: {master: {service: {labels: {x y: z}}}}",
          R"(spec.master.service.labels[x y]: "x y": is no legal key: [prefix/]name, the name at most 63 letters, digits, "-", "_" or ".")"},
    Wrong{"spec: {master: {service: {clusterIP: 999.1.1.1}}}", R"(spec.master.service.clusterIP: "999.1.1.1": must be an IP address, such as "10.0.0.7")"},
    Wrong{"spec: {master: {service: {loadBalancerSourceRanges: [10.0.0.0/33]}}}",
          R"(spec.master.service.loadBalancerSourceRanges[0]: "10.0.0.0/33": must be a network, such as "10.0.0.0/8")"},
    Wrong{"spec: {worker: {env: [{value: x}]}}", "spec.worker.env[0].name: Required: every variable needs a name"},
    Wrong{"spec: {worker: {env: [x]}}", R"(spec.worker.env[0]: "x": must be an object, not text)"},
    Wrong{"spec: {master: {service: {type: ExternalName}}}",
          R"(spec.master.service.type: "ExternalName": must be one of "ClusterIP", "NodePort", "LoadBalancer")"},
    Wrong{"metadata: {name: My_Cluster}",
          R"(metadata.name: "My_Cluster": must begin with a lower-case letter and hold at most 63 lower-case letters, digits or "-": Services and DNS names of the members are made from it)"},
    Wrong{"metadata: {name: null}", "metadata.name: Required: give the cluster a name"},
    Wrong{"kind: TidbCluster", R"(kind: "TidbCluster": must be "DMCluster")"},
    Wrong{"spec: null", "spec: Required: say what is wanted: at least version, master and worker"}));

class DecodeUnknown : public testing::TestWithParam<Wrong> {};

TEST_P(DecodeUnknown, IsToldWithAHint) {
  const Decoded decoded = Decode(Cluster(GetParam().patch));
  EXPECT_EQ(Texts(decoded.unknown), GetParam().says + "\n");
  EXPECT_EQ(Texts(decoded.problems), "");
}

INSTANTIATE_TEST_SUITE_P(Table, DecodeUnknown, testing::Values(
    Wrong{"spec: {worker: {replica: 3}}", R"(spec.worker.replica: "3": unknown field: did you mean "replicas"?)"},
    Wrong{"spec: {worker: {storage-size: 1Gi}}", R"(spec.worker.storage-size: "1Gi": unknown field: did you mean "storageSize"?)"},
    Wrong{"spec: {worker: {resources: {requests: {cpu: 8}}}}",
          R"(spec.worker.resources: "{"requests":{"cpu":8}}": unknown field: write its requests and limits directly under spec.worker)"},
    Wrong{"spec: {colour: red}", R"(spec.colour: "red": unknown field, has no effect)"},
    Wrong{"spec: {master: {additionalContainers: [{name: s, image: b, fluxCompensator: [x]}]}}",
          R"(spec.master.additionalContainers[s].fluxCompensator: "["x"]": unknown field: a Kubernetes that does not know it either refuses the pods)"},
    Wrong{"spec: {upstreams: [{name: a, size: 1Gi}]}", R"(spec.upstreams[a].size: "1Gi": unknown field, has no effect)"},
    Wrong{"spec: {labels: {app.kubernetes.io/component: x}}",
          R"(spec.labels[app.kubernetes.io/component]: "x": is set by the operator, has no effect)"}));

TEST(Decode, EverythingAtOnce) {
  const Decoded decoded = Decode(Cluster("spec: {version: 8, master: {replicas: x, storageSize: y}, worker: {requests: {cpu: z, memory: z}}}"));
  EXPECT_EQ(decoded.problems.size(), 5u) << Texts(decoded.problems);
}

TEST(Decode, OfTwoVariablesTheLaterCounts) {
  EXPECT_EQ(Texts(Decode(Cluster("spec: {worker: {env: [{name: A, value: x}, {name: A, value: z}]}}")).problems), "");
}

// As v1 took it, and as the API server stores what says nothing.
TEST(Decode, EmptyTextsAreAbsent) {
  const Decoded decoded = Decode(Cluster("spec: {imagePullPolicy: \"\", dnsPolicy: \"\", timezone: \"\", schedulerName: \"\", master: {version: \"\", service: {type: \"\", "
                                         "portName: \"\", clusterIP: \"\"}}}"));
  EXPECT_EQ(Texts(decoded.problems), "");
  EXPECT_EQ(decoded.cluster.timezone, "UTC");
  EXPECT_EQ(decoded.cluster.ImageOf(Role::kMaster), decoded.cluster.ImageOf(Role::kWorker));
}

// What Kubernetes takes: alike arguments, ports by name, numbers as amounts, claims of any kind of volume.
TEST(Decode, SoundPartsOfPodsPass) {
  const Decoded decoded = Decode(Cluster(
      "spec: {tolerations: [{operator: Exists, tolerationSeconds: 30}], "
      "affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: zone, labelSelector: "
      "{matchExpressions: [{key: a, operator: In, values: [b]}]}}}]}}, "
      "worker: {envFrom: [{secretRef: {name: s, optional: true}}], env: [{name: A}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}], "
      "additionalVolumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, expirationSeconds: 600}}]}}, {name: e, emptyDir: {sizeLimit: 1Gi}}, "
      "{name: o, flexVolume: {driver: x, options: {a: b}}}], additionalVolumeMounts: [{name: v, mountPath: /v, readOnly: true}], "
      "additionalContainers: [{name: s, image: i, args: [a, a], ports: [{name: p, containerPort: 80}], livenessProbe: {httpGet: {port: p}}, "
      "readinessProbe: {tcpSocket: {port: 80}}, resources: {limits: {cpu: 1, memory: 1Gi}}, securityContext: {runAsUser: 7, capabilities: {drop: [ALL]}}}]}}"));
  EXPECT_EQ(Texts(decoded.problems), "");
  EXPECT_EQ(Texts(decoded.unknown), "");
}

TEST(Decode, NeverFails) {
  for (const Json& input : {Json(), Json(1), Json("x"), Json::array(), Json::object(), Json::parse(R"({"spec": {}})"),
                            Json::parse(R"({"metadata": 3, "spec": {"master": {"config": {"a": null}}, "upstreams": 1, "env": 1}})")}) {
    EXPECT_FALSE(Decode(input).problems.empty()) << input.dump();
  }
}

}  // namespace
}  // namespace dm

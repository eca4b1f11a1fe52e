#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "kube/apply.h"

namespace dm::kube {
namespace {

using base::Json;

struct Row {
  const char* name;
  const char* desired;
  const char* live;
  const char* difference;  // "": covered
};

class CoverTable : public ::testing::TestWithParam<Row> {};

TEST_P(CoverTable, SaysWhatDiffers) {
  const Row& row = GetParam();
  const Json desired = Json::parse(row.desired), live = Json::parse(row.live);
  EXPECT_EQ(FirstDifference(desired, live), row.difference);
  EXPECT_EQ(LiveCovers(desired, live), std::string(row.difference).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Apply, CoverTable,
    ::testing::Values(
        Row{"Same", R"({"a":{"b":[1,"x",true]}})", R"({"a":{"b":[1,"x",true]}})", ""},
        Row{"OnlyInLive", R"({"spec":{"a":1}})", R"({"spec":{"a":1,"defaulted":2},"status":{"x":1}})", ""},
        Row{"Changed", R"({"spec":{"replicas":3}})", R"({"spec":{"replicas":2}})", "spec.replicas: wants 3, is 2"},
        Row{"Missing", R"({"spec":{"x":{"y":"z"}}})", R"({"spec":{}})", R"(spec.x: wants {"y":"z"}, is missing)"},
        Row{"AnotherKind", R"({"spec":{"x":1}})", R"({"spec":"text"})", R"(spec: wants {"x":1}, is "text")"},
        Row{"NumbersByValue", R"({"x":1})", R"({"x":1.0})", ""},
        Row{"TextIsNoNumber", R"({"targetPort":"80"})", R"({"targetPort":80})", R"(targetPort: wants "80", is 80)"},
        Row{"KeysWithDots", R"({"metadata":{"labels":{"a.b/c":"1"}}})", R"({"metadata":{"labels":{"a.b/c":"2"}}})",
            R"(metadata.labels[a.b/c]: wants "1", is "2")"},
        // what the server does not store
        Row{"NullIsAbsent", R"({"metadata":{"creationTimestamp":null},"x":null})", R"({"metadata":{},"x":5})", ""},
        Row{"EmptyListIsAbsent", R"({"spec":{"args":[]}})", R"({"spec":{}})", ""},
        Row{"EmptyListIsNotAFullOne", R"({"spec":{"args":[]}})", R"({"spec":{"args":["x"]}})",
            "spec.args: wants 0 elements, has 1"},
        Row{"EmptyMapIsAbsent", R"({"metadata":{"labels":{}}})", R"({"metadata":{}})", ""},
        Row{"EmptyStructSaysSomething", R"({"emptyDir":{}})", R"({"hostPath":{"path":"/"}})",
            "emptyDir: wants {}, is missing"},
        Row{"FalseThatIsNotStored", R"({"hostNetwork":false})", R"({})", ""},
        Row{"FalseAgainstTrue", R"({"hostNetwork":false})", R"({"hostNetwork":true})",
            "hostNetwork: wants false, is true"},
        Row{"TrueThatIsMissing", R"({"hostNetwork":true})", R"({})", "hostNetwork: wants true, is missing"},
        Row{"FalseThatCounts", R"({"automountServiceAccountToken":false})", R"({})",
            "automountServiceAccountToken: wants false, is missing"},
        Row{"ZeroThatCounts", R"({"replicas":0})", R"({})", "replicas: wants 0, is missing"},
        Row{"EmptyValueOfEnv", R"({"env":[{"name":"A","value":""}]})", R"({"env":[{"name":"A"}]})", ""},
        Row{"EmptyClassCounts", R"({"storageClassName":""})", R"({})", R"(storageClassName: wants "", is missing)"},
        Row{"NoDelayOfAProbe", R"({"readinessProbe":{"initialDelaySeconds":0}})", R"({"readinessProbe":{"periodSeconds":10}})", ""},
        Row{"NoEffectOfAToleration", R"({"tolerations":[{"key":"a","effect":"","operator":"Exists"}]})",
            R"({"tolerations":[{"key":"a","operator":"Exists"}]})", ""},
        Row{"NoKeyOfAToleration", R"({"tolerations":[{"key":"","operator":"Exists"}]})", R"({"tolerations":[{"operator":"Exists"}]})", ""},
        Row{"NoMediumOfAFolder", R"({"emptyDir":{"medium":""}})", R"({"emptyDir":{}})", ""},
        Row{"NoPortOfTheHost", R"({"ports":[{"containerPort":1,"hostPort":0,"hostIP":"","name":""}]})",
            R"({"ports":[{"containerPort":1,"protocol":"TCP"}]})", ""},
        Row{"NoHostOfAProbe", R"({"httpGet":{"host":"","scheme":"","path":""}})", R"({"httpGet":{"scheme":"HTTP","path":"/"}})", ""},
        Row{"ZeroThatIsADefault", R"({"livenessProbe":{"timeoutSeconds":0}})", R"({"livenessProbe":{"timeoutSeconds":1}})", ""},
        Row{"AnotherNumberThanTheDefault", R"({"livenessProbe":{"timeoutSeconds":2}})", R"({"livenessProbe":{"timeoutSeconds":1}})",
            "livenessProbe.timeoutSeconds: wants 2, is 1"},
        Row{"DelayAgainstNone", R"({"readinessProbe":{"initialDelaySeconds":0}})", R"({"readinessProbe":{"initialDelaySeconds":5}})",
            "readinessProbe.initialDelaySeconds: wants 0, is 5"},
        Row{"AnEmptyLabelIsStored", R"({"labels":{"role":""}})", R"({"labels":{}})", R"(labels.role: wants "", is missing)"},
        // quantities
        Row{"QuantityByValue", R"({"resources":{"requests":{"memory":"8Gi","cpu":"1"},"limits":{"cpu":"1500m"}}})",
            R"({"resources":{"requests":{"memory":"8589934592","cpu":"1000m"},"limits":{"cpu":"1.5"}}})", ""},
        Row{"QuantityAsNumber", R"({"requests":{"cpu":2}})", R"({"requests":{"cpu":"2"}})", ""},
        Row{"QuantityDiffers", R"({"requests":{"storage":"8Gi"}})", R"({"requests":{"storage":"8G"}})",
            R"(requests.storage: wants "8Gi", is "8G")"},
        Row{"SizeLimit", R"({"emptyDir":{"sizeLimit":"1Gi"}})", R"({"emptyDir":{"sizeLimit":"1024Mi"}})", ""},
        Row{"ElsewhereTextIsText", R"({"data":{"memory":"1Gi"},"x":"1000m"})", R"({"data":{"memory":"1Gi"},"x":"1"})",
            R"(x: wants "1000m", is "1")"},
        Row{"NoQuantityIsCompared", R"({"requests":{"cpu":"lots"}})", R"({"requests":{"cpu":"many"}})",
            R"(requests.cpu: wants "lots", is "many")"},
        // lists
        Row{"AtomicInOrder", R"({"args":["a","b"]})", R"({"args":["b","a"]})", R"(args[0]: wants "a", is "b")"},
        Row{"AtomicLonger", R"({"args":["a"]})", R"({"args":["a","b"]})", "args: wants 1 elements, has 2"},
        Row{"AtomicObjectsAreCovered", R"({"tolerations":[{"key":"a"}]})",
            R"({"tolerations":[{"key":"a","operator":"Equal"}]})", ""},
        Row{"KeyedWithMoreInLive", R"({"containers":[{"name":"dm","image":"i"}]})",
            R"({"containers":[{"name":"sidecar"},{"name":"dm","image":"i","imagePullPolicy":"Always"}]})", ""},
        Row{"KeyedMissing", R"({"containers":[{"name":"dm"},{"name":"x"}]})", R"({"containers":[{"name":"dm"}]})",
            R"(containers[x]: wants {"name":"x"}, is missing)"},
        Row{"KeyedDiffers", R"({"containers":[{"name":"dm","image":"v2"}]})",
            R"({"containers":[{"name":"dm","image":"v1"}]})", R"(containers[dm].image: wants "v2", is "v1")"},
        Row{"KeyedOrderMatters", R"({"env":[{"name":"A"},{"name":"B"}]})", R"({"env":[{"name":"B"},{"name":"A"}]})",
            R"(env[B]: wants {"name":"B"}, is missing)"},
        Row{"PortsOfAContainer", R"({"ports":[{"containerPort":8261,"name":"api"}]})",
            R"({"ports":[{"containerPort":8261,"name":"api","protocol":"TCP"}]})", ""},
        Row{"PortsOfAService", R"({"ports":[{"port":8261,"targetPort":8261}]})",
            R"({"ports":[{"port":8261,"protocol":"UDP"},{"port":8261,"protocol":"TCP","targetPort":8261}]})", ""},
        Row{"PortProtocolCounts", R"({"ports":[{"port":53,"protocol":"UDP"}]})",
            R"({"ports":[{"port":53,"protocol":"TCP"}]})",
            R"(ports[53,UDP]: wants {"port":53,"protocol":"UDP"}, is missing)"},
        Row{"OwnersByUid", R"({"metadata":{"ownerReferences":[{"uid":"u","controller":true}]}})",
            R"({"metadata":{"ownerReferences":[{"uid":"v"},{"uid":"u","controller":true,"name":"x"}]}})", ""},
        Row{"FinalizersAreASet", R"({"metadata":{"finalizers":["a"]}})", R"({"metadata":{"finalizers":["b","a"]}})",
            ""},
        Row{"FinalizerMissing", R"({"metadata":{"finalizers":["a"]}})", R"({"metadata":{"finalizers":["b"]}})",
            R"(metadata.finalizers: wants "a", is missing)"},
        Row{"VolumesByName", R"({"volumes":[{"name":"d","emptyDir":{}}]})",
            R"({"volumes":[{"name":"d","hostPath":{"path":"/"}}]})", "volumes[d].emptyDir: wants {}, is missing"},
        // nothing of a Secret is told
        Row{"SecretHidesValues", R"({"kind":"Secret","data":{"tls.key":"c2VjcmV0"}})",
            R"({"kind":"Secret","data":{"tls.key":"b3RoZXI="}})", "data[tls.key]: differs"},
        Row{"SecretHidesMissing", R"({"kind":"Secret","data":{"k":"c2VjcmV0"}})", R"({"kind":"Secret"})",
            "data: is missing"},
        Row{"ConfigMapHidesText", R"({"kind":"ConfigMap","data":{"c":"a"}})",
            R"({"kind":"ConfigMap","data":{"c":"b"}})", "data.c: differs"},
        Row{"ElsewhereItIsShown", R"({"kind":"Secret","type":"a"})", R"({"kind":"Secret","type":"b"})",
            R"(type: wants "a", is "b")"}),
    [](const auto& row) { return row.param.name; });

TEST(Cover, LongValuesAreCut) {
  const std::string difference = FirstDifference(Json{{"x", std::string(5000, 'a')}}, Json{{"x", "b"}});
  EXPECT_LT(difference.size(), 200u);
}

}  // namespace
}  // namespace dm::kube

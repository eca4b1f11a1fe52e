// Every parser of the room gets whole objects in which each value, one after the other, is replaced by every kind of
// JSON: it must answer (a value, or kInvalid with a message), never throw.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "kube/api/conditions.h"
#include "kube/api/namespace.h"
#include "kube/api/node.h"
#include "kube/api/pod_spec.h"
#include "kube/api/storage_class.h"

namespace dm::kube::api {
namespace {

using base::Json;

const Json& Everything() {
  static const Json object = Json::parse(R"({
    "metadata":{"name":"x","namespace":"ns","uid":"u","resourceVersion":"1","generation":1,"creationTimestamp":"t",
      "deletionTimestamp":"t","labels":{"a":"b"},"annotations":{"a":"b"},
      "ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n","uid":"u","controller":true}]},
    "provisioner":"p","parameters":{"a":"b"},"volumeBindingMode":"Immediate","reclaimPolicy":"Delete","allowVolumeExpansion":true,
    "matchLabels":{"a":"b"},"matchExpressions":[{"key":"a","operator":"In","values":["b"]}],
    "key":"a","operator":"In","values":["b"],
    "spec":{"unschedulable":false,"taints":[{"key":"a","value":"b","effect":"NoSchedule"}],
      "containers":[{"name":"c","image":"i","restartPolicy":"Always",
        "resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1","memory":"1Gi"}}}],
      "initContainers":[{"name":"c","image":"i","restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}}],
      "overhead":{"cpu":"1","memory":"1"},"resources":{"requests":{"cpu":"1","memory":"1"}},
      "nodeSelector":{"a":"b"},"nodeName":"n","schedulerName":"s",
      "tolerations":[{"key":"a","operator":"Equal","value":"b","effect":"NoSchedule"}],
      "topologySpreadConstraints":[{"topologyKey":"z","maxSkew":1,"minDomains":1,"whenUnsatisfiable":"DoNotSchedule",
        "labelSelector":{"matchLabels":{"a":"b"}},"matchLabelKeys":["a"]}],
      "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
          {"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}],"matchFields":[{"key":"a","operator":"Exists"}]}]}},
        "podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"z","namespaces":["a"],
          "namespaceSelector":{"matchLabels":{"a":"b"}},"labelSelector":{"matchExpressions":[{"key":"a","operator":"Exists"}]}}]},
        "podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"z","mismatchLabelKeys":["a"]}]}}},
    "status":{"phase":"Running","podIP":"1","reason":"r",
      "allocatable":{"cpu":"1","memory":"1","pods":"1"},
      "nodeInfo":{"osImage":"o","kernelVersion":"k","operatingSystem":"linux","architecture":"amd64","kubeletVersion":"v"},
      "addresses":[{"type":"InternalIP","address":"1"}],
      "conditions":[{"type":"Ready","status":"True"},{"type":"PodScheduled","status":"False","message":"m"}],
      "containerStatuses":[{"restartCount":1,"state":{"waiting":{"reason":"r","message":"m"}}}],
      "initContainerStatuses":[{"restartCount":1,"state":{"waiting":{"reason":"r","message":"m"}}}]}})");
  return object;
}

// Calls `at` for every value below `value`, itself included.
void Visit(Json& value, const std::function<void(Json&)>& at) {
  if (value.is_structured()) {
    for (Json& child : value) Visit(child, at);
  }
  at(value);
}

template <class T>
void Check(const char* name, const base::Result<T>& result, const Json& object) {
  if (result) return;
  EXPECT_EQ(result.error().code, base::Code::kInvalid) << name;
  EXPECT_FALSE(result.error().message.empty()) << name << object;
}

int ParseAll(const Json& object) {
  int good = 0;
  const auto count = [&](const char* name, const auto& result) {
    Check(name, result, object);
    good += result ? 1 : 0;
  };
  count("ObjectMeta", ParseObjectMeta(object));
  count("Namespace", ParseNamespace(object));
  count("StorageClass", ParseStorageClass(object));
  count("Node", ParseNode(object));
  count("Pod", ParsePod(object));
  count("PodSpec", ParsePodSpec(object));
  count("LabelSelector", ParseLabelSelector(object));
  count("Requirement", ParseRequirement(object));
  if (const auto spec = ParsePodSpec(object)) {   // what was read can be used
    (void)spec->TotalCpu();
    (void)spec->TotalMemory();
    const auto node = ParseNode(object);
    if (node) (void)spec->SelectsNode(*node), (void)spec->UntoleratedTaint(*node);
  }
  const Json* status = base::Find(object, "status");
  const auto conditions = ParseConditions(status == nullptr ? nullptr : base::Find(*status, "conditions"));
  (void)ToJson(conditions);
  return good;
}

constexpr int kParsers = 8;

TEST(AnyKind, TheObjectItselfIsGoodForAll) { EXPECT_EQ(ParseAll(Everything()), kParsers); }

TEST(AnyKind, EveryKindAtEveryPlaceIsAnswered) {
  const std::vector<Json> kinds = {Json(), true, 0, -1, std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::uint64_t>::max(), 1.5, -1e300, "", "text", "\xFF", "-1e99999",
                                   Json::array(), Json::array({1, nullptr, "s", Json::object()}), Json::object(),
                                   Json::object({{"", nullptr}}), Json::object({{"cpu", Json::array()}})};
  Json object = Everything();
  int places = 0;
  int refused = 0;
  Visit(object, [&](Json& place) {
    ++places;
    const Json before = place;
    for (const Json& kind : kinds) {
      place = kind;
      refused += kParsers - ParseAll(object);
    }
    place = before;
  });
  EXPECT_EQ(object, Everything());
  EXPECT_GT(places, 150);
  EXPECT_GT(refused, places);   // the parsers do look
}

}  // namespace
}  // namespace dm::kube::api

#include "kube/api/object_meta.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kube/api/namespace.h"
#include "kube/api/storage_class.h"

namespace dm::kube::api {
namespace {

using base::Json;

TEST(ObjectMeta, ReadsWhatTheHouseUses) {
  const auto meta = ParseObjectMeta(Json::parse(R"({"metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"17",
      "generation":3,"creationTimestamp":"2026-11-24T18:10:09Z","labels":{"l":"1"},"annotations":{"x":"y"},
      "managedFields":[{"manager":"kubectl"}],
      "ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"1"},
                         {"apiVersion":"apps/v1","kind":"StatefulSet","name":"s","uid":"2","controller":true}]}})"));
  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_EQ(meta->Key(), "ns/a");
  EXPECT_EQ(meta->uid, "u");
  EXPECT_EQ(meta->resource_version, "17");
  EXPECT_EQ(meta->generation, 3);
  EXPECT_EQ(meta->creation_timestamp, "2026-11-24T18:10:09Z");
  EXPECT_FALSE(meta->BeingDeleted());
  EXPECT_EQ(meta->labels, (Labels{{"l", "1"}}));
  EXPECT_EQ(meta->Annotation("x"), "y");
  EXPECT_EQ(meta->Annotation("absent"), "");
  ASSERT_EQ(meta->owners.size(), 2u);
  ASSERT_NE(meta->Controller(), nullptr);
  EXPECT_EQ(*meta->Controller(), (OwnerReference{"apps/v1", "StatefulSet", "s", "2", true}));
}

TEST(ObjectMeta, NullFieldsAreAbsentOnes) {
  const auto meta = ParseObjectMeta(Json::parse(
      R"({"metadata":{"name":"a","creationTimestamp":null,"labels":null,"annotations":null,"ownerReferences":null}})"));
  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_EQ(meta->Key(), "a");
  EXPECT_EQ(meta->creation_timestamp, "");
  EXPECT_EQ(meta->Controller(), nullptr);
  const auto deleted = ParseObjectMeta(Json::parse(R"({"metadata":{"name":"a","deletionTimestamp":"2026-11-24T18:10:09Z"}})"));
  EXPECT_TRUE(deleted.value().BeingDeleted());
}

TEST(ObjectMeta, MalformedOnesNameTheField) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{}", "metadata.name must be the name of the object, but is missing"},
      {R"({"metadata":{"name":""}})", "metadata.name must be the name of the object, but is \"\""},
      {R"({"metadata":{"name":5}})", "metadata.name must be a string, but is 5"},
      {R"({"metadata":"x"})", "metadata must be an object, but is \"x\""},
      {R"({"metadata":{"name":"a","labels":{"k":1}}})", "metadata.labels.k must be a string, but is 1"},
      {R"({"metadata":{"name":"a","generation":"1"}})", "metadata.generation must be an integer, but is \"1\""},
      {R"({"metadata":{"name":"a","generation":1.5}})", "metadata.generation must be an integer, but is 1.5"},
      {R"({"metadata":{"name":"a","ownerReferences":{}}})", "metadata.ownerReferences must be a list, but is an object"},
      {R"({"metadata":{"name":"a","ownerReferences":[{},null]}})",
       "metadata.ownerReferences[1] must be an object, but is null"},
      {R"({"metadata":{"name":"a","ownerReferences":[{"controller":"yes"}]}})",
       "metadata.ownerReferences[0].controller must be true or false, but is \"yes\""},
      {"7", "the object must be an object, but is 7"},
  };
  for (const auto& [json, message] : rows) {
    const auto meta = ParseObjectMeta(Json::parse(json));
    ASSERT_FALSE(meta) << json;
    EXPECT_EQ(meta.error().code, base::Code::kInvalid);
    EXPECT_EQ(meta.error().message, message);
  }
}

TEST(ParseLabels, LeavesOutWhatIsNoString) {
  const Json labels = Json::parse(R"({"a":"1","b":2,"c":null})");
  EXPECT_EQ(ParseLabels(&labels), (Labels{{"a", "1"}}));
  EXPECT_EQ(ParseLabels(nullptr), Labels{});
  const Json list = Json::array();
  EXPECT_EQ(ParseLabels(&list), Labels{});
}

TEST(Namespace, IsItsMetadata) {
  EXPECT_EQ(ParseNamespace(Json::parse(R"({"metadata":{"name":"prod","labels":{"env":"production"}}})")).value().meta.labels,
            (Labels{{"env", "production"}}));
  EXPECT_FALSE(ParseNamespace(Json::object()));
}

TEST(StorageClass, ReadsFieldsAndTheirDefaults) {
  const auto plain = ParseStorageClass(Json::parse(R"({"metadata":{"name":"a"},"provisioner":"ebs.csi.aws.com"})"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->provisioner, "ebs.csi.aws.com");
  EXPECT_EQ(plain->volume_binding_mode, "Immediate");
  EXPECT_EQ(plain->reclaim_policy, "Delete");
  EXPECT_FALSE(plain->allow_volume_expansion);
  EXPECT_FALSE(plain->IsDefault());
  const auto full = ParseStorageClass(Json::parse(R"({"metadata":{"name":"a"},"provisioner":"p","parameters":{"type":"gp3"},
      "volumeBindingMode":"WaitForFirstConsumer","reclaimPolicy":"Retain","allowVolumeExpansion":true})"));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->parameters, (Labels{{"type", "gp3"}}));
  EXPECT_EQ(full->volume_binding_mode, "WaitForFirstConsumer");
  EXPECT_EQ(full->reclaim_policy, "Retain");
  EXPECT_TRUE(full->allow_volume_expansion);
  const auto wrong = ParseStorageClass(Json::parse(R"({"metadata":{"name":"a"},"parameters":{"iops":3000}})"));
  EXPECT_EQ(wrong.error().message, "parameters.iops must be a string, but is 3000");
}

TEST(StorageClass, EitherAnnotationMarksTheDefault) {
  for (const char* key : {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}) {
    StorageClass storage;
    storage.meta.annotations[key] = "false";
    EXPECT_FALSE(storage.IsDefault()) << key;
    storage.meta.annotations[key] = "true";
    EXPECT_TRUE(storage.IsDefault()) << key;
  }
}

}  // namespace
}  // namespace dm::kube::api

#include "webhook/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/objects.h"
#include "webhook/testing/reviews.h"

namespace dm::webhook {
namespace {

using ::testing::HasSubstr;
using testing::ReviewJson;

std::variant<Review, BadReview> Parse(const base::Json& review, std::string_view type = "application/json") {
  return ParseReview(base::DumpJson(review), type);
}

TEST(ParseReview, TakesWhatMatters) {
  base::Json json = ReviewJson("UPDATE", app::testing::ClusterJson(), app::testing::ClusterJson());
  json["request"]["dryRun"] = true;
  const auto parsed = Parse(json, "application/json; charset=utf-8");
  ASSERT_TRUE(std::holds_alternative<Review>(parsed)) << std::get<BadReview>(parsed).message;
  const Review& review = std::get<Review>(parsed);
  EXPECT_EQ(review.uid, "705ab4f5-6393-11e8-b7cc-42010a800002");
  EXPECT_EQ(review.operation, Operation::kUpdate);
  EXPECT_EQ(review.target, Target::kCluster);
  EXPECT_EQ(review.ns, "shop");
  EXPECT_EQ(review.name, "orders");
  EXPECT_EQ(review.object_uid, "uid-orders");
  EXPECT_TRUE(review.dry_run);
  EXPECT_EQ(review.object["spec"]["version"], "v8.5.0");
  EXPECT_FALSE(review.old_object.is_null());
}

TEST(ParseReview, KnowsWhatItIsAskedAbout) {
  const struct {
    const char *group, *version, *resource, *subresource;
    Target target;
  } rows[] = {
      {"pingcap.com", "v1alpha1", "dmclusters", "", Target::kCluster},
      {"pingcap.com", "v1alpha1", "dmclusters", "scale", Target::kScale},
      {"pingcap.com", "v1alpha1", "dmclusters", "status", Target::kStatus},
      {"pingcap.com", "v1alpha1", "dmclusters", "exec", Target::kOther},
      {"pingcap.com", "v1alpha2", "dmclusters", "", Target::kOther},
      {"pingcap.com", "v1alpha1", "tidbclusters", "", Target::kOther},
      {"apps", "v1", "deployments", "", Target::kOther},
  };
  for (const auto& row : rows) {
    base::Json json = ReviewJson("CREATE", app::testing::ClusterJson());
    json["request"]["resource"] = {{"group", row.group}, {"version", row.version}, {"resource", row.resource}};
    json["request"]["subResource"] = row.subresource;
    const auto parsed = Parse(json);
    ASSERT_TRUE(std::holds_alternative<Review>(parsed)) << row.resource;
    EXPECT_EQ(std::get<Review>(parsed).target, row.target) << row.group << row.version << row.resource << row.subresource;
  }
}

TEST(ParseReview, AGeneratedNameIsUsedOrImagined) {
  base::Json object = app::testing::ClusterJson();
  object["metadata"].erase("name");
  object["metadata"].erase("namespace");
  object["metadata"]["generateName"] = "orders-";
  base::Json json = ReviewJson("CREATE", object);
  json["request"].erase("name");
  json["request"]["namespace"] = "shop";
  auto parsed = Parse(json);
  ASSERT_TRUE(std::holds_alternative<Review>(parsed));
  EXPECT_EQ(std::get<Review>(parsed).name, "orders-xxxxx");
  EXPECT_EQ(std::get<Review>(parsed).object["metadata"]["namespace"], "shop");
  json["request"]["object"]["metadata"]["name"] = "orders-x7x2p";
  parsed = Parse(json);
  EXPECT_EQ(std::get<Review>(parsed).name, "orders-x7x2p");
}

TEST(ParseReview, WhatIsNotJudgedIsNotKept) {
  for (const char* subresource : {"status", "exec"}) {
    base::Json json = ReviewJson("UPDATE", app::testing::ClusterJson(), app::testing::ClusterJson());
    json["request"]["subResource"] = subresource;
    const auto parsed = Parse(json);
    ASSERT_TRUE(std::holds_alternative<Review>(parsed));
    EXPECT_TRUE(std::get<Review>(parsed).object.is_null());
    EXPECT_TRUE(std::get<Review>(parsed).old_object.is_null());
  }
}

TEST(ParseReview, DeletionsNeedNoObject) {
  base::Json json = ReviewJson("DELETE", nullptr);
  EXPECT_TRUE(std::holds_alternative<Review>(Parse(json)));
  json["request"]["operation"] = "CONNECT";
  EXPECT_TRUE(std::holds_alternative<Review>(Parse(json)));
}

struct NonsenseRow {
  const char* name;
  std::string body;
  const char* type;
  int status;
  bool uid_known;
  const char* says;
};

std::string With(const char* pointer, base::Json value) {
  base::Json json = ReviewJson("CREATE", app::testing::ClusterJson());
  json[base::Json::json_pointer(pointer)] = std::move(value);
  return base::DumpJson(json);
}

std::string Without(const char* parent, const char* key, const char* operation = "CREATE") {
  base::Json json = ReviewJson(operation, app::testing::ClusterJson(), app::testing::ClusterJson());
  json[base::Json::json_pointer(parent)].erase(key);
  return base::DumpJson(json);
}

TEST(ParseReview, NonsenseIsNamed) {
  const char* json = "application/json";
  const std::string deep(100000, '[');
  std::string many = "{\"request\":[0";
  for (int i = 0; i < 300'000; ++i) many += ",{}";
  many += "]}";
  const NonsenseRow rows[] = {
      {"wrong type", With("/kind", "AdmissionReview"), "text/plain", 415, false, "expected application/json"},
      {"no type", With("/kind", "AdmissionReview"), "", 415, false, "expected application/json"},
      {"yaml", With("/kind", "AdmissionReview"), "application/yaml", 415, false, "'application/yaml'"},
      {"empty", "", json, 400, false, "empty"},
      {"no JSON", "hello", json, 400, false, "no AdmissionReview"},
      {"cut JSON", With("/kind", "AdmissionReview").substr(0, 200), json, 400, false, "no AdmissionReview"},
      {"two documents", With("/kind", "AdmissionReview") + "{}", json, 400, false, "no AdmissionReview"},
      {"too deep", deep, json, 400, false, "no AdmissionReview"},
      {"too many values", many, json, 400, false, "more than 300000 values"},
      {"no UTF-8", "{\"kind\":\"\xff\xfe\"}", json, 400, false, "no AdmissionReview"},
      {"array", "[]", json, 400, false, "no object"},
      {"null", "null", json, 400, false, "no object"},
      {"other version", With("/apiVersion", "admission.k8s.io/v1beta1"), json, 400, true, "admissionReviewVersions"},
      {"other kind", With("/kind", "ConversionReview"), json, 400, true, "expected admission.k8s.io/v1 AdmissionReview"},
      {"kind is a number", With("/kind", 7), json, 400, true, "expected admission.k8s.io/v1 AdmissionReview"},
      {"no request", Without("", "request"), json, 400, false, "request is missing"},
      {"request is a list", With("/request", base::Json::array()), json, 400, false, "request is missing"},
      {"no uid", Without("/request", "uid"), json, 400, false, "request.uid"},
      {"uid is a number", With("/request/uid", 5), json, 400, false, "request.uid"},
      {"uid with a newline", With("/request/uid", "a\nb"), json, 400, false, "request.uid"},
      {"uid without end", With("/request/uid", std::string(4096, 'a')), json, 400, false, "request.uid"},
      {"no operation", Without("/request", "operation"), json, 400, true, "request.operation"},
      {"other operation", With("/request/operation", "PATCH"), json, 400, true, "'PATCH'"},
      {"no object", Without("/request", "object"), json, 400, true, "request.object"},
      {"object is text", With("/request/object", "x"), json, 400, true, "request.object"},
      {"update without the old one", Without("/request", "oldObject", "UPDATE"), json, 400, true, "request.oldObject"},
  };
  for (const NonsenseRow& row : rows) {
    const auto parsed = ParseReview(row.body, row.type);
    ASSERT_TRUE(std::holds_alternative<BadReview>(parsed)) << row.name;
    const BadReview& bad = std::get<BadReview>(parsed);
    EXPECT_EQ(bad.status, row.status) << row.name;
    EXPECT_EQ(!bad.uid.empty(), row.uid_known) << row.name << ": " << bad.uid;
    EXPECT_THAT(bad.message, HasSubstr(row.says)) << row.name;
    EXPECT_LT(bad.message.size(), 600u) << row.name;
  }
}

TEST(ParseReview, OddInnardsAreNoFault) {
  // What the CRD's schema refuses anyway must not throw here.
  for (const char* pointer : {"/request/object/metadata", "/request/resource", "/request/name", "/request/namespace", "/request/dryRun",
                              "/request/subResource", "/request/object/spec", "/request/object/metadata/labels"}) {
    for (const base::Json& value : {base::Json(), base::Json(7), base::Json("x"), base::Json::array(), base::Json::object(), base::Json(true)}) {
      EXPECT_NO_THROW((void)ParseReview(With(pointer, value), "application/json")) << pointer << " = " << value.dump();
    }
  }
}

}  // namespace
}  // namespace dm::webhook

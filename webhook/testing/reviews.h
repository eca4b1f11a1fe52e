// AdmissionReviews as the API server sends them, for tests.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"

namespace dm::webhook::testing {

inline constexpr const char* kUid = "705ab4f5-6393-11e8-b7cc-42010a800002";

inline base::Json ReviewJson(const std::string& operation, const base::Json& object, const base::Json& old_object = nullptr,
                             const std::string& subresource = {}) {
  const base::Json& named = object.is_object() ? object : old_object;
  base::Json request{
      {"uid", kUid},
      {"kind", {{"group", "pingcap.com"}, {"version", "v1alpha1"}, {"kind", "DMCluster"}}},
      {"resource", {{"group", "pingcap.com"}, {"version", "v1alpha1"}, {"resource", "dmclusters"}}},
      {"requestKind", {{"group", "pingcap.com"}, {"version", "v1alpha1"}, {"kind", "DMCluster"}}},
      {"requestResource", {{"group", "pingcap.com"}, {"version", "v1alpha1"}, {"resource", "dmclusters"}}},
      {"operation", operation},
      {"userInfo", {{"username", "jane"}, {"groups", {"system:authenticated"}}}},
      {"object", object},
      {"oldObject", old_object},
      {"dryRun", false},
      {"options", {{"kind", "CreateOptions"}, {"apiVersion", "meta.k8s.io/v1"}}}};
  if (named.is_object()) {
    request["name"] = base::GetStringOr(named["metadata"], "name");
    request["namespace"] = base::GetStringOr(named["metadata"], "namespace");
  }
  if (!subresource.empty()) request["subResource"] = subresource;
  return {{"kind", "AdmissionReview"}, {"apiVersion", "admission.k8s.io/v1"}, {"request", request}};
}

inline base::Json ScaleJson(const std::string& ns, const std::string& name, int replicas) {
  base::Json spec = base::Json::object();
  if (replicas != 0) spec["replicas"] = replicas;   // Go leaves a zero out
  return {{"kind", "Scale"}, {"apiVersion", "autoscaling/v1"}, {"metadata", {{"name", name}, {"namespace", ns}, {"uid", "uid-" + name}}},
          {"spec", spec}};
}

inline base::Json ScaleReviewJson(const std::string& ns, const std::string& name, int from, int to) {
  base::Json review = ReviewJson("UPDATE", ScaleJson(ns, name, to), ScaleJson(ns, name, from), "scale");
  review["request"]["kind"] = {{"group", "autoscaling"}, {"version", "v1"}, {"kind", "Scale"}};
  return review;
}

}  // namespace dm::webhook::testing

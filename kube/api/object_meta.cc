// metadata from JSON.
#include "kube/api/object_meta.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kube/api/fields.h"

namespace dm::kube::api {

const OwnerReference* ObjectMeta::Controller() const {
  const auto found = std::find_if(owners.begin(), owners.end(), [](const OwnerReference& o) { return o.controller; });
  return found == owners.end() ? nullptr : &*found;
}

std::string ObjectMeta::Annotation(const std::string& key) const {
  const auto found = annotations.find(key);
  return found == annotations.end() ? std::string() : found->second;
}

base::Result<ObjectMeta> ParseObjectMeta(const base::Json& object) {
  FieldError error;
  const Fields root(&object, "", error);
  const Fields metadata = root.Object("metadata");
  ObjectMeta meta;
  meta.name = metadata.String("name");
  meta.ns = metadata.String("namespace");
  meta.uid = metadata.String("uid");
  meta.resource_version = metadata.String("resourceVersion");
  meta.generation = metadata.Int("generation");
  meta.creation_timestamp = metadata.String("creationTimestamp");
  meta.deletion_timestamp = metadata.String("deletionTimestamp");
  meta.labels = metadata.StringMap("labels");
  meta.annotations = metadata.StringMap("annotations");
  metadata.ForEach("ownerReferences", [&](const Fields& owner) {
    meta.owners.push_back({owner.String("apiVersion"), owner.String("kind"), owner.String("name"),
                           owner.String("uid"), owner.Bool("controller")});
  });
  if (!error && meta.name.empty()) root.Object("metadata").Refuse("name", "the name of the object");
  if (error) return base::Fail(*std::move(error));
  return meta;
}

Labels ParseLabels(const base::Json* map) {
  Labels labels;
  if (map == nullptr || !map->is_object()) return labels;
  for (const auto& [key, value] : map->items()) {
    if (value.is_string()) labels.emplace(key, value.get_ref<const std::string&>());
  }
  return labels;
}

}  // namespace dm::kube::api

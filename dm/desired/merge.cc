#include "dm/desired/merge.h"

#include <nlohmann/json.hpp>

namespace dm::desired {
namespace {

using base::Json;

// The merge keys of a container's lists (core/v1).
std::string_view MergeKey(std::string_view field) {
  if (field == "env" || field == "resizePolicy") return field == "env" ? "name" : "resourceName";
  if (field == "volumeMounts") return "mountPath";
  if (field == "volumeDevices") return "devicePath";
  if (field == "ports") return "containerPort";
  return {};
}

}  // namespace

void Upsert(Json& list, const Json& item, std::string_view key) {
  const Json* id = base::Find(item, key);
  if (id != nullptr) {
    for (Json& present : list) {
      const Json* other = base::Find(present, key);
      if (other != nullptr && *other == *id) {
        present = item;
        return;
      }
    }
  }
  list.push_back(item);
}

void MergeObject(Json& object, const Json& patch) {
  if (!patch.is_object()) return;
  for (const auto& [key, value] : patch.items()) {
    if (value.is_object() && object.contains(key) && object[key].is_object()) {
      MergeObject(object[key], value);
    } else {
      object[key] = value;
    }
  }
}

void MergeContainer(Json& container, const Json& patch) {
  if (!patch.is_object()) return;
  for (const auto& [key, value] : patch.items()) {
    const std::string_view merge_key = MergeKey(key);
    if (!merge_key.empty() && value.is_array()) {
      if (!container.contains(key)) container[key] = Json::array();
      for (const Json& item : value) Upsert(container[key], item, merge_key);
    } else if (value.is_object() && container.contains(key) && container[key].is_object()) {
      MergeObject(container[key], value);
    } else {
      container[key] = value;
    }
  }
}

}  // namespace dm::desired

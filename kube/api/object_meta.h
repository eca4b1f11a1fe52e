// metadata of any object, trimmed to what the house uses (managedFields never stays in memory).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace dm::kube::api {

using Labels = std::map<std::string, std::string>;

struct OwnerReference {
  std::string api_version, kind, name, uid;
  bool controller = false;
  bool operator==(const OwnerReference&) const = default;
};

struct ObjectMeta {
  std::string name;
  std::string ns;                       // namespace; empty for cluster-scoped kinds
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::string creation_timestamp;       // RFC 3339, as sent
  std::string deletion_timestamp;       // empty: not being deleted
  Labels labels;
  Labels annotations;
  std::vector<OwnerReference> owners;

  bool BeingDeleted() const { return !deletion_timestamp.empty(); }
  std::string Key() const { return ns.empty() ? name : ns + "/" + name; }   // namespace/name
  const OwnerReference* Controller() const;                                 // the owner with controller=true
  std::string Annotation(const std::string& key) const;                     // "" when absent
};

// Reads object["metadata"]; kInvalid when it has no name.
base::Result<ObjectMeta> ParseObjectMeta(const base::Json& object);
Labels ParseLabels(const base::Json* map);

}  // namespace dm::kube::api

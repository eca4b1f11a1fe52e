// A StorageClass.
#pragma once

#include <string>

#include "kube/api/object_meta.h"

namespace dm::kube::api {

struct StorageClass {
  ObjectMeta meta;
  std::string provisioner;
  Labels parameters;
  std::string volume_binding_mode = "Immediate";
  std::string reclaim_policy = "Delete";
  bool allow_volume_expansion = false;

  // Marked default by the storage.kubernetes.io annotation or its beta predecessor. The newest default wins.
  bool IsDefault() const;
};

base::Result<StorageClass> ParseStorageClass(const base::Json& object);

}  // namespace dm::kube::api

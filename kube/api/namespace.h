// A Namespace: labels are what policy selects by.
#pragma once

#include "kube/api/object_meta.h"

namespace dm::kube::api {

struct Namespace {
  ObjectMeta meta;
};

base::Result<Namespace> ParseNamespace(const base::Json& object);

}  // namespace dm::kube::api

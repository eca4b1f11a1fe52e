// The DMCluster as a resource of the API server (kube/ has never heard of it).
#pragma once

#include <string>

#include "dm/words.h"
#include "kube/client.h"

namespace dm::app {

inline const kube::Resource& DMClusters() {
  static const kube::Resource resource{std::string(kGroup), std::string(kVersion), std::string(kKind), std::string(kPlural), true};
  return resource;
}

}  // namespace dm::app

#include "dm/requirements/usage.h"

#include <algorithm>

#include "dm/words.h"

namespace dm::requirements {

Reserved& Reserved::operator+=(const Reserved& other) {
  cpu += other.cpu;
  memory += other.memory;
  pods += other.pods;
  return *this;
}

Reserved& Reserved::operator-=(const Reserved& other) {
  cpu = cpu - other.cpu;
  memory = memory - other.memory;
  pods -= other.pods;
  return *this;
}

Reserved NodeUsage::ByOthers(const std::string& cluster) const {
  Reserved others = all;
  const auto own = std::find_if(clusters.begin(), clusters.end(), [&](const auto& entry) { return entry.first == cluster; });
  if (own != clusters.end()) others -= own->second;
  return others;
}

std::string OwnerOf(const std::string& ns, const kube::api::Labels& labels) {
  const auto instance = labels.find("app.kubernetes.io/instance");
  if (instance == labels.end() || instance->second.empty()) return {};
  auto wanted = SelectorLabels(instance->second, Role::kMaster);
  wanted.erase("app.kubernetes.io/component");              // whatever its role
  const bool ours = std::includes(labels.begin(), labels.end(), wanted.begin(), wanted.end());
  return ours ? ns + "/" + instance->second : std::string();
}

}  // namespace dm::requirements

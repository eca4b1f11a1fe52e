#include "operator/members/types.h"

#include <algorithm>

namespace dm::op::members {
namespace {

template <class T>
const T* FindByName(const std::vector<T>& list, const std::string& name) {
  const auto it = std::find_if(list.begin(), list.end(), [&](const T& item) { return item.name == name; });
  return it == list.end() ? nullptr : &*it;
}

}  // namespace

const Master* Roster::FindMaster(const std::string& name) const { return FindByName(masters, name); }
const Worker* Roster::FindWorker(const std::string& name) const { return FindByName(workers, name); }

bool Reads::Healthy(const std::string& pod) const {
  const auto it = health.find(pod);
  return it != health.end() && it->second.known() && it->second.value();
}

bool Reads::SameAs(const Reads& other) const {
  return roster == other.roster && cluster_id == other.cluster_id && health == other.health && sources == other.sources &&
         subtasks == other.subtasks;
}

}  // namespace dm::op::members

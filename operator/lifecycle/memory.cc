#include "operator/lifecycle/memory.h"

#include <algorithm>

#include "base/strings.h"

namespace dm::op::lifecycle {
namespace {

// Both are RFC 3339 in UTC with whole seconds, as the API server writes them: text order is time order.
bool Older(const kube::api::ObjectMeta& a, const kube::api::ObjectMeta& b) {
  return !a.creation_timestamp.empty() && a.creation_timestamp < b.creation_timestamp;
}

// "bootstrap …\nclaim <UID>" → the UID; empty: none stands there.
std::string ClaimIn(const std::string& line) {
  const auto at = line.find(kLineClaim);
  return at == std::string::npos ? std::string() : line.substr(at + kLineClaim.size());
}

void ReadLines(const Names& names, const Child& map, Memory& memory) {
  const base::Json* data = base::Find(map.object, "data");
  if (!data || !data->is_object()) return;
  for (const auto& [key, value] : data->items()) {
    const int ordinal = OrdinalOf(names, Role::kMaster, key);
    if (ordinal < 0 || !value.is_string()) continue;
    const auto& line = value.get_ref<const std::string&>();
    if (base::StartsWith(line, "bootstrap ") || base::StartsWith(line, std::string(kLineHeld) + "bootstrap ")) memory.first.insert(ordinal);
    if (base::StartsWith(line, "join ")) memory.joining.insert(ordinal);
    if (const auto claim = ClaimIn(line); !claim.empty()) memory.line_claims[ordinal] = claim;
  }
}

// Lines to join, while no claim carries data. Where nobody answers either there is nobody to join, and they have died with the
// rest; where somebody does, one is dead whose claim is gone.
void ForgetDeadLines(const Observed& seen, Memory& memory) {
  if (!memory.first.empty()) return;
  for (const auto& [ordinal, claim] : seen.master.claims) {
    if (claim.IsMember()) return;
  }
  const auto& health = seen.members.health;
  const bool silent = std::none_of(health.begin(), health.end(), [](const auto& one) { return one.second.known(); });
  std::erase_if(memory.joining, [&](int ordinal) {
    const auto used = memory.line_claims.find(ordinal);
    const auto claim = seen.master.claims.find(ordinal);
    return silent || (used != memory.line_claims.end() && (claim == seen.master.claims.end() || claim->second.meta.uid != used->second));
  });
}

}  // namespace

bool IsOurs(const DMCluster& want, const Child& child) {
  const auto* owner = child.meta.Controller();
  return owner && owner->uid == want.meta.uid;
}

Memory Remember(const DMCluster& want, const Observed& seen) {
  Memory memory;
  const Names names = want.names();
  std::string own;
  std::string where;
  if (const base::Json* bootstrap = base::Find(want.status, "bootstrap"); bootstrap && bootstrap->is_object()) {
    own = base::GetStringOr(*bootstrap, "clusterID");
    where = "the status";
    if (const base::Json* list = base::Find(*bootstrap, "initialMembers"); list && list->is_array()) {
      for (const auto& name : *list) {
        if (name.is_string()) memory.initial_members.push_back(name.get<std::string>());
      }
    }
  }
  if (const Child* map = seen.Find("ConfigMap", names.BootstrapConfigMap()); map && IsOurs(want, *map)) {
    memory.config_map = true;
    memory.reuse = map->meta.Annotation(std::string(annotations::kData)) == "reuse";
    ReadLines(names, *map, memory);
    const auto id = map->meta.Annotation(std::string(annotations::kClusterId));
    // Lines without a cluster: the loss of the old one has been accepted (accept_loss.cc), whatever the status says still.
    if (id.empty() && !memory.first.empty()) own.clear();
    if (!id.empty()) {
      if (own.empty()) {
        own = id;
        where = "ConfigMap " + map->meta.name;
      } else if (own != id) {
        memory.conflict = where + " says cluster " + own + ", ConfigMap " + map->meta.name + " says " + id;
      }
    }
  }
  const bool undecided = own.empty() && (!memory.config_map || memory.reuse);
  for (const auto& [ordinal, claim] : seen.master.claims) {
    if (claim.IsMember()) memory.joining.erase(ordinal);
    if (undecided && !claim.Retired() && Older(claim.meta, want.meta)) memory.existing.insert(ordinal);
    if (!claim.IsMember()) continue;
    if (own.empty()) {
      own = claim.ClusterId();
      where = "claim " + claim.meta.name;
    } else if (own != claim.ClusterId() && memory.conflict.empty()) {
      memory.conflict = where + " says cluster " + own + ", claim " + claim.meta.name + " says " + claim.ClusterId();
    }
  }
  ForgetDeadLines(seen, memory);
  // What only old claims say is not this object's cluster until the user says so.
  memory.cluster_id = memory.existing.empty() ? own : std::string();
  return memory;
}

}  // namespace dm::op::lifecycle

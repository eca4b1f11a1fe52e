// The lines that an empty master waits for. They name addresses as etcd stores them: <pod>.<peer service>, short.
#include "base/strings.h"
#include "operator/lifecycle/steps.h"

namespace dm::op::lifecycle {

std::string BootstrapLine(const Planning& p, const std::set<int>& ordinals) {
  std::vector<std::string> members;
  const std::string scheme = p.want.tls ? "https://" : "http://";
  for (const int ordinal : ordinals) {
    members.push_back(p.Pod(Role::kMaster, ordinal) + "=" + scheme + p.names.PeerHost(Role::kMaster, ordinal) + ":" +
                      std::to_string(kMasterPeerPort));
  }
  return "bootstrap " + base::Join(members, ",");
}

std::string JoinLine(const Planning& p, const std::set<int>& ordinals) {
  std::vector<std::string> masters;
  for (const int ordinal : ordinals) {
    masters.push_back(p.names.PeerHost(Role::kMaster, ordinal) + ":" + std::to_string(kMasterPort));
  }
  return "join " + base::Join(masters, ",");
}

std::string HeldLine(const std::string& line) { return std::string(kLineHeld) + line; }

std::string LiveLine(const Planning& p, int ordinal) {
  const Child* map = p.seen.Find("ConfigMap", p.names.BootstrapConfigMap());
  const base::Json* data = map ? base::Find(map->object, "data") : nullptr;
  const std::string line = data ? base::GetStringOr(*data, p.Pod(Role::kMaster, ordinal)) : "";
  const std::size_t from = base::StartsWith(line, kLineHeld) ? kLineHeld.size() : 0;
  return line.substr(from, line.find(kLineClaim) - from);
}

std::string WithClaim(const Planning& p, int ordinal, const std::string& line) {
  if (const auto known = p.memory.line_claims.find(ordinal); known != p.memory.line_claims.end()) {
    return line + std::string(kLineClaim) + known->second;
  }
  const auto claim = p.seen.master.claims.find(ordinal);
  if (claim == p.seen.master.claims.end() || claim->second.meta.BeingDeleted() || claim->second.volume.empty()) return line;
  return line + std::string(kLineClaim) + claim->second.meta.uid;
}

}  // namespace dm::op::lifecycle

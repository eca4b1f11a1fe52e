#include "webhook/live_facts.h"

namespace dm::webhook {
namespace {

using requirements::LiveFacts;

bool Differs(const std::optional<Quantity>& now_size, const std::optional<std::string>& now_class,
             const std::optional<Quantity>& old_size, const std::optional<std::string>& old_class) {
  return now_size != old_size || now_class != old_class;
}

std::vector<std::string> SourcesOf(const base::Json& status) {
  std::vector<std::string> names;
  const base::Json* sources = base::Find(status, "sources");
  if (sources == nullptr || !sources->is_array()) return names;
  for (const base::Json& source : *sources) {
    if (auto name = base::GetStringOr(source, "name"); !name.empty()) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

bool StorageChanges(const DMCluster& now, const DMCluster& before) {
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    const Component& a = now.component(role);
    const Component& b = before.component(role);
    if (Differs(a.storage_size, a.storage_class, b.storage_size, b.storage_class)) return true;
  }
  const Monitor none;
  const Monitor& a = now.monitor ? *now.monitor : none;
  const Monitor& b = before.monitor ? *before.monitor : none;
  return Differs(a.storage_size, a.storage_class, b.storage_size, b.storage_class);
}

base::Result<LiveFacts> GatherLiveFacts(const DMCluster& now, const DMCluster* before, const LiveLookup& lookup) {
  LiveFacts facts;
  if (before == nullptr) return facts;
  facts.known = true;
  facts.sources = SourcesOf(before->status);
  const bool moves = now.master.data_sub_dir != before->master.data_sub_dir || now.worker.data_sub_dir != before->worker.data_sub_dir;
  if (!StorageChanges(now, *before) && now.tls == before->tls && !moves) return facts;      // nobody asks for the claims
  auto claims = lookup.Claims(before->meta.ns, before->meta.name);
  if (!claims) return base::Propagate(claims);
  facts.claims = std::move(*claims);
  return facts;
}

}  // namespace dm::webhook

#include "operator/status.h"

#include <algorithm>
#include <set>

#include "base/strings.h"

namespace dm::op {
namespace {

using base::Json;
using lifecycle::ComponentName;
using lifecycle::ComponentOf;
using lifecycle::ReadSet;

// What the status held before, or an empty object.
const Json& Before(const DMCluster& want, std::initializer_list<std::string_view> path) {
  static const Json none = Json::object();
  const Json* found = base::FindPath(want.status, path);
  return found && found->is_object() ? *found : none;
}

std::string Phase(const StatusInput& in, Role role) {
  for (const auto& wait : in.plan.waits) {
    if (wait.component != lifecycle::ComponentOf(role)) continue;
    if (base::StartsWith(wait.reason, "Suspend")) return "Suspend";
    if (base::StartsWith(wait.reason, "Roll")) return "Upgrade";
    if (base::StartsWith(wait.reason, "Scal")) return "Scale";
  }
  return "Normal";
}

// The volumes of a role in v1's words, and one by one those that are not (yet) as large as they were asked to be.
void PutVolumes(const StatusInput& in, Role role, Json& part) {
  const auto& claims = in.seen.role(role).claims;
  if (claims.empty()) return;
  const auto& size = in.want.component(role).storage_size;
  int bound = 0, resized = 0;
  kube::api::Quantity least = claims.begin()->second.capacity;
  Json pending = Json::object();
  for (const auto& [ordinal, claim] : claims) {
    bound += claim.phase == "Bound";
    const auto wanted = size ? std::max(*size, claim.request) : claim.request;
    resized += claim.capacity >= wanted;
    least = std::min(least, claim.capacity);
    if (claim.phase != "Bound") {
      pending[claim.meta.name] = claim.phase.empty() ? "Pending" : claim.phase;
    } else if (claim.capacity < wanted) {
      pending[claim.meta.name] = !claim.resizing.empty() ? claim.resizing : claim.request < wanted ? "not asked to grow yet" : "Resizing";
    }
  }
  const std::string name = in.want.names().ClaimTemplate(role);
  Json& volume = part["volumes"][name] = {{"name", name}, {"boundCount", bound}, {"currentCount", claims.size()}, {"currentCapacity", least.ToString()},
                                          {"resizedCount", resized}};
  if (const auto& known = claims.begin()->second.storage_class) volume["currentStorageClass"] = *known;
  if (size) volume["resizedCapacity"] = size->ToString();
  if (!pending.empty()) volume["pending"] = std::move(pending);
}

void PutCounts(const StatusInput& in, Role role, Json& part) {
  part["replicas"] = in.seen.role(role).pods.size();
  int ready = 0;
  for (const auto& [ordinal, pod] : in.seen.role(role).pods) ready += pod.ready && !pod.meta.BeingDeleted();
  part["readyReplicas"] = ready;
}

void PutSet(const StatusInput& in, Role role, Json& part) {
  part["phase"] = Phase(in, role);
  part["image"] = in.want.ImageOf(role);
  PutCounts(in, role, part);
  PutVolumes(in, role, part);
}

Json MonitorPart(const StatusInput& in) {
  Json part = Json::object();
  const auto& pods = in.seen.monitor.pods;
  if (!pods.empty()) part["image"] = pods.begin()->second.image;
  PutCounts(in, Role::kMonitor, part);
  return part;
}

Json MasterEntry(const members::Master& master, bool healthy) {
  return {{"name", master.name}, {"id", master.id}, {"clientURL", master.client_url}, {"health", healthy}};
}

// As TiDB Operator 1.x shows them; `node` is ours.
void PutFailures(const StatusInput& in, Json& part) {
  for (const auto& failure : in.plan.failures) {
    Json& entry = part["failureMembers"][failure.pod] = {{"podName", failure.pod}, {"memberID", failure.member_id}, {"memberDeleted", failure.removed}};
    if (!failure.claim_uid.empty()) {
      entry["pvcUID"] = failure.claim_uid;
      entry["pvcUIDSet"] = {{failure.claim_uid, Json::object()}};
    }
    if (!failure.node.empty()) entry["node"] = failure.node;
    if (!failure.since.empty()) entry["createdAt"] = failure.since;
  }
}

Json Masters(const StatusInput& in) {
  Json part = Json::object();
  PutSet(in, Role::kMaster, part);
  PutFailures(in, part);
  const auto& reads = in.seen.members;
  if (reads.roster) {
    Json members = Json::object();
    for (const auto& master : reads.roster->masters) {
      if (master.name.empty()) continue;
      members[master.name] = MasterEntry(master, reads.Healthy(master.name));
      if (master.name == reads.roster->leader.name) part["leader"] = members[master.name];
    }
    part["members"] = members;
    return part;
  }
  // Nobody answers: the names stay, the health does not.
  Json members = Before(in.want, {"master", "members"});
  for (auto& [name, entry] : members.items()) entry["health"] = reads.Healthy(name);
  part["members"] = members;
  return part;
}

Json Workers(const StatusInput& in) {
  Json part = Json::object();
  PutSet(in, Role::kWorker, part);
  if (!in.seen.members.roster) {
    part["members"] = Before(in.want, {"worker", "members"});
    return part;
  }
  Json members = Json::object();
  for (const auto& worker : in.seen.members.roster->workers) {
    Json entry = {{"name", worker.name}, {"addr", worker.addr}, {"stage", worker.stage}};
    if (!worker.source.empty()) entry["source"] = worker.source;
    members[worker.name] = entry;
  }
  part["members"] = members;
  return part;
}

Json Sources(const StatusInput& in) {
  Json list = Json::array();
  if (!in.seen.members.sources) {
    const Json* before = base::Find(in.want.status, "sources");
    return before && before->is_array() ? *before : list;
  }
  for (const auto& source : *in.seen.members.sources) {
    Json entry = {{"name", source.name}};
    if (!source.worker.empty()) entry["worker"] = source.worker;
    if (source.relay) entry["relay"] = true;
    list.push_back(entry);
  }
  return list;
}

void PutRecords(const lifecycle::Plan& plan, Json& status) {
  if (!plan.bootstrap.cluster_id.empty() || !plan.bootstrap.initial_members.empty()) {
    Json& bootstrap = status["bootstrap"] = Json::object();
    if (!plan.bootstrap.cluster_id.empty()) bootstrap["clusterID"] = plan.bootstrap.cluster_id;
    if (!plan.bootstrap.initial_members.empty()) bootstrap["initialMembers"] = plan.bootstrap.initial_members;
  }
  for (const auto& intent : plan.intents) {
    status["intents"].push_back({{"action", intent.action}, {"pod", intent.pod}, {"incarnation", intent.incarnation}});
  }
  for (const auto& transfer : plan.transfers) {
    status["intents"].push_back({{"action", "TransferSource"}, {"pod", transfer.from}, {"source", transfer.source}, {"worker", transfer.to},
                                 {"tasks", transfer.tasks}, {"since", transfer.since}});
  }
}

// Another's list with our conditions in it; its own stay to the letter, with fields that we do not know and without those
// that we would require.
Json WithOurs(const Json* theirs, const std::vector<kube::api::Condition>& ours, base::WallTime now) {
  Json list = theirs && theirs->is_array() ? *theirs : Json::array();
  auto conditions = kube::api::ParseConditions(&list);
  for (const auto& condition : ours) {
    (void)kube::api::SetCondition(conditions, condition, now);
    const auto same = [&](const auto& other) { return other.type == condition.type; };
    const Json entry = kube::api::ToJson({*std::find_if(conditions.begin(), conditions.end(), same)})[0];
    const auto at = std::find_if(list.begin(), list.end(), [&](const Json& item) { return base::GetStringOr(item, "type") == condition.type; });
    if (at == list.end()) list.push_back(entry);
    else *at = entry;
  }
  return list;
}

// The roll under way: what still runs, and whether the new version has led already, after which there is no way back.
void PutUpgrade(const StatusInput& in, Json& status) {
  std::set<std::string> versions;
  std::map<Role, std::set<std::string>> by_role;
  std::string component, revision;
  int ordinal = -1;
  bool led = base::GetBoolOr(Before(in.want, {"upgrade"}), "newVersionLed", false);
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    const auto* set = in.seen.Find("StatefulSet", in.want.names().StatefulSet(role));
    const auto state = set ? ReadSet(*set) : lifecycle::SetState{};
    for (const auto& [number, pod] : in.seen.role(role).pods) {
      const auto colon = pod.image.rfind(':');
      if (colon != std::string::npos && pod.image.find('/', colon) == std::string::npos) {
        versions.insert(pod.image.substr(colon + 1));
        by_role[role].insert(pod.image.substr(colon + 1));
      }
      const bool newest = pod.controller_revision == state.update_revision;
      if (role == Role::kMaster && in.seen.members.current && in.seen.members.roster && in.seen.members.roster->leader.name == pod.meta.name) led = led || (state.observed && newest);
      if (newest || !state.observed || pod.controller_revision.empty() || (!component.empty() && component != ComponentName(ComponentOf(role)))) continue;
      component = ComponentName(ComponentOf(role));
      revision = state.update_revision;
      ordinal = number;
    }
  }
  if (component.empty()) return;
  status["upgrade"] = {{"revision", revision}, {"component", component}, {"ordinal", ordinal}, {"newVersionLed", led}, {"runningVersions", versions},
                       {"masterVersions", by_role[Role::kMaster]}, {"workerVersions", by_role[Role::kWorker]}};
}

std::string WorkerSelector(const DMCluster& want) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : SelectorLabels(want.meta.name, Role::kWorker)) parts.push_back(key + "=" + value);
  return base::Join(parts, ",");
}

}  // namespace

Json BuildStatus(const StatusInput& in) {
  if (in.plan.hands_off) {
    // Another's cluster: its status stays as it is, but for our one word.
    Json status = in.want.status.is_object() ? in.want.status : Json::object();
    status["conditions"] = WithOurs(base::Find(status, "conditions"), in.plan.conditions, in.now);
    return status;
  }
  Json status = Json::object();
  status["observedGeneration"] = in.want.meta.generation;
  if (!in.environment.empty()) status["environment"] = in.environment;
  if (in.want.has_worker) status["selector"] = WorkerSelector(in.want);
  status["master"] = Masters(in);
  if (in.want.has_worker || in.seen.Find("StatefulSet", in.want.names().StatefulSet(Role::kWorker))) status["worker"] = Workers(in);
  if (in.seen.Find("StatefulSet", in.want.names().StatefulSet(Role::kMonitor))) status["monitor"] = MonitorPart(in);
  if (Json sources = Sources(in); !sources.empty()) status["sources"] = std::move(sources);
  PutRecords(in.plan, status);
  PutUpgrade(in, status);

  // Conditions that are no longer stated go away; those that are keep their transition times.
  const auto now = BuildConditions(in);
  auto conditions = kube::api::ParseConditions(base::Find(in.want.status, "conditions"));
  std::erase_if(conditions, [&](const auto& old) {
    return std::none_of(now.begin(), now.end(), [&](const auto& condition) { return condition.type == old.type; });
  });
  for (auto condition : now) {
    condition.observed_generation = in.want.meta.generation;
    (void)kube::api::SetCondition(conditions, std::move(condition), in.now);
  }
  status["conditions"] = kube::api::ToJson(conditions);
  return status;
}

Json MergeDiff(const Json& before, const Json& after) {
  Json diff = Json::object();
  for (const auto& [key, value] : after.items()) {
    const Json* old = base::Find(before, key);
    if (old && *old == value) continue;
    if (old && old->is_object() && value.is_object()) {
      diff[key] = MergeDiff(*old, value);
    } else {
      diff[key] = value;
    }
  }
  for (const auto& [key, value] : before.items()) {
    if (!base::Find(after, key)) diff[key] = nullptr;
  }
  return diff;
}

}  // namespace dm::op

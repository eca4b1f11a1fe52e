#include "cli/status_picture.h"

#include <algorithm>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/status_next.h"
#include "dm/requirements/disk.h"
#include "dm/requirements/evaluate.h"

namespace dm::cli {

namespace {

using base::Json;
using kube::api::Condition;
using kube::api::Pod;

const Json* At(const Json& object, std::initializer_list<std::string_view> path) { return base::FindPath(object, path); }

std::string StringAt(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* found = At(object, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::string PodState(const Pod& pod) {
  if (pod.meta.BeingDeleted()) return "Ending";
  if (pod.ready) return "Ready";
  if (!pod.scheduled && !pod.unscheduled_message.empty()) return "Unschedulable";
  if (!pod.waiting_reason.empty()) return pod.waiting_reason;
  return pod.phase.empty() ? "?" : pod.phase;
}

std::string PodNote(const Pod& pod) {
  if (pod.ready || pod.meta.BeingDeleted()) return {};
  return !pod.unscheduled_message.empty() ? pod.unscheduled_message : pod.waiting_message;
}

class Painter {
 public:
  Painter(const StatusFacts& facts, const Surrounding& around)
      : facts_(facts), around_(around), decoded_(Decode(facts.object)), want_(decoded_.cluster), names_(want_.names()) {}

  Picture Paint() {
    picture_.ns = want_.meta.ns;
    picture_.name = want_.meta.name;
    picture_.version = want_.VersionOf(Role::kMaster);
    picture_.leader = StringAt(want_.status, {"master", "leader", "name"});
    picture_.cluster_id = StringAt(want_.status, {"bootstrap", "clusterID"});
    picture_.policy = around_.policy.from;
    picture_.generation = want_.meta.generation;
    picture_.observed_generation = base::GetIntOr(want_.status, "observedGeneration", 0);
    picture_.deleting = want_.meta.BeingDeleted();
    picture_.conditions = kube::api::ParseConditions(base::Find(want_.status, "conditions"));
    picture_.events = facts_.events;
    picture_.unread = facts_.unread;
    picture_.unread.insert(picture_.unread.end(), around_.unread.begin(), around_.unread.end());
    TakeClaims();
    for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) PutMembers(role);
    PutSources();
    for (auto& [name, cell] : claims_) picture_.other_claims.push_back(cell);
    PutFindings();
    PutHealth(picture_, want_);
    return std::move(picture_);
  }

 private:
  void TakeClaims() {
    for (const Json& object : facts_.claims) {
      DiskCell cell;
      cell.claim = StringAt(object, {"metadata", "name"});
      cell.phase = StringAt(object, {"status", "phase"});
      cell.size = StringAt(object, {"status", "capacity", "storage"});
      if (cell.size.empty()) cell.size = StringAt(object, {"spec", "resources", "requests", "storage"});
      cell.storage_class = StringAt(object, {"spec", "storageClassName"});
      const auto found = around_.view.classes.find(cell.storage_class);
      if (found != around_.view.classes.end()) {
        cell.grade = requirements::GradeName(requirements::JudgeDisk(*found->second, around_.policy.policy).grade);
      }
      claims_[cell.claim] = std::move(cell);
    }
  }

  std::set<int> Ordinals(Role role, const Json* members) const {
    std::set<int> ordinals;
    const int wanted = role == Role::kMonitor   ? (want_.monitor && !want_.monitor->external ? want_.monitor->replicas : 0)
                       : role == Role::kWorker && !want_.has_worker ? 0
                                                                    : want_.component(role).replicas;
    for (int ordinal = 0; ordinal < wanted; ++ordinal) ordinals.insert(ordinal);
    for (const Pod& pod : facts_.pods) ordinals.insert(OrdinalOf(names_, role, pod.meta.name));
    if (members != nullptr && members->is_object()) {
      for (const auto& [name, entry] : members->items()) ordinals.insert(OrdinalOf(names_, role, name));
    }
    ordinals.erase(-1);
    return ordinals;
  }

  void PutMembers(Role role) {
    const Json* members = At(want_.status, {RoleName(role), "members"});
    for (const int ordinal : Ordinals(role, members)) {
      MemberRow row;
      row.role = role;
      row.name = names_.Pod(role, ordinal);
      PutPod(row);
      PutMember(row, members != nullptr ? base::Find(*members, row.name) : nullptr, members != nullptr && !members->empty());
      if (const auto claim = claims_.find(names_.Claim(role, ordinal)); claim != claims_.end()) {
        row.disk = claim->second;
        claims_.erase(claim);
      }
      picture_.members.push_back(std::move(row));
    }
  }

  void PutPod(MemberRow& row) const {
    row.pod = facts_.pods_known ? "missing" : "?";
    const auto pod = std::find_if(facts_.pods.begin(), facts_.pods.end(), [&](const Pod& p) { return p.meta.name == row.name; });
    if (pod == facts_.pods.end()) return;
    row.pod = PodState(*pod);
    row.note = PodNote(*pod);
    row.node = pod->node_name;
    row.image = pod->image;
    row.restarts = pod->restarts;
    for (const auto& node : around_.view.nodes) {
      if (node->node->meta.name != row.node || row.node.empty()) continue;
      row.system = node->os.name.empty() ? "" : node->os.name + (node->os.version.empty() ? "" : " " + node->os.version);
    }
  }

  void PutMember(MemberRow& row, const Json* entry, bool any_known) const {
    if (row.role == Role::kMonitor) return;
    if (entry == nullptr) {
      row.member = any_known ? "not a member" : "?";
      return;
    }
    row.leader = row.role == Role::kMaster && row.name == picture_.leader;
    row.member = row.role == Role::kMaster ? (base::GetBoolOr(*entry, "health", false) ? "healthy" : "unhealthy")
                                           : base::GetStringOr(*entry, "stage", "?");
    row.source = base::GetStringOr(*entry, "source");
  }

  void PutSources() {
    const Json* sources = base::Find(want_.status, "sources");
    if (sources == nullptr || !sources->is_array()) return;
    for (const Json& source : *sources) {
      live_.sources.push_back(base::GetStringOr(source, "name"));
      if (base::GetStringOr(source, "worker").empty()) picture_.loose_sources.push_back(live_.sources.back());
    }
  }

  void PutFindings() {
    picture_.problems = decoded_.problems;
    // As the operator weighs them: what a namespace is spared at admission is still said.
    auto policy = around_.policy.policy;
    for (auto& ns : policy.namespaces) {
      if (ns.enforcement) ns.enforcement = requirements::Enforcement::kEnforce;
    }
    live_.known = facts_.claims_known;
    live_.claims = facts_.live_claims;
    const auto subject = requirements::MakeSubject(want_, around_.view, policy, live_);
    picture_.environment = std::string(EnvironmentName(subject.effective.environment)) + " (" + subject.effective.why + ")";
    picture_.problems.insert(picture_.problems.end(), subject.objects.problems.begin(), subject.objects.problems.end());
    if (picture_.problems.empty()) picture_.report = requirements::Evaluate(subject, nullptr, around_.view, policy);
  }

  const StatusFacts& facts_;
  const Surrounding& around_;
  const Decoded decoded_;
  const DMCluster& want_;
  const Names names_;
  Picture picture_;
  std::map<std::string, DiskCell> claims_;
  requirements::LiveFacts live_;
};

}  // namespace

std::string_view HealthName(Health health) {
  switch (health) {
    case Health::kHealthy: return "healthy";
    case Health::kUnhealthy: return "unhealthy";
    case Health::kNotReady: break;
  }
  return "not ready";
}

bool IsGood(const Condition& condition) {
  static const std::set<std::string, std::less<>> bad_when_true = {"Progressing", "Degraded", "DataAtRisk", "UpdateAvailable", "Paused"};
  if (condition.reason == "Suspended") return false;
  return condition.status == (bad_when_true.contains(condition.type) ? "False" : "True");
}

Picture MakePicture(const StatusFacts& facts, const Surrounding& around) { return Painter(facts, around).Paint(); }

}  // namespace dm::cli

#include "dm/desired/placement.h"

#include "kube/api/selector.h"

namespace dm::desired {
namespace {

constexpr const char* kHost = "kubernetes.io/hostname";
constexpr const char* kZone = "topology.kubernetes.io/zone";
constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";

Json Term(const std::string& cluster, Role role) {
  return {{"topologyKey", kHost}, {"labelSelector", {{"matchLabels", ToJson(SelectorLabels(cluster, role))}}}};
}

Json Preferred(int weight, Json term) {
  return {{"weight", weight}, {"podAffinityTerm", std::move(term)}};
}

// Does the term speak of hosts and of this role's pods?
bool Speaks(const Json& term, const Labels& pods) {
  if (base::GetStringOr(term, "topologyKey") != kHost) return false;
  const Json* selector = base::Find(term, "labelSelector");
  if (selector == nullptr) return false;
  const auto parsed = kube::api::ParseLabelSelector(*selector);
  return parsed && parsed->Matches(pods);
}

bool UserSpeaks(const Json& affinity, const Labels& pods) {
  const Json* anti = base::Find(affinity, "podAntiAffinity");
  if (anti == nullptr) return false;
  if (const Json* list = base::Find(*anti, kRequired); list != nullptr && list->is_array()) {
    for (const Json& term : *list) {
      if (Speaks(term, pods)) return true;
    }
  }
  if (const Json* list = base::Find(*anti, kPreferred); list != nullptr && list->is_array()) {
    for (const Json& weighted : *list) {
      const Json* term = base::Find(weighted, "podAffinityTerm");
      if (term != nullptr && Speaks(*term, pods)) return true;
    }
  }
  return false;
}

void Append(Json& affinity, const char* strength, Json term) {
  Json& anti = affinity["podAntiAffinity"];
  if (!anti.is_object()) anti = Json::object();
  Json& list = anti[strength];
  if (!list.is_array()) list = Json::array();
  list.push_back(std::move(term));
}

void AddDefaults(const Context& context, Json& affinity) {
  const std::string& cluster = context.cluster.meta.name;
  if (context.role == Role::kMaster) {
    if (context.facts.environment == Environment::kProduction) {
      Append(affinity, kRequired, Term(cluster, Role::kMaster));
    } else {
      Append(affinity, kPreferred, Preferred(100, Term(cluster, Role::kMaster)));
    }
    return;
  }
  Append(affinity, kPreferred, Preferred(100, Term(cluster, Role::kWorker)));
  Append(affinity, kPreferred, Preferred(50, Term(cluster, Role::kMaster)));   // a dump disturbs the disk of a master's etcd
}

// v1's short form: always DoNotSchedule, the selector is the role's.
Json ExpandSpread(const Context& context, const Json& list) {
  Json expanded = Json::array();
  for (const Json& item : list) {
    Labels pods = SelectorLabels(context.cluster.meta.name, context.role);
    for (const auto& [key, value] : kube::api::ParseLabels(base::Find(item, "matchLabels"))) pods[key] = value;
    Json spread = {{"topologyKey", base::GetStringOr(item, "topologyKey")},
                   {"maxSkew", base::GetIntOr(item, "maxSkew", 1)},
                   {"whenUnsatisfiable", "DoNotSchedule"},
                   {"labelSelector", {{"matchLabels", ToJson(pods)}}}};
    if (const auto least = base::GetInt(item, "minDomains")) spread["minDomains"] = *least;
    const std::string nodes = base::GetStringOr(item, "nodeAffinityPolicy");
    if (!nodes.empty()) spread["nodeAffinityPolicy"] = nodes;
    expanded.push_back(std::move(spread));
  }
  return expanded;
}

Json DefaultSpread(const Context& context) {
  return Json::array({{{"topologyKey", kZone},
                       {"maxSkew", 1},
                       {"whenUnsatisfiable", "ScheduleAnyway"},
                       {"labelSelector", {{"matchLabels", ToJson(SelectorLabels(context.cluster.meta.name, context.role))}}}}});
}

}  // namespace

void PlacePods(const Context& context, Json& pod_spec) {
  const Json* asked = ObjectSetting(context, "affinity");
  Json affinity = asked == nullptr ? Json::object() : *asked;
  Labels pods = MergedMap(context, "labels");
  for (const auto& [key, value] : SelectorLabels(context.cluster.meta.name, context.role)) pods[key] = value;
  if (!UserSpeaks(affinity, pods)) AddDefaults(context, affinity);
  pod_spec["affinity"] = std::move(affinity);

  const Json* spread = ListSetting(context, "topologySpreadConstraints");
  if (spread != nullptr && !spread->empty()) {
    pod_spec["topologySpreadConstraints"] = ExpandSpread(context, *spread);
  } else if (context.role == Role::kMaster && context.facts.environment == Environment::kProduction) {
    pod_spec["topologySpreadConstraints"] = DefaultSpread(context);
  }

  if (const Labels selector = MergedMap(context, "nodeSelector"); !selector.empty()) pod_spec["nodeSelector"] = ToJson(selector);
  if (const Json* tolerations = ListSetting(context, "tolerations"); tolerations != nullptr && !tolerations->empty()) {
    pod_spec["tolerations"] = *tolerations;
  }
  for (const char* key : {"schedulerName", "priorityClassName"}) {
    const std::string value = StringSetting(context, key);
    if (!value.empty()) pod_spec[key] = value;
  }
}

}  // namespace dm::desired

// Fields that are accepted because TiDB Operator v1 has them, and do nothing here.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "dm/requirements/config_facts.h"
#include "dm/requirements/rules.h"
#include "dm/requirements/wording.h"

namespace dm::requirements {

namespace {

using base::Json;

struct Idle {
  std::string_view path;        // below spec, dotted
  std::string_view why;
  std::string_view remedy;
};

constexpr std::string_view kRemove = "remove it";
constexpr Idle kIdle[] = {
    {"discovery", "there is no discovery service: the first masters are told of each other by the operator", kRemove},
    {"master.image", "the image is made of baseImage and version", "use baseImage and version"},
    {"worker.image", "the image is made of baseImage and version", "use baseImage and version"},
    {"master.startUpScriptVersion", "there is one start script", kRemove},
    {"tlsCluster.enableDiscoveryMTLS", "there is no discovery service", kRemove},
    {"enablePVReclaim", "claims are kept or deleted as persistentVolumeClaimRetentionPolicy says",
     "use persistentVolumeClaimRetentionPolicy"},
    {"worker.maxFailoverCount", "lost workers are replaced by no extra ones: DM moves the source to a free worker", kRemove},
    {"worker.recoverFailover", "lost workers are replaced by no extra ones, so there is nothing to recover", kRemove},
    {"worker.failover", "lost workers are replaced by no extra ones, so there is nothing to recover", kRemove},
};

const Json* At(const Json& spec, std::string_view path) {
  const Json* value = &spec;
  for (const std::string_view part : base::Split(path, '.')) {
    value = base::Find(*value, part);
    if (value == nullptr) return nullptr;
  }
  return value;
}

// v1 writes some of its own defaults into the spec; what says nothing is no reason to warn.
bool SaysSomething(const Json& value) {
  if (value.is_null() || (value.is_boolean() && !value.get<bool>())) return false;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !((value.is_object() || value.is_array()) && value.empty());
}

Role RoleOf(std::string_view path) { return base::StartsWith(path, "worker") ? Role::kWorker : Role::kMaster; }

void AddIdle(Rule rule, Context& context, Role role, const std::string& key, std::string field, std::string found,
            std::string why, std::string remedy) {
  Finding finding;
  finding.role = role;
  finding.key = key;
  finding.field = std::move(field);
  finding.shape = Shape::kForbidden;
  finding.found = std::move(found);
  finding.shortfall = Shortfall::Count(1);
  finding.message = "this has no effect: " + std::move(why);
  finding.remedy = std::move(remedy);
  context.Add(rule, std::move(finding));
}

}  // namespace

void CheckNoEffect(Rule rule, Context& context) {
  const DMCluster& cluster = context.cluster();
  for (const Idle& idle : kIdle) {
    const Json* value = At(cluster.raw, idle.path);
    if (value == nullptr || !SaysSomething(*value)) continue;
    // 3 is what v1 writes by itself, and 0 is what happens.
    if (idle.path == "worker.maxFailoverCount" && value->is_number_integer() && (*value == 3 || *value == 0)) continue;
    AddIdle(rule, context, RoleOf(idle.path), std::string(idle.path), "spec." + std::string(idle.path), "",
           std::string(idle.why), std::string(idle.remedy));
  }
  for (const std::string_view path : {"master.podManagementPolicy", "podManagementPolicy"}) {
    const Json* value = At(cluster.raw, path);
    if (value == nullptr || *value != "OrderedReady") continue;
    AddIdle(rule, context, Role::kMaster, "podManagementPolicy", "spec." + std::string(path), "OrderedReady",
           "masters need each other to become ready, so they always start in parallel", "use Parallel for the masters");
    break;
  }
  for (const Role role : {Role::kMaster, Role::kWorker}) {
    if (context.Pods(role) == nullptr) continue;
    for (const ConfigEntry& entry : ReadConfig(cluster, role).entries) {
      if (entry.standing != Standing::kHarmless) continue;
      AddIdle(rule, context, role, "config." + entry.key, PathOf(role) + ".config", entry.key + " = " + entry.value,
             "the operator sets " + Quoted(entry.key) + " itself", "remove it from config");
    }
  }
}

}  // namespace dm::requirements

// The policy's file: parsed whole or refused whole, strictly, because a typo here would silently weaken a rule.
#include "dm/requirements/policy.h"

#include <algorithm>

#include "base/strings.h"
#include "dm/fields.h"
#include "dm/requirements/disk.h"
#include "dm/requirements/minimums.h"
#include "dm/requirements/policy_reader.h"
#include "dm/requirements/registry.h"

namespace dm::requirements {

namespace {

using base::Json;

constexpr std::size_t kMaxBytes = 1u << 20;     // what a ConfigMap holds
constexpr std::size_t kMaxFaultsShown = 10;
constexpr std::size_t kMaxUrl = 2048;

Environment EnvironmentOf(const std::string& word) {
  return word == "development" ? Environment::kDevelopment : Environment::kProduction;
}

Severity SeverityOf(const std::string& word) {
  if (word == "deny") return Severity::kDeny;
  if (word == "warn") return Severity::kWarn;
  return word == "info" ? Severity::kInfo : Severity::kOff;
}

Enforcement EnforcementOf(const std::string& word) {
  if (word == "audit") return Enforcement::kAudit;
  return word == "warn" ? Enforcement::kWarn : Enforcement::kEnforce;
}

void ReadNamespaces(PolicyReader& reader, Policy& policy) {
  const Json* list = reader.List("/namespaces");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const std::string at = "/namespaces/" + std::to_string(i);
    const Json* map = reader.Map(at, {"selector", "environment", "enforcement", "monitor"});
    if (map == nullptr) {
      if ((*list)[i].is_null()) reader.Fault(at, "the entry is empty");
      continue;
    }
    NamespacePolicy entry;
    const Json* selector = reader.Map(at + "/selector", {"matchLabels", "matchExpressions"});
    const Json* written = base::Find(*map, "selector");
    if (written == nullptr || written->is_null()) {
      reader.Fault(at, "needs a selector; {} selects every namespace");
    } else if (selector != nullptr && std::any_of(selector->begin(), selector->end(), [](const Json& part) { return part.is_null(); })) {
      // Empty by a slip of the indentation, as like as not, and it would select every namespace.
      reader.Fault(at + "/selector", "matchLabels or matchExpressions is empty; {} alone selects every namespace");
    } else if (selector != nullptr) {
      auto parsed = kube::api::ParseLabelSelector(*selector);
      if (parsed) {
        entry.selector = *std::move(parsed);
      } else {
        reader.Fault(at + "/selector", parsed.error().message);
      }
    }
    if (const auto word = reader.Word(at + "/environment", {"production", "development"})) entry.environment = EnvironmentOf(*word);
    if (const auto word = reader.Word(at + "/enforcement", {"enforce", "warn", "audit"})) entry.enforcement = EnforcementOf(*word);
    entry.monitor_external = reader.Word(at + "/monitor", {"external"}).has_value();
    policy.namespaces.push_back(std::move(entry));
  }
}

void ReadRules(PolicyReader& reader, Policy& policy) {
  const Json* map = reader.AnyMap("/rules");
  if (map == nullptr) return;
  std::vector<std::string_view> names;
  for (const RuleRow& row : Registry()) names.push_back(row.name);
  for (const auto& [key, value] : map->items()) {
    const std::string at = "/rules/" + Escape(key);
    if (!RuleFromName(key)) {
      std::string near = Nearest(key, names);
      if (near.empty()) {
        for (const std::string_view name : names) {
          if (base::ToLower(name) == base::ToLower(key)) near = std::string(name);
        }
      }
      reader.Fault(at, "there is no rule of that name" + (near.empty() ? "; docs/requirements.md lists them" : "; did you mean " + near + "?"));
      continue;
    }
    if (value.is_null()) reader.Fault(at, "must be deny, warn, info or off");
    if (const auto word = reader.Word(at, {"deny", "warn", "info", "off"})) policy.rules[key] = SeverityOf(*word);
  }
}

void ReadSystems(PolicyReader& reader, Policy& policy) {
  const Json* list = reader.List("/operatingSystems");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const std::string at = "/operatingSystems/" + std::to_string(i);
    const Json* map = reader.Map(at, {"name", "minVersion"});
    if (map == nullptr) {
      if ((*list)[i].is_null()) reader.Fault(at, "the entry is empty");
      continue;
    }
    OperatingSystem system;
    system.name = std::string(base::Trim(reader.Text(at + "/name").value_or("")));
    if (system.name.empty()) reader.Fault(at, "needs a name, as nodes print it in osImage, such as \"Rocky Linux\"");
    system.min_version = reader.Text(at + "/minVersion").value_or("");
    if (!system.min_version.empty() && (system.min_version[0] < '0' || system.min_version[0] > '9')) {
      reader.Fault(at + "/minVersion", "must begin with a digit, such as \"9.2\"");
    }
    policy.operating_systems.push_back(std::move(system));
  }
}

void ReadDisks(PolicyReader& reader, Policy& policy) {
  if (const Json* map = reader.AnyMap("/diskClasses")) {
    for (const auto& [name, value] : map->items()) {
      const std::string at = "/diskClasses/" + Escape(name);
      const auto word = reader.Word(at, {"hdd-cold", "hdd", "sas", "ssd", "nvme", "network-fs", "object"});
      if (value.is_null()) reader.Fault(at, "must be hdd-cold, hdd, ssd, nvme, network-fs or object");
      if (word) policy.disk_classes[name] = *GradeFromName(*word);
    }
  }
  if (const auto word = reader.Word("/diskClassUnknown", {"deny", "warn", "info", "off"})) policy.disk_class_unknown = SeverityOf(*word);
  if (const auto word = reader.Word("/dataFits", {"largest", "sum"})) policy.data_fits_sum = *word == "sum";
}

void ReadCapacity(PolicyReader& reader, Policy& policy) {
  if (reader.Map("/capacity", {"measure", "onShortage"}) == nullptr) return;
  if (const auto word = reader.Word("/capacity/measure", {"allocatable", "free"})) policy.capacity_free = *word == "free";
  if (const auto word = reader.Word("/capacity/onShortage", {"warn", "deny"})) policy.capacity_deny = *word == "deny";
}

void ReadMinimum(PolicyReader& reader, const std::string& at, const Json& value, Environment environment, Role role,
                 Resource resource, Policy& policy) {
  const auto amount = kube::api::Quantity::FromJson(value);
  if (!amount) return reader.Fault(at, amount.error().message);
  if (amount->IsNegative()) return reader.Fault(at, "must not be negative");
  // As many as a DMCluster may have.
  const int most = role == Role::kMonitor ? 1 : role == Role::kMaster ? 9 : 1000;
  if (resource == Resource::kInstances && (amount->nano() % 1'000'000'000 != 0 || *amount > kube::api::Quantity::FromUnits(most))) {
    return reader.Fault(at, "must be a whole number of instances, at most " + std::to_string(most));
  }
  const auto floor = TableFloor(environment, role, resource);
  if (floor && *amount < *floor && !policy.allow_lower) {
    return reader.Fault(at, amount->ToString() + " is below the requirements' " + floor->ToString() +
                                "; a minimum may only be raised, unless allowLower is true");
  }
  policy.minimums[MinimumKey(environment, role, resource)] = *amount;
}

// minimums: {production.worker.cpu: "24", production.master.replicas: 5}
void ReadMinimums(PolicyReader& reader, Policy& policy) {
  policy.allow_lower = reader.Bool("/allowLower").value_or(false);
  const Json* map = reader.AnyMap("/minimums");
  if (map == nullptr) return;
  struct Key {
    std::string name;
    Environment environment;
    Role role;
    Resource resource;
  };
  std::vector<Key> keys;
  std::vector<std::string> names;
  for (const Environment environment : {Environment::kDevelopment, Environment::kProduction}) {
    for (const Role role : {Role::kMaster, Role::kWorker, Role::kMonitor}) {
      for (const Resource resource : {Resource::kCpu, Resource::kMemory, Resource::kDisk, Resource::kInstances}) {
        names.push_back(MinimumKey(environment, role, resource));
        keys.push_back({names.back(), environment, role, resource});
      }
    }
  }
  for (const auto& [name, value] : map->items()) {
    const std::string at = "/minimums/" + Escape(name);
    const auto key = std::find_if(keys.begin(), keys.end(), [&, &wanted = name](const Key& k) { return k.name == wanted; });
    if (key != keys.end()) {
      ReadMinimum(reader, at, value, key->environment, key->role, key->resource, policy);
      continue;
    }
    const std::string near = Nearest(name, names);
    reader.Fault(at, near.empty() ? "must be <environment>.<role>.<cpu|memory|disk|replicas>, such as production.worker.cpu"
                                  : "there is no such minimum; did you mean " + near + "?");
  }
}

// Braces: Prometheus takes annotations for templates.
bool IsOfUrl(char c) {
  return c > ' ' && c < '\x7f' && std::string_view("#\"\\{}").find(c) == std::string_view::npos;
}

void ReadRunbooks(PolicyReader& reader, Policy& policy) {
  const auto url = reader.Text("/runbooks");
  if (!url || url->empty()) return;
  const bool web = base::StartsWith(*url, "https://") || base::StartsWith(*url, "http://");
  if (!web || url->size() > kMaxUrl || !std::all_of(url->begin(), url->end(), IsOfUrl)) {
    return reader.Fault("/runbooks", "must be the URL of a page, without a fragment, such as https://wiki.example.com/dm/runbooks.html");
  }
  policy.runbooks = *url;
}

}  // namespace

base::Result<Policy> ParsePolicy(std::string_view yaml) {
  Policy policy;
  base::YamlLimits limits;
  limits.max_bytes = kMaxBytes;
  auto documents = base::ParseYaml(yaml, limits);
  if (!documents) return base::Propagate(documents, "policy");
  if (documents->empty()) return policy;
  std::vector<std::string> faults;
  PolicyReader reader(documents->front(), faults);
  if (documents->size() > 1) {
    faults.push_back("line " + std::to_string((*documents)[1].line) + ": a policy is one document, and a second one begins here");
  }
  reader.Map("", {"ruleSet", "defaultEnvironment", "objectMayChoose", "namespaces", "rules", "operatingSystems", "osPreset",
                  "diskClasses", "diskClassUnknown", "dataFits", "capacity", "minimums", "allowLower", "runbooks"});
  if (documents->front().value.is_object()) {
    if (const auto word = reader.Word("/ruleSet", {"2020-09", "current"})) {
      policy.rule_set = *word == "current" ? RuleSet::kCurrent : RuleSet::k2020_09;
    }
    if (const auto word = reader.Word("/defaultEnvironment", {"production", "development"})) {
      policy.default_environment = EnvironmentOf(*word);
    }
    policy.object_may_choose = reader.Bool("/objectMayChoose").value_or(true);
    ReadNamespaces(reader, policy);
    ReadRules(reader, policy);
    ReadSystems(reader, policy);
    if (const auto word = reader.Word("/osPreset", {"seed", "common"})) policy.os_preset_common = *word == "common";
    ReadDisks(reader, policy);
    ReadCapacity(reader, policy);
    ReadMinimums(reader, policy);
    ReadRunbooks(reader, policy);
  }
  if (faults.empty()) return policy;
  const std::size_t more = faults.size() > kMaxFaultsShown ? faults.size() - kMaxFaultsShown : 0;
  faults.resize(faults.size() - more);
  std::string message = base::Join(faults, "; ");
  if (more > 0) message += "; and " + std::to_string(more) + " more";
  return base::Fail(base::Code::kInvalid, std::move(message));
}

}  // namespace dm::requirements

// Policy: the administrator's word (design: api.md). A value; parsed whole or refused whole with a line and a reason.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dm/words.h"
#include "kube/api/quantity.h"
#include "kube/api/selector.h"

namespace dm::requirements {

enum class Severity { kOff, kInfo, kWarn, kDeny };
std::string_view SeverityName(Severity severity);   // off | info | warn | deny

enum class Enforcement { kAudit, kWarn, kEnforce };
enum class RuleSet { k2020_09, kCurrent };
enum class DiskGrade { kObject, kNetworkFs, kHddCold, kHdd, kSsd, kNvme, kUnknown };
std::string_view GradeName(DiskGrade grade);

struct NamespacePolicy {
  kube::api::LabelSelector selector;
  std::optional<Environment> environment;
  std::optional<Enforcement> enforcement;
  bool monitor_external = false;
};

struct OperatingSystem {
  std::string name;                  // as the node prints it: "Rocky Linux"
  std::string min_version;           // may be empty
};

struct Policy {
  RuleSet rule_set = RuleSet::k2020_09;
  Environment default_environment = Environment::kProduction;
  bool object_may_choose = true;
  std::vector<NamespacePolicy> namespaces;
  std::map<std::string, Severity> rules;             // overrides by rule name
  std::vector<OperatingSystem> operating_systems;
  bool os_preset_common = false;
  std::map<std::string, DiskGrade> disk_classes;     // by class name
  std::optional<Severity> disk_class_unknown;
  bool data_fits_sum = false;
  bool capacity_free = false;                        // capacity.measure: free
  bool capacity_deny = false;                        // capacity.onShortage: deny
  // "production.worker.cpu" → quantity. May only raise, unless allow_lower.
  std::map<std::string, kube::api::Quantity> minimums;
  bool allow_lower = false;
  std::string runbooks;                              // URL of the page that alerts point to; empty: none
};

// What holds in one namespace.
struct Effective {
  Environment environment = Environment::kProduction;
  Enforcement enforcement = Enforcement::kEnforce;
  bool monitor_external = false;
  bool pinned = false;               // by the namespace's entry of the policy
  bool too_lax = false;              // the object asked for less than its namespace's pin
  bool stricter = false;             // … or for more, which counts
  std::string why;                   // "pinned by the policy for namespace orders", "spec.environment", "the default"
};
// The first entry of policy.namespaces that matches and sets a field decides that field.
Effective Resolve(const Policy& policy, const kube::api::Labels& namespace_labels, std::optional<Environment> wish);

// An empty text is the default policy. kInvalid: "line 4: rules.MasterCpu: there is no rule of that name; did you mean …".
base::Result<Policy> ParsePolicy(std::string_view yaml);

}  // namespace dm::requirements

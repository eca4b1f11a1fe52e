// Findings: what a rule has to say, exact and comparable; texts are made from them at the edge (text.h).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dm/requirements/policy.h"
#include "dm/words.h"
#include "kube/api/quantity.h"

namespace dm::requirements {

// Every rule of requirements.md, in its order. Names are stable: causes, metrics, docs, policy, tests.
enum class Rule {
  // what would be created
  kMasterReplicas, kMasterReplicasOdd, kWorkerReplicas, kUpstreamsDeclared, kUpstreamSizeDeclared, kUpstreamUndeclared,
  kMonitorReplicas, kMasterCPU, kMasterMemory, kWorkerCPU, kWorkerMemory, kMonitorCPU, kMonitorMemory,
  kMasterDisk, kWorkerDisk, kMonitorDisk, kWorkerDiskHoldsData, kWorkerDiskHoldsAll, kRelaySpaceDeclared, kAtMinimum,
  kCoLocation, kPerformanceTest, kMastersSpread, kEnvironmentTooLax, kSupportedVersion, kConfigParses, kConfigKnownKey,
  kReservedConfig, kStorageShrink, kStorageClassChange, kTLSSwitch, kDataDirSwitch, kNameLength, kNoEffect,
  // storage
  kStorageClassExists, kMasterDiskClass, kWorkerDiskClass, kMonitorDiskClass, kDiskClassUnknown, kNetworkFileSystem,
  kSizeNotEnforced, kCannotExpand, kObjectStorage,
  // nodes
  kNodeLinux, kNodeArchitecture, kNodeOS, kNodeNetwork, kNodeVerifiable, kNodesForRole, kStrayNodes, kNodeCapacity,
  kNoCandidates,
  kCount
};
std::string_view RuleName(Rule rule);
std::optional<Rule> RuleFromName(std::string_view name);

// How far below what is required: the ratchet compares these, never texts. Larger is worse.
// Nano-units for quantities; counts and ordered grades · 10⁹.
using Amount = kube::api::Int128;
struct Shortfall {
  Amount amount = 0;
  auto operator<=>(const Shortfall&) const = default;

  static Shortfall Of(kube::api::Quantity missing) { return Shortfall{missing.nano()}; }
  static Shortfall Count(std::int64_t missing) { return Shortfall{static_cast<Amount>(missing) * 1'000'000'000}; }
};

// How the API names the fault: decides the cause's type and the first words of the text.
enum class Shape {
  kInvalid,      // there is a value and it falls short: Invalid value: "8"
  kRequired,     // nothing is there: Required value
  kForbidden,    // no value of this field is at fault, the whole does not fit: Forbidden
};

struct Finding {
  Rule rule{};
  Severity severity = Severity::kDeny;      // effective
  Role role = Role::kMaster;
  std::string key;                          // what the finding is about within the rule (upstream, key of the config); may be empty
  std::string field;                        // spec.worker.requests.cpu, spec.upstreams[orders].dataSize
  Shortfall shortfall;
  // Pieces of the text, made by the rule that knows: "8", "16", "a production DM-worker needs at least 16 CPU", "raise it to 16, or …"
  Shape shape = Shape::kInvalid;
  bool number = false;                      // `found` is printed without quotes, as a JSON number
  bool tolerated = false;                   // a denial that the object had before: shown as a warning (Judge sets it)
  std::string found;                        // empty: absent
  std::string required;
  std::string message;                      // why, one clause, no full stop
  std::string moment;                       // goes on from `message` with what may be otherwise a minute later; conditions leave it out
  std::string remedy;                       // what to do, imperative, no full stop
  std::vector<std::string> subjects;        // nodes, classes, pods

  // What the ratchet matches old and new by.
  std::string RatchetKey() const { return std::string(RuleName(rule)) + "|" + std::string(RoleName(role)) + "|" + key; }
};

struct NotChecked {
  Rule rule;
  std::string why;               // "no node data was given"
};

struct Report {
  Effective effective;
  std::vector<Finding> findings;     // most severe first, then in the order of the rules
  std::vector<NotChecked> not_checked;   // one entry a rule, in the order of the rules
  // Where the policy lowers a minimum and this cluster makes use of it (api.md: shown in its status).
  std::vector<std::string> notes;
};

struct Verdict {
  bool allowed = true;
  std::vector<Finding> denials;      // severity deny, new or worse
  std::vector<Finding> warnings;     // the rest that a person should read (ratcheted denials first)
  std::vector<NotChecked> not_checked;
};

}  // namespace dm::requirements

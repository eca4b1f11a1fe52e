// The registry of rules: one row a rule. The engine, the policy's parser, the docs page and the tests iterate it, so
// adding a rule is one row here, one function in a rules_*.cc, and its test.
// Constant data; safe from any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "dm/requirements/policy.h"
#include "dm/requirements/report.h"

namespace dm::requirements {

class Context;

// What a rule weighs when the policy says nothing. kOff: not judged in that environment.
struct Defaults {
  Severity development = Severity::kOff;
  Severity production = Severity::kOff;
  bool operator==(const Defaults&) const = default;
};

struct RuleRow {
  Rule rule;
  std::string_view name;
  Defaults defaults;                    // rule set 2020-09, the seed
  std::optional<Defaults> current;      // rule set `current`, where today's page differs
  std::string_view says;                // what it asks, for the docs
  // Adds the rule's findings. A function may serve several rows (it is told which); one outcome of a rule may weigh less
  // than the row says, and then the function says so.
  void (*check)(Rule, Context&);
};

std::span<const RuleRow> Registry();    // in the order of Rule
const RuleRow& Row(Rule rule);
Severity DefaultSeverity(const RuleRow& row, RuleSet rule_set, Environment environment);

}  // namespace dm::requirements

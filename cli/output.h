// What `check` prints: text as the cluster itself would answer, or JSON for scripts.
#pragma once

#include <iosfwd>

#include "cli/check.h"

namespace dm::cli {

void PrintText(const Checked& checked, std::ostream& out);

// An array, one element an object:
// {"object": {"namespace", "name", "source", "line"}, "verdict": "allowed" | "denied",
//  "findings": [{"rule", "severity": "deny" | "warn" | "info", "field", "found", "required", "message", "remedy", "subjects"}],
//  "notChecked": [{"rule", "why"}]}
// A fault of the schema is a finding of the rule "Schema", a refusal by the API server's dry run one of "ServerDryRun".
void PrintJson(const Checked& checked, std::ostream& out);
// One element of "findings".
base::Json FindingJson(const requirements::Finding& finding);
base::Json FindingJson(const FieldProblem& problem, const char* severity);

}  // namespace dm::cli

// docs/requirements.md, made from the registry that the code judges by: the page cannot promise what nobody checks.
#include <algorithm>
#include <string>

#include "base/strings.h"
#include "dm/requirements/minimums.h"
#include "dm/requirements/registry.h"
#include "dm/requirements/sentences.h"

namespace dm::requirements {

namespace {

std::string Cell(std::string_view text) { return base::ReplaceAll(std::string(text), "|", "\\|"); }

std::string Link(Rule rule) {
  const std::string name(RuleName(rule));
  return "[" + name + "](#" + base::ToLower(name) + ")";
}

std::string Word(Severity severity) { return severity == Severity::kOff ? "–" : std::string(SeverityName(severity)); }

std::string SentenceTable() {
  std::string text;
  std::string_view section;
  for (const Sentence& sentence : Sentences()) {
    if (sentence.section != section) {
      section = sentence.section;
      text += "\n### " + std::string(section) + "\n\n| the page says | rules | how it is read |\n|---|---|---|\n";
    }
    std::string rules;
    for (const Rule rule : sentence.rules) rules += (rules.empty() ? "" : ", ") + Link(rule);
    text += "| " + Cell(sentence.text) + " | " + (rules.empty() ? "none" : rules) + " | " + Cell(sentence.remark) + " |\n";
  }
  return text;
}

std::string RuleTable() {
  std::string text = "| rule | development | production | says |\n|---|---|---|---|\n";
  for (const RuleRow& row : Registry()) {
    const auto cell = [&](Severity defaults, Severity current) {
      return Word(defaults) + (defaults == current ? "" : " (`current`: " + Word(current) + ")");
    };
    const Defaults current = row.current.value_or(row.defaults);
    text += "| <a id=\"" + base::ToLower(row.name) + "\"></a>" + std::string(row.name) + " | " +
            cell(row.defaults.development, current.development) + " | " + cell(row.defaults.production, current.production) + " | " +
            Cell(row.says) + " |\n";
  }
  return text;
}

std::string MinimumTable() {
  std::string text = "| key in the policy | least |\n|---|---|\n";
  for (const Minimum& row : Minimums()) {
    const bool bytes = row.resource == Resource::kMemory || row.resource == Resource::kDisk;
    text += "| `" + MinimumKey(row.environment, row.role, row.resource) + "` | " +
            (bytes ? std::to_string(row.floor / 1'000'000'000) + " GB" : std::to_string(row.floor)) + " |\n";
  }
  return text;
}

}  // namespace

std::string RequirementsPage() {
  std::string text = R"md(# The requirements and their rules

<!-- Made from dm/requirements by its test; to renew it: UPDATE_GOLDEN=1 ctest -R requirements:Page -->

DM's page *Software and Hardware Requirements* says what servers DM needs. Below, each of its sentences and figures stands with the rules that check it.
`dm-webhook` asks them before a DMCluster is stored, `dm-operator` while it runs (condition `RequirementsMet`), `kubectl dm check` on your desk:
one engine, the same answers.

- **deny** refuses; **warn** is printed and lets pass; **info** is shown by `kubectl dm check` and in the status only.
- The administrator's [policy](policy.md) can change each rule's weight, admit operating systems, grade disks and raise minimums.
- What is checked is what would be created: the pods with their sidecars, the claims, the affinity.
- A change is refused only for what it makes worse: what was so before becomes a warning, and an unchanged spec always passes.
- What nobody knows (no node data, a class of unknown grade, an unlabelled network) is *not checked*, which is said, and never counts as passed.

## The page, sentence by sentence
)md";
  text += SentenceTable();
  text += R"md(
## The rules

Where a rule's outcomes weigh differently, its text says so. The rule set `current` follows today's DM documentation; without a remark both are the same.

)md";
  text += RuleTable();
  text += R"md(
## The minimums

GB is decimal: `8G` is enough for 8 GB, and `8Gi` is a little more. A request that is absent takes the limit's value, as in Kubernetes; without both the rule is broken.

)md";
  text += MinimumTable();
  text += R"md(
The monitor has no row in the table of development; one that is deployed there is held against production's CPU and memory with a warning.
)md";
  return text;
}

}  // namespace dm::requirements

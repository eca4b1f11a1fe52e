// Every sentence and figure of the requirements page, and what becomes of it: rules, or the reason why there is nothing to
// check. The docs page is made from this list. Constant data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dm/requirements/report.h"

namespace dm::requirements {

struct Sentence {
  std::string_view section;
  std::string_view text;               // as the page has it
  std::vector<Rule> rules;             // empty: nothing to check
  std::string_view remark;             // how it is read, or why nothing is checked
};

const std::vector<Sentence>& Sentences();

// docs/requirements.md: the sentences, the rules with their severities, the minimums.
std::string RequirementsPage();

}  // namespace dm::requirements

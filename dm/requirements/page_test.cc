// docs/requirements.md is what the registry says.
#include <cstdlib>
#include <fstream>
#include <set>

#include "base/files.h"
#include "dm/requirements/registry.h"
#include "dm/requirements/sentences.h"
#include "dm/requirements/testing/fixtures.h"

namespace dm::requirements {
namespace {

TEST(Page, EqualsTheFile) {
  const std::string path = std::string(DM_SOURCE_DIR) + "/docs/requirements.md";
  const std::string page = RequirementsPage();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << page;
  const auto file = base::ReadFile(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*file, page) << "renew it: UPDATE_GOLDEN=1 ctest -R requirements:Page";
}

TEST(Page, NamesEveryRuleAndEverySentence) {
  const std::string page = RequirementsPage();
  for (const RuleRow& row : Registry()) EXPECT_NE(page.find("</a>" + std::string(row.name) + " |"), std::string::npos) << row.name;
  for (const Sentence& sentence : Sentences()) {
    EXPECT_NE(page.find(std::string(sentence.text)), std::string::npos) << sentence.text;
    EXPECT_TRUE(!sentence.rules.empty() || !sentence.remark.empty()) << sentence.text;   // nothing is left without a word
  }
}

TEST(Page, EveryRuleThatThePageAsksForStandsAtASentence) {
  // Those that keep a running cluster or Kubernetes itself from breaking are ours, not the page's.
  const std::set<Rule> ours = {Rule::kSupportedVersion, Rule::kConfigParses, Rule::kConfigKnownKey, Rule::kReservedConfig,
                               Rule::kStorageShrink, Rule::kStorageClassChange, Rule::kTLSSwitch, Rule::kDataDirSwitch, Rule::kNameLength, Rule::kNoEffect,
                               Rule::kStrayNodes, Rule::kNoCandidates};
  std::set<Rule> named;
  for (const Sentence& sentence : Sentences()) named.insert(sentence.rules.begin(), sentence.rules.end());
  for (const RuleRow& row : Registry()) EXPECT_NE(named.contains(row.rule), ours.contains(row.rule)) << row.name;
}

}  // namespace
}  // namespace dm::requirements

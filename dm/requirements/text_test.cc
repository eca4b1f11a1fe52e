// Texts: bounded, one line, in the API's words.
#include "dm/requirements/text.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "dm/requirements/registry.h"

namespace dm::requirements {
namespace {

Finding Sample() {
  Finding finding;
  finding.rule = Rule::kWorkerCPU;
  finding.role = Role::kWorker;
  finding.field = "spec.worker.requests.cpu";
  finding.found = "8";
  finding.required = "16";
  finding.message = "a production DM-worker needs at least 16 CPU";
  finding.remedy = "raise it to 16";
  return finding;
}

std::size_t Characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1u : 0u;
  return count;
}

TEST(Text, Shapes) {
  Finding finding = Sample();
  EXPECT_EQ(LongText(finding), "Invalid value: \"8\": a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16");
  EXPECT_EQ(ShortText(finding), "WorkerCPU: spec.worker.requests.cpu is 8, needs 16");
  EXPECT_EQ(CauseType(finding), "FieldValueInvalid");
  finding.number = true;
  EXPECT_EQ(LongText(finding).substr(0, 18), "Invalid value: 8: ");
  finding.shape = Shape::kRequired;
  finding.found.clear();
  EXPECT_EQ(LongText(finding), "Required value: a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16");
  EXPECT_EQ(ShortText(finding), "WorkerCPU: spec.worker.requests.cpu is not set, needs 16");
  EXPECT_EQ(CauseType(finding), "FieldValueRequired");
  finding.shape = Shape::kForbidden;
  EXPECT_EQ(LongText(finding).substr(0, 11), "Forbidden: ");
  EXPECT_EQ(ShortText(finding), "WorkerCPU: spec.worker.requests.cpu: a production DM-worker needs at least 16 CPU");
  EXPECT_EQ(CauseType(finding), "FieldValueForbidden");
  finding.severity = Severity::kWarn;
  finding.shape = Shape::kInvalid;
  finding.found = "8";
  EXPECT_EQ(LongText(finding), "8: a production DM-worker needs at least 16 CPU (WorkerCPU): raise it to 16");
}

TEST(Text, OneLineWithinItsBounds) {
  Finding finding = Sample();
  finding.shape = Shape::kForbidden;
  finding.message = "a\nb\tc\x01 " + std::string(3000, 'x') + "\xff";
  for (const std::string& text : {LongText(finding), ShortText(finding)}) {
    for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20u);
    EXPECT_TRUE(base::IsUtf8(text));
  }
  EXPECT_LE(Characters(ShortText(finding)), 256u);
  finding.message.clear();
  for (int i = 0; i < 400; ++i) finding.message += "ü";
  EXPECT_EQ(Characters(ShortText(finding)), 256u);
  EXPECT_TRUE(base::IsUtf8(ShortText(finding)));
  EXPECT_TRUE(base::EndsWith(ShortText(finding), "…"));
}

TEST(Names, BothWaysAndUnique) {
  EXPECT_EQ(Registry().size(), static_cast<std::size_t>(Rule::kCount));
  for (const RuleRow& row : Registry()) {
    EXPECT_EQ(RuleFromName(RuleName(row.rule)), row.rule);
    EXPECT_FALSE(row.says.empty()) << row.name;
    EXPECT_NE(row.check, nullptr);
  }
  EXPECT_FALSE(RuleFromName("masterreplicas"));
  EXPECT_FALSE(RuleFromName(""));
  EXPECT_EQ(RuleName(Rule::kNoCandidates), "NoCandidates");
}

}  // namespace
}  // namespace dm::requirements

#include "dm/requirements/problems.h"

#include <gtest/gtest.h>

namespace dm::requirements {
namespace {

TEST(SplitProblems, WhatTheStoredObjectHasTooIsAWarning) {
  Decoded now, before;
  const FieldProblem old{"spec.a", "x", "m", false}, changed{"spec.b", "new", "m", false}, fresh{"spec.c", "y", "m", false};
  FieldProblem was = changed;
  was.value = "old";
  before.problems = {old, was};
  now.problems = {old, changed, fresh};
  const Problems split = SplitProblems(now, &before);
  ASSERT_EQ(split.denials.size(), 2u);
  EXPECT_EQ(split.denials[0].field, "spec.b");
  EXPECT_EQ(split.denials[1].field, "spec.c");
  ASSERT_EQ(split.warnings.size(), 1u);
  EXPECT_EQ(split.warnings[0].field, "spec.a");
  EXPECT_EQ(SplitProblems(now, nullptr).denials.size(), 3u);
}

Finding About(const std::string& field, Severity severity) {
  Finding finding;
  finding.field = field;
  finding.severity = severity;
  return finding;
}

TEST(DropUnreadable, WhatJudgesADefaultGoes) {
  Problems problems;
  problems.denials = {{"spec.worker.replicas", "many", "must be a number", false}};
  Verdict verdict;
  verdict.denials = {About("spec.worker.replicas", Severity::kDeny), About("spec.worker", Severity::kDeny),
                     About("spec.workers", Severity::kDeny), About("spec.master.replicas", Severity::kDeny)};
  verdict.warnings = {About("spec.worker.replicas", Severity::kWarn), About("spec.master", Severity::kWarn)};
  verdict.allowed = false;
  DropUnreadable(problems, verdict);
  ASSERT_EQ(verdict.denials.size(), 2u);
  EXPECT_EQ(verdict.denials[0].field, "spec.workers");
  EXPECT_EQ(verdict.denials[1].field, "spec.master.replicas");
  ASSERT_EQ(verdict.warnings.size(), 1u);
  EXPECT_EQ(verdict.warnings[0].field, "spec.master");
  EXPECT_FALSE(verdict.allowed);
}

TEST(DropUnreadable, WithoutDenialsItIsAllowed) {
  Problems problems;
  problems.denials = {{"spec.worker.replicas", "many", "must be a number", false}};
  Verdict verdict;
  verdict.denials = {About("spec.worker.replicas", Severity::kDeny)};
  verdict.allowed = false;
  DropUnreadable(problems, verdict);
  EXPECT_TRUE(verdict.allowed) << "the problem denies by itself";
}

}  // namespace
}  // namespace dm::requirements

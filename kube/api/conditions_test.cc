#include "kube/api/conditions.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dm::kube::api {
namespace {

using base::Json;

const base::WallTime kNow = base::ParseRfc3339("2026-11-24T18:10:09Z").value();
const base::WallTime kLater = kNow + std::chrono::hours(1);

TEST(Conditions, TheTransitionTimeMovesWithTheStatusOnly) {
  std::vector<Condition> conditions;
  EXPECT_TRUE(SetCondition(conditions, {.type = "Ready", .status = "False", .reason = "Starting"}, kNow));
  EXPECT_EQ(conditions[0].last_transition_time, "2026-11-24T18:10:09Z");
  EXPECT_FALSE(SetCondition(conditions, {.type = "Ready", .status = "False", .reason = "Starting"}, kLater));
  EXPECT_TRUE(SetCondition(conditions, {.type = "Ready", .status = "False", .reason = "Waiting"}, kLater));
  EXPECT_TRUE(SetCondition(conditions, {.type = "Ready", .status = "False", .reason = "Waiting", .message = "m"}, kLater));
  EXPECT_TRUE(SetCondition(
      conditions, {.type = "Ready", .status = "False", .reason = "Waiting", .message = "m", .observed_generation = 2}, kLater));
  EXPECT_EQ(conditions[0].last_transition_time, "2026-11-24T18:10:09Z");
  EXPECT_TRUE(SetCondition(conditions, {.type = "Ready", .status = "True"}, kLater));
  EXPECT_EQ(conditions[0].last_transition_time, "2026-11-24T19:10:09Z");
  EXPECT_EQ(conditions.size(), 1u);
}

TEST(Conditions, StaySortedByType) {
  std::vector<Condition> conditions;
  for (const char* type : {"Ready", "Available", "Paused", "Degraded"}) SetCondition(conditions, {.type = type}, kNow);
  EXPECT_EQ(conditions[0].type, "Available");
  EXPECT_EQ(conditions[1].type, "Degraded");
  EXPECT_EQ(conditions[2].type, "Paused");
  EXPECT_EQ(conditions[3].type, "Ready");
  ASSERT_NE(FindCondition(conditions, "Paused"), nullptr);
  EXPECT_EQ(FindCondition(conditions, "Paused")->status, "Unknown");
  EXPECT_EQ(FindCondition(conditions, "Nope"), nullptr);
}

TEST(Conditions, GoThroughJsonUnchanged) {
  std::vector<Condition> conditions;
  SetCondition(conditions, {.type = "B", .status = "True", .reason = "R", .message = "m", .observed_generation = 4}, kNow);
  SetCondition(conditions, {.type = "A", .status = "False", .reason = "S"}, kNow);
  const Json list = ToJson(conditions);
  EXPECT_EQ(list[1], Json::parse(R"({"type":"B","status":"True","reason":"R","message":"m","observedGeneration":4,
                                     "lastTransitionTime":"2026-11-24T18:10:09Z"})"));
  EXPECT_EQ(ToJson(ParseConditions(&list)), list);
}

TEST(Conditions, ReadingSurvivesAnything) {
  const Json list = Json::parse(R"([1,null,{"status":"True"},{"type":5},{"type":"B","status":7},{"type":"A","status":"True"},
                                    {"type":"A","status":"False"}])");
  const auto conditions = ParseConditions(&list);
  ASSERT_EQ(conditions.size(), 2u);
  EXPECT_EQ(conditions[0].type, "A");
  EXPECT_EQ(conditions[0].status, "False");
  EXPECT_EQ(conditions[1].status, "Unknown");
  const Json text = "x";
  EXPECT_TRUE(ParseConditions(&text).empty());
  EXPECT_TRUE(ParseConditions(nullptr).empty());
}

}  // namespace
}  // namespace dm::kube::api

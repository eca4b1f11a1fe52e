#include "kube/api/selector.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dm::kube::api {
namespace {

using base::Json;

Requirement Read(std::string_view json) {
  const auto requirement = ParseRequirement(Json::parse(json));
  EXPECT_TRUE(requirement) << json << (requirement ? "" : requirement.error().message);
  return requirement ? *requirement : Requirement{};
}

struct RequirementRow {
  std::string_view expression;
  Labels labels;
  bool matches;
};

TEST(Requirement, MatchesAsTheSchedulerDoes) {
  const Labels cores{{"cores", "16"}};
  const RequirementRow rows[] = {
      {R"({"key":"a","operator":"In","values":["x","y"]})", {{"a", "y"}}, true},
      {R"({"key":"a","operator":"In","values":["x","y"]})", {{"a", "z"}}, false},
      {R"({"key":"a","operator":"In","values":["x"]})", {}, false},
      {R"({"key":"a","operator":"In","values":[""]})", {}, false},
      {R"({"key":"a","operator":"NotIn","values":["x"]})", {{"a", "x"}}, false},
      {R"({"key":"a","operator":"NotIn","values":["x"]})", {{"a", "y"}}, true},
      {R"({"key":"a","operator":"NotIn","values":["x"]})", {}, true},
      {R"({"key":"a","operator":"Exists"})", {{"a", ""}}, true},
      {R"({"key":"a","operator":"Exists"})", {{"b", ""}}, false},
      {R"({"key":"a","operator":"DoesNotExist"})", {{"b", ""}}, true},
      {R"({"key":"a","operator":"DoesNotExist","values":[]})", {{"a", ""}}, false},
      {R"({"key":"cores","operator":"Gt","values":["15"]})", cores, true},
      {R"({"key":"cores","operator":"Gt","values":["16"]})", cores, false},
      {R"({"key":"cores","operator":"Lt","values":["17"]})", cores, true},
      {R"({"key":"cores","operator":"Lt","values":["16"]})", cores, false},
      {R"({"key":"cores","operator":"Gt","values":["9"]})", cores, true},   // numbers, not text
      {R"({"key":"cores","operator":"Lt","values":["5"]})", {{"cores", "many"}}, false},
  };
  for (const RequirementRow& row : rows) {
    EXPECT_EQ(MatchesRequirement(Read(row.expression), row.labels), row.matches) << row.expression;
  }
  // What the API server would not take, and the scheduler matches with nothing.
  for (const char* bound : {"-1", "+1", "", "many", "99999999999999999999"}) {
    EXPECT_FALSE(MatchesRequirement({"cores", Operator::kGt, {bound}}, cores)) << bound;
  }
  EXPECT_FALSE(MatchesRequirement({"cores", Operator::kGt, {std::string(63, '0') + "1"}}, cores)) << "too long for a label's value";
}

TEST(Requirement, MalformedOnesNameTheField) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"key":"a","operator":"in","values":["x"]})", "operator must be In, NotIn, Exists, DoesNotExist, Gt or Lt, but is \"in\""},
      {R"({"key":"a"})", "operator must be In, NotIn, Exists, DoesNotExist, Gt or Lt, but is missing"},
      {R"({"operator":"Exists"})", "key must be"},
      {R"({"key":7,"operator":"Exists"})", "key must be a string, but is 7"},
      {R"({"key":"a","operator":"In"})", "values must be a list with at least one value for In, but is missing"},
      {R"({"key":"a","operator":"Exists","values":["x"]})", "values must be absent for Exists"},
      {R"({"key":"a","operator":"Gt","values":["x"]})", "values must be a list of exactly one integer without a sign"},
      {R"({"key":"a","operator":"Gt","values":["-1"]})", "values must be a list of exactly one integer without a sign"},
      {R"({"key":"a","operator":"Lt","values":["+1"]})", "values must be a list of exactly one integer without a sign"},
      {R"({"key":"a","operator":"Gt","values":["1","2"]})", "values must be a list of exactly one integer"},
      {R"({"key":"a","operator":"In","values":[1]})", "values[0] must be a string, but is 1"},
      {R"({"key":"a","operator":"In","values":"x"})", "values must be a list of strings, but is \"x\""},
      {R"([])", "the object must be an object, but is a list"},
  };
  for (const auto& [json, message] : rows) {
    const auto requirement = ParseRequirement(Json::parse(json));
    ASSERT_FALSE(requirement) << json;
    EXPECT_EQ(requirement.error().code, base::Code::kInvalid);
    EXPECT_EQ(requirement.error().message.substr(0, message.size()), message);
  }
}

TEST(LabelSelector, LabelsAndExpressionsAllHold) {
  const auto selector = ParseLabelSelector(Json::parse(
      R"({"matchLabels":{"app":"dm"},"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]},
          {"key":"old","operator":"DoesNotExist"}]})"));
  ASSERT_TRUE(selector);
  EXPECT_TRUE(selector->Matches({{"app", "dm"}, {"tier", "b"}}));
  EXPECT_FALSE(selector->Matches({{"app", "dm"}, {"tier", "c"}}));
  EXPECT_FALSE(selector->Matches({{"tier", "b"}}));
  EXPECT_FALSE(selector->Matches({{"app", "dm"}, {"tier", "b"}, {"old", ""}}));
}

TEST(LabelSelector, EmptyMatchesEverythingAbsentNothing) {
  const auto empty = ParseLabelSelector(Json::object());
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->Matches({}));
  EXPECT_TRUE(empty->Matches({{"a", "b"}}));
  const auto absent = ParseLabelSelector(Json());
  ASSERT_TRUE(absent);
  EXPECT_FALSE(absent->Matches({}));
}

TEST(LabelSelector, KnowsNoComparisons) {
  const auto selector =
      ParseLabelSelector(Json::parse(R"({"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]})"));
  ASSERT_FALSE(selector);
  EXPECT_EQ(selector.error().message,
            "matchExpressions[0].operator must be In, NotIn, Exists or DoesNotExist, but is \"Gt\"");
}

TEST(NodeSelectorTerm, ExpressionsAndFields) {
  NodeSelectorTerm term;
  EXPECT_FALSE(term.Matches({}, "n1"));   // a term without any expression matches nothing
  term.match_fields = {{"metadata.name", Operator::kIn, {"n1"}}};
  EXPECT_TRUE(term.Matches({}, "n1"));
  EXPECT_FALSE(term.Matches({}, "n2"));
  term.match_expressions = {{"disk", Operator::kIn, {"ssd"}}};
  EXPECT_FALSE(term.Matches({}, "n1"));
  EXPECT_TRUE(term.Matches({{"disk", "ssd"}}, "n1"));
  // Labels are no fields: a node label cannot stand in for the name.
  EXPECT_FALSE(term.Matches({{"disk", "ssd"}, {"metadata.name", "n1"}}, "n2"));
}

struct TolerationRow {
  Toleration toleration;
  bool tolerates;
};

TEST(Toleration, TableAgainstOneTaint) {
  const Taint taint{"dedicated", "dm", "NoSchedule"};
  const TolerationRow rows[] = {
      {{"dedicated", "Equal", "dm", "NoSchedule"}, true},
      {{"dedicated", "", "dm", "NoSchedule"}, true},            // Equal is the default
      {{"dedicated", "Equal", "dm", ""}, true},                 // every effect
      {{"dedicated", "Equal", "dm", "NoExecute"}, false},
      {{"dedicated", "Equal", "tidb", ""}, false},
      {{"dedicated", "Equal", "", ""}, false},
      {{"dedicated", "Exists", "", "NoSchedule"}, true},
      {{"dedicated", "Exists", "ignored", ""}, true},
      {{"other", "Exists", "", ""}, false},
      {{"", "Exists", "", ""}, true},                           // every taint
      {{"", "Exists", "", "NoSchedule"}, true},
      {{"", "Exists", "", "NoExecute"}, false},
      {{"dedicated", "Matches", "dm", ""}, false},              // an operator we do not know tolerates nothing
  };
  for (const TolerationRow& row : rows) {
    const auto& t = row.toleration;
    EXPECT_EQ(t.Tolerates(taint), row.tolerates) << t.key << '|' << t.op << '|' << t.value << '|' << t.effect;
  }
}

}  // namespace
}  // namespace dm::kube::api

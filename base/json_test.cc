#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dm::base {
namespace {

TEST(ParseJson, BuildsTheSameValueAsTheLibrary) {
  for (const char* text : {"{}", "[]", "null", "true", "-3", "1.5", "\"x\"", R"({"a":{"b":[1,{"c":null},[]],"d":{}},"e":""})",
                           R"([[[1],[2]],{"x":[{},{}]}])", R"("\u00e4\ud83d\ude00\u0000")"}) {
    const auto value = ParseJson(text);
    ASSERT_TRUE(value) << text << value.error().message;
    EXPECT_EQ(*value, Json::parse(text)) << text;
  }
}

TEST(ParseJson, SaysWhereItIsWrong) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", "line 1, column 1"},        {"{\n  \"a\": tru }", "line 2, column 11"}, {"[1,]", "line 1, column 4"},
      {"{} x", "line 1, column 4"},    {"01", "line 1, column 2"},                 {"NaN", "line 1, column 1"},
      {"\"\xFF\"", "line 1, column 2"}, {"// c\n1", "line 1, column 1"},            {R"("\ud800")", "surrogate"},
      {"1e400", "1e400"},
  };
  for (const auto& [text, where] : rows) {
    const auto value = ParseJson(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, Code::kInvalid);
    EXPECT_NE(value.error().message.find(where), std::string::npos) << text << ": " << value.error().message;
    EXPECT_EQ(value.error().message.find("json.exception"), std::string::npos) << value.error().message;
  }
}

TEST(ParseJson, KeepsItsLimits) {
  EXPECT_TRUE(ParseJson("[[1]]", {.max_depth = 2}));
  const auto deep = ParseJson(R"([{"a":[1]}])", {.max_depth = 2});
  ASSERT_FALSE(deep);
  EXPECT_NE(deep.error().message.find("deeper than 2"), std::string::npos) << deep.error().message;
  // Each counts, in lists and objects, empty or not.
  for (const char* text : {"[1,2,3]", "[[],[],[]]", "[{},{},{}]", R"({"a":1,"b":null,"c":""})", R"({"a":1,"a":2,"a":3})", "[[[1]]]"}) {
    EXPECT_TRUE(ParseJson(text, {.max_values = 4})) << text;
    const auto many = ParseJson(text, {.max_values = 3});
    ASSERT_FALSE(many) << text;
    EXPECT_EQ(many.error().code, Code::kInvalid);
    EXPECT_NE(many.error().message.find("more than 3 values"), std::string::npos) << many.error().message;
  }
  EXPECT_TRUE(ParseJson("[1,2]", {.max_bytes = 5}));
  EXPECT_FALSE(ParseJson("[1,2]", {.max_bytes = 4}));
  EXPECT_FALSE(ParseJson(std::string(1'000'000, '[')));
}

TEST(ParseJson, ADuplicateKeyTakesTheLastValue) {
  EXPECT_EQ(ParseJson(R"({"a":{"x":1},"b":0,"a":[2]})").value(), Json::parse(R"({"a":[2],"b":0})"));
}

TEST(ParseJson, IntegersBeyond64BitsAreFloats) {
  EXPECT_TRUE(ParseJson("18446744073709551615").value().is_number_unsigned());
  EXPECT_EQ(ParseJson("18446744073709551616").value(), Json(18446744073709551616.0));
}

TEST(DumpJson, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(DumpJson(Json("a\xFF")), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(DumpJson(Json{{"b", 1}, {"a", {1, 2}}}), R"({"a":[1,2],"b":1})");
  EXPECT_EQ(DumpJson(Json{{"a", 1}}, 2), "{\n  \"a\": 1\n}");
}

TEST(Getters, AnswerOnlyWhatIsThereAndFits) {
  const Json object = Json::parse(
      R"({"s":"x","i":-3,"big":9223372036854775807,"u":9223372036854775808,"f":1.0,"b":true,"n":null,"o":{"k":{"z":1}}})");
  EXPECT_EQ(GetString(object, "s"), "x");
  EXPECT_EQ(GetString(object, "i"), std::nullopt);
  EXPECT_EQ(GetString(object, "none"), std::nullopt);
  EXPECT_EQ(GetStringOr(object, "b", "other"), "other");
  EXPECT_EQ(GetInt(object, "i"), -3);
  EXPECT_EQ(GetInt(object, "big"), 9223372036854775807);
  for (const char* key : {"u", "f", "b", "s", "n", "none"}) EXPECT_EQ(GetInt(object, key), std::nullopt) << key;
  EXPECT_EQ(GetIntOr(object, "u", 7), 7);
  EXPECT_EQ(GetBool(object, "b"), true);
  EXPECT_EQ(GetBool(object, "i"), std::nullopt);
  EXPECT_TRUE(GetBoolOr(object, "none", true));
  ASSERT_NE(Find(object, "n"), nullptr);
  EXPECT_TRUE(Find(object, "n")->is_null());
  EXPECT_EQ(*FindPath(object, {"o", "k", "z"}), 1);
  EXPECT_EQ(FindPath(object, {"o", "x", "z"}), nullptr);
  EXPECT_EQ(FindPath(object, {"s", "x"}), nullptr);
  EXPECT_EQ(FindPath(object, {}), &object);
}

TEST(Getters, TakeAnyKindAsTheObject) {
  for (const Json& value : {Json(), Json(1), Json("s"), Json::array({1}), Json(true), Json(1.5)}) {
    EXPECT_EQ(Find(value, "a"), nullptr);
    EXPECT_EQ(GetString(value, "a"), std::nullopt);
    EXPECT_EQ(GetInt(value, "a"), std::nullopt);
    EXPECT_EQ(GetBool(value, "a"), std::nullopt);
  }
}

TEST(HashJson, DependsOnTheValueOnly) {
  EXPECT_EQ(HashJson(ParseJson(R"({ "b":1, "a":2 })").value()), HashJson(ParseJson(R"({"a":2,"b":1})").value()));
  EXPECT_NE(HashJson(Json{{"a", 1}}), HashJson(Json{{"a", 2}}));
  EXPECT_EQ(HashJson(Json::object()), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");   // of "{}"
}

}  // namespace
}  // namespace dm::base

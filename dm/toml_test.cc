#include "dm/toml.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dm/config_keys.h"

namespace dm {
namespace {

using base::Json;

TEST(ParseToml, GivesValues) {
  const auto parsed = ParseToml("log-level = \"info\"\nrpc-rate-limit = 10.5\n[experimental]\nopenapi = true\n[a.b]\nlist = [1, 2]\nday = 2020-09-07\n");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, Json::parse(R"({"log-level": "info", "rpc-rate-limit": 10.5, "experimental": {"openapi": true},
                                     "a": {"b": {"list": [1, 2], "day": "2020-09-07"}}})"));
}

TEST(ParseToml, EmptyIsEmpty) {
  EXPECT_EQ(ParseToml("").value(), Json::object());
  EXPECT_EQ(ParseToml("# only a comment\n").value(), Json::object());
}

TEST(ParseToml, SaysWhere) {
  struct Case {
    std::string text, begins;
  };
  for (const Case& c : {Case{"not [ toml", "line 1, column "}, Case{"a = 1\nb = \n", "line 2, column "}, Case{"a = 1\na = 2\n", "line 2, column "},
                        Case{"x = \"\xff\"", "TOML must be UTF-8"}, Case{std::string(kMaxTomlBytes + 1, '#'), "TOML of "}}) {
    const auto parsed = ParseToml(c.text);
    ASSERT_FALSE(parsed) << c.text.substr(0, 40);
    EXPECT_EQ(parsed.error().message.substr(0, c.begins.size()), c.begins) << parsed.error().message;
  }
}

TEST(ParseToml, DepthIsBounded) {
  EXPECT_FALSE(ParseToml("a = " + std::string(5000, '[') + std::string(5000, ']')));
}

TEST(ToToml, WritesWhatParsesBack) {
  const Json object = Json::parse(R"({"log-level": "in\"fo\n'", "rpc-rate-burst": 40, "z": [1, "two", true], "b": false,
                                      "f": 1.5, "experimental": {"openapi": true}, "odd key": "x"})");
  const auto text = ToToml(object);
  ASSERT_TRUE(text) << text.error().message;
  const auto back = ParseToml(*text);
  ASSERT_TRUE(back) << back.error().message << "\n" << *text;
  EXPECT_EQ(*back, object) << *text;
}

TEST(ToToml, ScalarsStandBeforeTables) {
  EXPECT_EQ(ToToml(Json::parse(R"({"a": {"x": 1}, "z": "last"})")).value(), "z = \"last\"\n\n[a]\nx = 1\n");
  EXPECT_EQ(ToToml(Json::object()).value(), "");
}

TEST(ToToml, AFloatKeyGetsAFloat) {
  EXPECT_EQ(ToToml(Json::parse(R"({"rpc-rate-limit": 10, "rpc-rate-burst": 40})")).value(), "rpc-rate-burst = 40\nrpc-rate-limit = 10.0\n");
}

TEST(ToToml, NamesWhatItCannotHold) {
  const auto text = ToToml(Json::parse(R"({"a": {"b": null}})"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message, "\"a.b\" has no value: remove the key or give it one");
  EXPECT_FALSE(ToToml(Json::parse("[1]")));
  EXPECT_FALSE(ToToml(Json::parse(R"({"a": 18446744073709551615})")));
}

TEST(ConfigKeys, KnowsDMs) {
  ASSERT_NE(FindConfigKey(Role::kMaster, "rpc-timeout"), nullptr);
  EXPECT_EQ(FindConfigKey(Role::kWorker, "rpc-timeout"), nullptr);
  EXPECT_EQ(FindConfigKey(Role::kMaster, "data-dir")->owner, KeyOwner::kOperator);
  EXPECT_EQ(FindConfigKey(Role::kWorker, "relay-dir")->owner, KeyOwner::kRelayDir);
  EXPECT_EQ(FindConfigKey(Role::kMaster, "secret-key-path")->since_major, 8);
  EXPECT_EQ(FindConfigKey(Role::kMonitor, "name"), nullptr);
  EXPECT_TRUE(KeysKnownFor(*ParseVersion("v8.5.7")));
  EXPECT_TRUE(KeysKnownFor(*ParseVersion("v6.1.0")));
  EXPECT_FALSE(KeysKnownFor(*ParseVersion("v9.0.0")));
  EXPECT_FALSE(KeysKnownFor(*ParseVersion("v6.0.0")));
}

}  // namespace
}  // namespace dm

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/yaml.h"

namespace dm::base {
namespace {

TEST(ToYaml, LooksAsPeopleWriteIt) {
  const Json value = Json::parse(R"({"kind":"X","count":3,"ratio":0.5,"on":true,"none":null,"empty":{},"nothing":[],
      "list":["a",{"name":"b","deep":{"x":1}},["p","q"],[]],"text":"one\n  two\n\nthree\n","version":"8.5","flag":"yes"})");
  EXPECT_EQ(ToYaml(value), R"(count: 3
empty: {}
flag: "yes"
kind: X
list:
- a
- deep:
    x: 1
  name: b
- - p
  - q
- []
none: null
nothing: []
"on": true
ratio: 0.5
text: |
  one
    two

  three
version: "8.5"
)");
}

TEST(ToYaml, QuotesWhatWouldBeReadOtherwise) {
  for (const char* text : {"", " ", "yes", "No", "y", "null", "~", "true", "1", "-1", "010", "0x1F", "1e3", ".5", "1_000",
                           ".inf", "12:30:45", "2026-11-24", "2026-11-24T18:10:09Z", "- a", "-", "a: b", "a #b", "#a",
                           "a:", "*a", "&a", "!a", "%a", "@a", "`a", "'a'", "\"a\"", "[a", "{a", "a\tb", " a", "a ", "? a",
                           "<<", "=", "---", "...", "|", ">", "\r", "a\\b: c", "\xC2\x85", "\xE2\x80\xA8", "\xEF\xBB\xBFx"}) {
    const std::string yaml = ToYaml(Json(text));
    EXPECT_EQ(yaml.front(), '"') << yaml;
    const auto read = ParseYaml(yaml);
    ASSERT_TRUE(read) << yaml << read.error().message;
    ASSERT_EQ(read->size(), 1u) << yaml;
    EXPECT_EQ(read->front().value, Json(text)) << yaml;
  }
  for (const char* text : {"a", "8Gi", "500m", "pingcap/dm:v8.5.1", "a b", "a-b", "x,y", "http://h:8261/p", "ä", "v1.2.3",
                           "it's", "1.2.3.x"}) {
    EXPECT_EQ(ToYaml(Json(text)), std::string(text) + "\n");
  }
}

TEST(ToYaml, BlocksKeepTheirNewlines) {
  const std::pair<const char*, const char*> rows[] = {
      {"a\nb", "k: |-\n  a\n  b\n"},
      {"a\nb\n", "k: |\n  a\n  b\n"},
      {"a\n\n\n", "k: |+\n  a\n\n\n"},
      {"a\n\n  b\n---\n# c", "k: |-\n  a\n\n    b\n  ---\n  # c\n"},
      {" a\nb", "k: \" a\\nb\"\n"},
      {"\na", "k: \"\\na\"\n"},
      {"\n", "k: \"\\n\"\n"},
      {"a\r\nb", "k: \"a\\u000d\\nb\"\n"},
  };
  for (const auto& [text, yaml] : rows) {
    EXPECT_EQ(ToYaml(Json{{"k", text}}), yaml);
    for (const Json& value : {Json{{"k", text}}, Json{{"a", {text, text}}, {"z", 1}}, Json::array({text, Json{{"k", text}}})}) {
      const auto read = ParseYaml(ToYaml(value));
      ASSERT_TRUE(read) << ToYaml(value) << read.error().message;
      EXPECT_EQ(read->front().value, value) << ToYaml(value);
    }
  }
}

TEST(ToYaml, BytesThatAreNoUtf8AreReplaced) { EXPECT_EQ(ToYaml(Json{{"a", "x\xFF"}}), "a: x\xEF\xBF\xBD\n"); }

TEST(ToYaml, LongKeysAreWrittenOut) {
  const std::string key(3000, 'k');
  for (const Json& value : {Json{{key, 1}}, Json{{"a", {{key, {1, 2}}, {"z", 1}}}}, Json::array({Json{{key, Json{{"b", "c"}}}}})}) {
    const auto read = ParseYaml(ToYaml(value));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->front().value, value);
  }
}

// A random value, built from pieces that have special meanings somewhere.
Json RandomValue(Random& random, int depth) {
  const std::vector<std::string> pieces = {"a", "yes", "0", "1", ":", " ", "#", "-", "\n", "\t", "\"", "'", "\\", "{", "[",
                                           "ä", "😀", "|", "---", "...", "~", "e3", ".", "\x01", "\x7F", "%", "\r", ","};
  const auto text = [&] {
    std::string made;
    for (auto n = random.Below(6); n > 0; --n) made += pieces[random.Below(pieces.size())];
    return made;
  };
  switch (random.Below(depth > 0 ? 8 : 6)) {
    case 0: return nullptr;
    case 1: return random.Below(2) == 0;
    case 2: return static_cast<std::int64_t>(random.Below(1u << 30)) - (1 << 29);
    case 3: return random.Uniform() * 1e6 + 0.5;
    case 4:
    case 5: return text();
    case 6: {
      Json list = Json::array();
      for (auto n = random.Below(4); n > 0; --n) list.push_back(RandomValue(random, depth - 1));
      return list;
    }
    default: {
      Json map = Json::object();
      for (auto n = random.Below(4); n > 0; --n) map[text()] = RandomValue(random, depth - 1);
      return map;
    }
  }
}

TEST(ToYaml, ReadsBackAsTheSameValue) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SeededRandom random(seed);
    const Json value = RandomValue(random, 4);
    const std::string yaml = ToYaml(value);
    const auto read = ParseYaml(yaml);
    ASSERT_TRUE(read) << "seed " << seed << "\n" << yaml << read.error().message;
    if (value.is_null()) continue;
    ASSERT_EQ(read->size(), 1u) << "seed " << seed << "\n" << yaml;
    ASSERT_EQ(read->front().value, value) << "seed " << seed << "\n" << yaml;
    ASSERT_TRUE(read->front().warnings.empty()) << "seed " << seed << "\n" << yaml;
  }
}

}  // namespace
}  // namespace dm::base

#include "base/yaml.h"

#include <gtest/gtest.h>

namespace dm::base {
namespace {

std::string ErrorOf(std::string_view text, const YamlLimits& limits = {}) {
  const auto documents = ParseYaml(text, limits);
  if (documents) return "no error";
  EXPECT_EQ(documents.error().code, Code::kInvalid);
  return documents.error().ToString();
}

YamlDocument One(std::string_view text) {
  auto documents = ParseYaml(text);
  EXPECT_TRUE(documents) << text << "\n" << (documents ? "" : documents.error().message);
  if (!documents) return {};
  EXPECT_EQ(documents->size(), 1u) << text;
  return documents->empty() ? YamlDocument{} : documents->front();
}

constexpr std::string_view kCluster = R"(# a comment first
apiVersion: pingcap.com/v1alpha1
kind: DMCluster
spec:
  worker:
    replicas: 3
    "a/b~c": x
    list:
    - one
    - name: two
      text: |
        line
        another
)";

TEST(ParseYaml, BuildsTheValue) {
  EXPECT_EQ(One(kCluster).value, Json::parse(R"({"apiVersion":"pingcap.com/v1alpha1","kind":"DMCluster","spec":{"worker":
      {"replicas":3,"a/b~c":"x","list":["one",{"name":"two","text":"line\nanother\n"}]}}})"));
}

TEST(ParseYaml, WindowsLineEndsAreLineEnds) {
  const YamlDocument document = One("a: 1\r\nb: |\r\n  x\r\n  y\r\nc: \"z\"\r\n");
  EXPECT_EQ(document.value, Json::parse(R"({"a":1,"b":"x\ny\n","c":"z"})"));
  EXPECT_EQ(document.LineOf("/c"), 5);
}

TEST(ParseYaml, KnowsTheLineOfEveryValue) {
  const YamlDocument document = One(kCluster);
  EXPECT_EQ(document.line, 2);
  const std::pair<const char*, int> rows[] = {
      {"", 2},           {"/kind", 3},                      {"/spec", 4},
      {"/spec/worker/replicas", 6}, {"/spec/worker/a~1b~0c", 7}, {"/spec/worker/list", 8},
      {"/spec/worker/list/0", 9}, {"/spec/worker/list/1", 10}, {"/spec/worker/list/1/text", 11},
      // Not there: the nearest enclosing node.
      {"/spec/worker/list/1/absent/deeper", 10}, {"/spec/master", 4}, {"/status/x", 2}, {"nonsense", 2}};
  for (const auto& [pointer, line] : rows) EXPECT_EQ(document.LineOf(pointer), line) << pointer;
  EXPECT_EQ(document.lines.size(), 12u);
}

TEST(ParseYaml, SeveralDocumentsAndEmptyOnes) {
  const auto documents = ParseYaml("---\n# nothing\n---\na: 1\n---\n\n---\nb: 2\n...\n# end\n---\nc: 3\n---\n~\n---\n");
  ASSERT_TRUE(documents) << documents.error().message;
  ASSERT_EQ(documents->size(), 3u);
  EXPECT_EQ((*documents)[0].value, Json({{"a", 1}}));
  EXPECT_EQ((*documents)[0].line, 4);
  EXPECT_EQ((*documents)[1].value, Json({{"b", 2}}));
  EXPECT_EQ((*documents)[1].LineOf("/b"), 8);
  EXPECT_EQ((*documents)[2].value, Json({{"c", 3}}));
  for (const char* text : {"", "\n", "# only\n", "---\n", "---\n---\n", "\xEF\xBB\xBF"}) {
    const auto none = ParseYaml(text);
    ASSERT_TRUE(none) << text << none.error().message;
    EXPECT_TRUE(none->empty()) << text;
  }
}

TEST(ParseYaml, HolesThatAreNull) {
  EXPECT_EQ(One("a:\nb: [null, ~]\nc: {d, e: }\n? f\ng:\n- \n-").value,
            Json::parse(R"({"a":null,"b":[null,null],"c":{"d":null,"e":null},"f":null,"g":[null,null]})"));
  EXPECT_EQ(One("a: 1\nb:\n- ").LineOf("/b/0"), 3);
}

TEST(ParseYaml, JsonIsYaml) {
  EXPECT_EQ(One(R"({"a": [1, 2.5, true, null, "yes", "010"], "b": {"c": {}}})").value,
            Json::parse(R"({"a":[1,2.5,true,null,"yes","010"],"b":{"c":{}}})"));
  EXPECT_EQ(One("{\n\t\"a\": {\n\t\t\"b\": \"x\\/y\\u00e4\\n\"\n\t}\n}\n").value, Json::parse(R"({"a":{"b":"x/yä\n"}})"));
  // What yaml-cpp refuses but JSON has: surrogate pairs, and keys of more than 1024 bytes.
  const YamlDocument pair = One("\n" R"({"a": "\ud83d\ude00"})");
  EXPECT_EQ(pair.value, Json({{"a", "😀"}}));
  EXPECT_EQ(pair.LineOf("/a"), 2);
  const std::string key(2000, 'k');
  EXPECT_EQ(One("{\"" + key + "\": 1}").value, Json({{key, 1}}));
}

TEST(ParseYaml, QuotedAndBlockScalarsAreText) {
  EXPECT_EQ(One("a: 'yes'\nb: \"010\"\nc: |-\n  1\nd: >-\n  true\ne: !!str 5\nf: ! 7\ng: '~'\n").value,
            Json::parse(R"({"a":"yes","b":"010","c":"1","d":"true","e":"5","f":"7","g":"~"})"));
}

TEST(ParseYaml, EscapesMakeUtf8) {
  EXPECT_EQ(One(R"("\x41\xe9\u20ac\U0001F600\N\_\L\P\e\0|ä\N")").value,
            Json("A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9\x1B" + std::string(1, '\0') + "|ä\xC2\x85"));
}

TEST(ParseYaml, TagsThatFitAreTaken) {
  EXPECT_EQ(One("a: !!int 5\nb: !!float 1.5\nc: !!bool yes\nd: !!null ~\ne: !!map {}\nf: !!seq []\n").value,
            Json::parse(R"({"a":5,"b":1.5,"c":true,"d":null,"e":{},"f":[]})"));
  for (const char* text : {"a: !!int x", "a: !!binary aGk=", "a: !custom 1", "a: !!set {}", "a: !!omap []"}) {
    EXPECT_NE(ErrorOf(text).find("line 1: the tag"), std::string::npos) << text << ErrorOf(text);
  }
}

TEST(ParseYaml, KeysBecomeStrings) {
  EXPECT_EQ(One("1: a\ntrue: b\n1.5: c\n0x10: d\n").value, Json::parse(R"({"1":"a","true":"b","1.5":"c","16":"d"})"));
  const YamlDocument on = One("on: push\n");
  EXPECT_EQ(on.value, Json({{"true", "push"}}));
  EXPECT_EQ(on.warnings, (std::vector<std::string>{"line 1: on is read as true; quote it if you mean the text"}));
}

TEST(ParseYaml, WarnsOfWordsAndLeadingZeros) {
  const YamlDocument document = One("a: yes\nb: 'yes'\nc: 010\nd:\n- off\n- 08\n- 8\ne: true\nf: 0o17\n");
  EXPECT_EQ(document.warnings,
            (std::vector<std::string>{"line 1: yes is read as true; quote it if you mean the text",
                                      "line 3: 010 is read as the number 8; quote it if you mean the text",
                                      "line 5: off is read as false; quote it if you mean the text",
                                      "line 6: 08 is read as the number 8; quote it if you mean the text",
                                      "line 9: 0o17 is read as the number 15; quote it if you mean the text"}));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "- yes\n";
  EXPECT_EQ(One(many).warnings.size(), 100u);
}

TEST(ParseYaml, RefusesWithTheLineAndWhatToDo) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"a: 1\nb: 2\na: 3\n", "line 3: key \"a\" stands twice in the same map, first on line 1; remove one of the two"},
      {"x:\n  a: 1\n  b: {c: 1,\n   c: 2}\n", "line 4: key \"c\" stands twice in the same map, first on line 3"},
      {"1: a\n\"1\": b\n", "line 2: key \"1\" stands twice"},
      {"a: &x 1\nb: 2\n", "line 1: anchors (&x) are not supported; write the value out where it is used"},
      {"a: 1\nb: *x\n", "line 2"},
      {"a: 1\n<<: {b: 1}\n", "line 2: merge keys (<<) are not supported; write the fields out"},
      {"a: .inf\n", "line 1: .inf is no number JSON can carry"},
      {"a: 1\n~: 2\n", "line 2: a key must not be null"},
      {"? [a]\n: 2\n", "line 1: a key must be a plain word"},
      {"{a: 1}: 2\n", "line 1: a key must be a plain word"},
      {"a: [1\n", "line "},
      {"a: 'x\n", "line 1: the quote ' is not closed"},
      {"b: 1\na: \"x\\\"\n", "line 2: the quote \" is not closed"},
      {"a: !!str 'x''\n", "line 1: the quote ' is not closed"},
      {"a: 1\nfoo\n", "line 2: expected \":\" behind foo; check the indentation"},
      {"a:\n  b: |\n  text\n  c: 1\n", "line "},
      {"foo\nbar: 1\n", "line "},
      {"a: [1,,2]\n", "line 1: an entry is missing before the comma"},
      {"a: {b: 1,,}\n", "line 1: a key must not be null"},
      {"a: \"\\q\"\n", "line 1"},
      {"a:\n\tb: 1\n", "line 2"},
      {"a: b: c\n", "line 1, column 5"},
      {"a: 1\n  b: 2\n", "line 2"},
      {"a: @x\n", "line 1, column 4"},
      {"a: 1\nb: \xFF\n", "line 2: not UTF-8"},
      {"a: 1\n\rb: 2\n", "line 2: a carriage return without a line feed"},
      {"a: 1\n\nb: x\x04\n", "line 3: control character \\x04"},
      {std::string_view("a\0b", 3), "line 1: control character \\x00"},
      {"[a]\n[b]\n", "line 2: unexpected text after the end of the document"},
      {"a: 1\n...\nb: 1\n", "line 3: unexpected text after the end of the document"},
  };
  for (const auto& [text, expected] : rows) {
    EXPECT_EQ(ErrorOf(text).substr(0, expected.size()), expected) << text << "\n" << ErrorOf(text);
  }
}

// yaml-cpp 0.7 reads these without ever moving on (LoadAll would not end).
TEST(ParseYaml, TextThatIsNeverConsumedEnds) {
  for (const char* text : {",", ",a", "---\n,", "a: 1\n---\n,\n", "]", "}", "a: 1\n]", "---\n]\n", ", ---", "...\n,"}) {
    EXPECT_NE(ErrorOf(text), "no error") << text;
  }
}

TEST(ParseYaml, KeepsItsLimits) {
  EXPECT_EQ(ErrorOf("a: [[1]]", {.max_depth = 3}), "no error");
  EXPECT_EQ(ErrorOf("a: [[[1]]]", {.max_depth = 3}), "line 1: nested deeper than 3 levels");
  EXPECT_EQ(ErrorOf("---\na\n---\nb\n", {.max_documents = 2}), "no error");
  EXPECT_EQ(ErrorOf("---\na\n---\nb\n---\nc\n", {.max_documents = 2}), "line 5: more than 2 documents");
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\n", {.max_nodes = 5}), "no error");
  EXPECT_EQ(ErrorOf("a: 1\nb: 2\nc: 3\n", {.max_nodes = 5}), "line 3: more than 5 values");
  EXPECT_EQ(ErrorOf("abc", {.max_bytes = 2}), "YAML text of 3 bytes is larger than the limit of 2");
  EXPECT_EQ(ErrorOf(std::string(400, '[') + std::string(400, ']')), "line 1: nested deeper than 100 levels");
  EXPECT_NE(ErrorOf(std::string(100'000, '[')), "no error");
  EXPECT_NE(ErrorOf(std::string(100'000, '{')), "no error");
}

TEST(ParseYaml, DeepDocumentsWithLongKeysStayBounded) {
  // 50 levels of 1000-byte keys around 20 000 items: every pointer is 50 kB, all of them a gigabyte.
  std::string text;
  std::string indent;
  for (int i = 0; i < 50; ++i) {
    text += indent + std::string(1000, 'k') + ":\n";
    indent += ' ';
  }
  for (int i = 0; i < 20'000; ++i) text += indent + "- 1\n";
  const YamlDocument document = One(text);
  std::size_t bytes = 0;
  for (const auto& [pointer, line] : document.lines) bytes += pointer.size();
  EXPECT_LE(bytes, 33u << 20);
  EXPECT_GT(document.lines.size(), 50u);
}

}  // namespace
}  // namespace dm::base

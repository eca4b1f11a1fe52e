// Whatever is fed in, the answer is documents or one clear sentence.
#include "cli/input.h"

#include "cli/testing/fixtures.h"

namespace dm::cli {
namespace {

using fixtures::Folder;

TEST(Input, DocumentsListsAndLines) {
  const auto loaded = Parse("a.yaml", "# first\n\nkind: A\n---\n---\nkind: B\nx: yes\n---\napiVersion: v1\nkind: List\nitems: [{kind: C}, {kind: D}]\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->items.size(), 4u);
  EXPECT_EQ(loaded->items[0].kind(), "A");
  EXPECT_EQ(loaded->items[0].Where(), "a.yaml:3");
  EXPECT_EQ(loaded->items[1].line, 6);
  EXPECT_EQ(loaded->items[3].kind(), "D");
  ASSERT_EQ(loaded->warnings.size(), 1u);
  EXPECT_EQ(loaded->warnings[0].substr(0, 15), "a.yaml: line 7:");
}

TEST(Input, ListsOfAKindNameTheirItems) {
  const auto loaded = Parse("n.json", R"({"apiVersion": "v1", "kind": "NodeList", "items": [{"metadata": {"name": "a"}}]})");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->items[0].kind(), "Node");
  EXPECT_EQ(loaded->items[0].value["apiVersion"], "v1");
}

TEST(Input, NonsenseIsRefusedByOneSentence) {
  struct Case {
    std::string text;
    const char* part;
  };
  const Case cases[] = {
      {",", "x: line 1"},
      {"hello", "this is no Kubernetes object"},
      {"- a\n- b\n", "this is no Kubernetes object"},
      {"a: [", "x: line"},
      {std::string("\x00\x01\x02", 3), "x: line 1: control character"},
      {"\xff\xfe", "not UTF-8"},
      {std::string(9u << 20, 'a'), "larger than the limit"},
      {std::string(100000, '['), "x: "},
      {"a: &x 1\nb: *x\n", "anchors"},
      {"{\"a\": 1", "x: "},
      {"kind: List\nitems: [1]\n", "an item of the List is no object"},
  };
  for (const Case& c : cases) {
    const auto loaded = Parse("x", c.text);
    ASSERT_FALSE(loaded) << c.part;
    EXPECT_EQ(loaded.error().code, base::Code::kInvalid) << c.part;
    EXPECT_NE(loaded.error().ToString().find(c.part), std::string::npos) << loaded.error().ToString();
    EXPECT_LT(loaded.error().ToString().size(), 500u);
  }
}

TEST(Input, DirectoriesByName) {
  Folder folder;
  folder.Write("b.yml", "kind: B\n");
  folder.Write("a.yaml", "kind: A\n");
  folder.Write("c.json", "{\"kind\": \"C\"}");
  folder.Write("readme.txt", "no");
  std::filesystem::create_directories(folder.path() + "/below.yaml");
  const auto loaded = Load({folder.path()});
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->items.size(), 3u);
  EXPECT_EQ(loaded->items[0].kind(), "A");
  EXPECT_EQ(loaded->items[2].kind(), "C");

  Folder* empty = &folder;
  std::filesystem::create_directories(empty->path() + "/none");
  const auto none = Load({empty->path() + "/none"});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("holds no *.yaml"), std::string::npos);
  EXPECT_EQ(Load({empty->path() + "/absent"}).error().code, base::Code::kNotFound);
}

}  // namespace
}  // namespace dm::cli

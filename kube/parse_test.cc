#include "kube/parse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace dm::kube {
namespace {

using base::Json;

TEST(ParseObject, KeepsEverythingButManagedFields) {
  const Json whole = {
      {"kind", "Pod"},
      {"metadata",
       {{"name", "a"},
        {"managedFields", {{{"manager", "m"}, {"fieldsV1", {{"f:spec", {{"f:x", Json::object()}}}}}}}},
        {"labels", {{"managedFields", "a label may be called so"}}}}},
      {"spec",
       {{"list", {1, -2, 3.5, true, nullptr, "text", {{"deep", {1, 2}}}, Json::array({1}), Json::object()}},
        {"managedFields", "not below metadata"}}}};
  Json expected = whole;
  expected["metadata"].erase("managedFields");
  auto parsed = ParseObject(whole.dump());
  ASSERT_TRUE(parsed) << parsed.error().ToString();
  EXPECT_EQ(*parsed, expected);
}

TEST(ParseObject, ManagedFieldsOfAnyShapeAreLeftOut) {
  for (const char* value : {"null", "1", "\"x\"", "[]", "{}", "[[{\"a\":[1]}]]"}) {
    auto parsed = ParseObject(R"({"object":{"metadata":{"managedFields":)" + std::string(value) + R"(,"name":"a"}}})");
    ASSERT_TRUE(parsed) << value;
    EXPECT_EQ((*parsed)["object"]["metadata"], (Json{{"name", "a"}})) << value;
  }
}

TEST(ParseObject, RefusesWithThePosition) {
  for (const char* text : {"", "{", "{\"a\":}", "{\"a\":1}x", "\xff", "{\"a\":\"\xff\"}", "{\"a\":1e999}"}) {
    auto parsed = ParseObject(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, base::Code::kInvalid);
    EXPECT_NE(parsed.error().message.find("at byte"), std::string::npos) << parsed.error().message;
  }
}

TEST(ParseObject, DepthIsBoundedButNotInsideWhatIsSkipped) {
  const auto nested = [](const std::string& before, int levels, const std::string& after) {
    return before + std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']') + after;
  };
  EXPECT_TRUE(ParseObject(nested("", kMaxObjectDepth, "")));
  EXPECT_FALSE(ParseObject(nested("", kMaxObjectDepth + 1, "")));
  EXPECT_FALSE(ParseObject(nested("", 1'000'000, "")));
  EXPECT_FALSE(ParseObject(nested(R"({"metadata":{"labels":)", kMaxObjectDepth, "}}")));
  EXPECT_TRUE(ParseObject(nested(R"({"metadata":{"managedFields":)", 100'000, "}}")));
  auto part = ParseObjectInPart(nested(R"({"spec":{"a":[1,)", 100'000, R"(,2]},"metadata":{"name":"a"}})"));
  ASSERT_TRUE(part) << part.error().ToString();
  EXPECT_TRUE(part->too_deep);
  EXPECT_EQ(part->value["metadata"]["name"], "a");
  EXPECT_FALSE(ParseObjectInPart(R"({"a":[[1]]})")->too_deep);
}

std::vector<Json> Items(const std::string& text, base::Result<ListPage>& page) {
  std::vector<Json> items;
  page = ParseList(text, [&](Json&& item) { items.push_back(std::move(item)); });
  return items;
}

TEST(ParseList, HandsItemsOverOneByOne) {
  base::Result<ListPage> page;
  const auto items = Items(R"({"kind":"PodList","apiVersion":"v1","items":[
      {"metadata":{"name":"a","managedFields":[{"manager":"x"}]},"spec":{"items":[{"not":"an item"}]}},
      {"metadata":{"name":"b"}}],
      "metadata":{"resourceVersion":"7","continue":"tok","remainingItemCount":3}})",
                           page);
  ASSERT_TRUE(page) << page.error().ToString();
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0], Json::parse(R"({"metadata":{"name":"a"},"spec":{"items":[{"not":"an item"}]}})"));
  EXPECT_EQ(items[1]["metadata"]["name"], "b");
  EXPECT_EQ(page->kind, "PodList");
  EXPECT_EQ(page->api_version, "v1");
  EXPECT_EQ(page->resource_version, "7");
  EXPECT_EQ(page->next, "tok");
  EXPECT_EQ(page->items, 2u);
}

TEST(ParseList, AnItemThatIsTooDeepIsSetApart) {
  const std::string deep = R"({"spec":)" + std::string(200, '[') + std::string(200, ']') + R"(,"metadata":{"name":"deep"}})";
  const std::string text = R"({"items":[{"metadata":{"name":"a"}},)" + deep + R"(,{"metadata":{"name":"b"}}],"metadata":{"resourceVersion":"7"}})";
  std::string seen;
  const auto page = ParseList(text, [&](Json&& item) { seen += " " + item["metadata"]["name"].get<std::string>(); },
                              [&](Json&& part) { seen += " !" + part["metadata"]["name"].get<std::string>(); });
  ASSERT_TRUE(page) << page.error().ToString();
  EXPECT_EQ(seen, " a !deep b");
  EXPECT_EQ(page->resource_version, "7");
  base::Result<ListPage> refused;
  Items(text, refused);
  EXPECT_FALSE(refused) << "nobody takes it";
}

TEST(ParseList, EmptyListsHaveTwoForms) {
  for (const char* text :
       {R"({"metadata":{"resourceVersion":"1"},"items":[]})", R"({"metadata":{"resourceVersion":"1"},"items":null})"}) {
    base::Result<ListPage> page;
    EXPECT_TRUE(Items(text, page).empty());
    ASSERT_TRUE(page) << text;
    EXPECT_EQ(page->resource_version, "1");
  }
}

TEST(ParseList, RefusesWhatIsNoList) {
  for (const char* text : {R"({"kind":"Status","metadata":{}})", R"({"items":[]})", R"({"metadata":{},"items":{}})",
                           R"({"metadata":{},"items":[1]})", R"([])", R"({"metadata":{},"items":[{}])", "<html>"}) {
    base::Result<ListPage> page;
    Items(text, page);
    ASSERT_FALSE(page) << text;
    EXPECT_EQ(page.error().code, base::Code::kInvalid) << text;
  }
}

}  // namespace
}  // namespace dm::kube

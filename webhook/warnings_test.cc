#include "webhook/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace dm::webhook {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CleanLine, LeavesNothingThatLosesAWarning) {
  const struct {
    std::string text, clean;
  } rows[] = {
      {"plain", "plain"},
      {"two\nlines\r\n\tand a tab", "two lines   and a tab"},
      {std::string("nul\0here", 8), "nul here"},
      {"\x1b[31mred", " [31mred"},
      {"del\x7f", "del "},
      {"c1\xC2\x85next", "c1 next"},
      {"separator\xE2\x80\xA8here", "separator here"},
      {"größer als 200 GB – 日本", "größer als 200 GB – 日本"},
      {"broken \xff\xC3", "broken ??"},
      {"surrogate \xED\xA0\x80", "surrogate ???"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(CleanLine(row.text, 256), row.clean);
    EXPECT_TRUE(base::IsUtf8(CleanLine(row.text, 256)));
  }
}

TEST(CleanLine, CutsByCharactersNotBytes) {
  const std::string exact = "日本語";
  EXPECT_EQ(CleanLine(exact, 3), exact);
  EXPECT_EQ(CleanLine("日本語x", 3), "日本…");
  EXPECT_EQ(Runes(CleanLine(std::string(300, 'a'), 256)), 256u);
  EXPECT_EQ(CleanLine("ab", 1), "…");
}

TEST(FitWarnings, AFewStayAsTheyAre) {
  EXPECT_THAT(FitWarnings({"first", "second", "first", "", " \n", "third"}), ElementsAre("first", "second", "third"));
  EXPECT_TRUE(FitWarnings({}).empty());
}

TEST(FitWarnings, ExactlyTheBudgetFits) {
  std::vector<std::string> texts;
  for (char c = 'a'; c < 'a' + 16; ++c) texts.push_back(std::string(256, c));   // 4,096 characters
  EXPECT_EQ(FitWarnings(texts), texts);
}

TEST(FitWarnings, AboveTheBudgetTheRestIsCounted) {
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) texts.push_back(std::to_string(100 + i) + std::string(250, 'x'));
  const auto lines = FitWarnings(texts);
  std::size_t total = 0;
  for (const std::string& line : lines) {
    EXPECT_LE(Runes(line), kLongestWarning);
    total += Runes(line);
  }
  EXPECT_LE(total, kWarningBudget);
  EXPECT_EQ(lines.front(), texts.front()) << "the most important stays";
  EXPECT_THAT(lines.back(), HasSubstr(std::to_string(40 - (lines.size() - 1)) + " more warnings"));
  EXPECT_GE(lines.size(), 16u) << "the budget should be used";
}

TEST(FitWarnings, CountsInCharacters) {
  std::vector<std::string> texts;
  for (int i = 0; i < 16; ++i) {
    std::string text = std::to_string(10 + i);
    for (int j = 0; j < 254; ++j) text += "日";   // three bytes each
    texts.push_back(text);
  }
  EXPECT_EQ(FitWarnings(texts).size(), 16u);
}

TEST(FitWarnings, HundredsOfShortOnesToo) {
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back("warning " + std::to_string(i));
  const auto lines = FitWarnings(texts);
  std::size_t total = 0;
  for (const std::string& line : lines) total += Runes(line);
  EXPECT_LE(total, kWarningBudget);
  EXPECT_THAT(lines.back(), HasSubstr("more warnings"));
}

}  // namespace
}  // namespace dm::webhook

#include "base/strings.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace dm::base {
namespace {

using Parts = std::vector<std::string_view>;

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(Split("a,b", ','), (Parts{"a", "b"}));
  EXPECT_EQ(Split(",a,,", ','), (Parts{"", "a", "", ""}));
  EXPECT_EQ(Split("", ','), (Parts{""}));
}

TEST(Strings, JoinAndTrimAndLower) {
  EXPECT_EQ(Join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(Join({}, ", "), "");
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(ToLower("ABCxyzÄ1"), "abcxyzÄ1");
}

TEST(Strings, ParseIntTakesTheWholeTextOnly) {
  EXPECT_EQ(ParseInt("-12"), -12);
  EXPECT_EQ(ParseInt("+7"), 7);
  EXPECT_EQ(ParseInt("9223372036854775807"), 9223372036854775807);
  for (const char* wrong : {"", "+", "-", "1 ", " 1", "1.0", "0x1", "9223372036854775808", "+-1", "12a"}) {
    EXPECT_EQ(ParseInt(wrong), std::nullopt) << wrong;
  }
}

TEST(Strings, ReplaceAllDoesNotReadItsOwnOutput) {
  EXPECT_EQ(ReplaceAll("aXbX", "X", "XX"), "aXXbXX");
  EXPECT_EQ(ReplaceAll("abc", "", "x"), "abc");
  EXPECT_EQ(ReplaceAll("abc", "z", "x"), "abc");
}

TEST(Strings, Utf8RefusesWhatDecodersDisagreeOn) {
  for (const char* good : {"", "plain", "äöü€", "😀", "\xEF\xBB\xBF"}) EXPECT_TRUE(IsUtf8(good)) << good;
  const std::string_view bad[] = {"\xFF",             // never a byte of UTF-8
                                  "\xC0\x80",         // overlong NUL
                                  "\xE0\x80\x80",     // overlong
                                  "\xED\xA0\x80",     // surrogate
                                  "\xF4\x90\x80\x80", // beyond U+10FFFF
                                  "a\xE2\x82",        // cut short
                                  "\x80"};            // continuation first
  for (const std::string_view text : bad) EXPECT_FALSE(IsUtf8(text)) << Printable(text);
  EXPECT_EQ(FirstChar("€x").code_point, U'€');
  EXPECT_EQ(FirstChar("€x").length, 3u);
}

TEST(Strings, PrintableEscapesAndCutsBetweenCharacters) {
  EXPECT_EQ(Printable("a\n\t\r\x01\x7F\xFF"), "a\\n\\t\\r\\x01\\x7f\\xff");
  EXPECT_EQ(Printable("\xC2\x9B" "31m"), "\\u009b31m");   // C1: begins a terminal sequence
  EXPECT_EQ(Printable("abcdef", 3), "abc…");
  EXPECT_EQ(Printable("abc", 3), "abc");
  EXPECT_EQ(Printable("a€€", 5), "a€…");
  EXPECT_EQ(Printable("\n\n", 3), "\\n…");
}

TEST(Strings, Base64KnownAnswers) {   // RFC 4648 section 10
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", ""},          {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xFF\xFE\xFD", "//79"}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(Base64Decode(text), bytes);
  }
  EXPECT_EQ(Base64Decode("Zm9v\nYmFy\r\n"), "foobar");
}

TEST(Strings, Base64RefusesWhatIsNone) {
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "=", "====", "Zg==Zg==", "Z g=", "Zm9-", "Zm9vYg=a"}) {
    EXPECT_EQ(Base64Decode(wrong), std::nullopt) << wrong;
  }
}

TEST(Strings, Sha256KnownAnswers) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace dm::base

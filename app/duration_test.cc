#include "app/duration.h"

#include <gtest/gtest.h>

namespace dm::app {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Duration, ReadsWhatFlagsCarry) {
  const struct {
    const char* text;
    base::Duration expected;
  } rows[] = {
      {"0", seconds(0)},           {"10s", seconds(10)},     {"500ms", milliseconds(500)}, {"1m30s", seconds(90)},
      {"2h", hours(2)},            {"1h0m5s", seconds(3605)}, {"0s", seconds(0)},           {"168h", hours(168)},
      {"1m1ms", minutes(1) + milliseconds(1)},
  };
  for (const auto& row : rows) {
    const auto parsed = ParseDuration(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text;
    EXPECT_EQ(*parsed, row.expected) << row.text;
  }
}

TEST(Duration, RefusesTheRestAndSaysWhatItWants) {
  for (const char* text : {"", "10", "s", "10x", "-1s", "1.5s", " 1s", "1s ", "9223372036854775807h", "99999999999999999999s", "1 s"}) {
    const auto parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, base::Code::kInvalid);
    EXPECT_NE(parsed.error().message.find("10s"), std::string::npos);
  }
}

TEST(Duration, PrintsWhatItReads) {
  for (const char* text : {"10s", "1m30s", "2h", "500ms", "1h5s"}) EXPECT_EQ(FormatDuration(*ParseDuration(text)), text);
  EXPECT_EQ(FormatDuration(base::Duration{0}), "0s");
  EXPECT_EQ(FormatDuration(base::Duration{999}), "0s");
  EXPECT_EQ(FormatDuration(-seconds(61)), "-1m1s");
}

}  // namespace
}  // namespace dm::app

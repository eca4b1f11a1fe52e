#include "base/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace dm::base {
namespace {

class LogTest : public testing::Test {
 protected:
  LogTest() {
    SetLogSink([this](std::string_view line) { lines_.emplace_back(line); });
  }
  ~LogTest() override {
    SetLogSink({});
    SetLogLevel(Level::kInfo);
  }
  std::vector<std::string> lines_;
};

TEST_F(LogTest, OneJsonObjectALine) {
  LogWarn("look", {{"cluster", "ns/a"}, {"count", "3"}});
  ASSERT_EQ(lines_.size(), 1u);
  const auto line = ParseJson(lines_[0]);
  ASSERT_TRUE(line) << lines_[0];
  EXPECT_EQ(GetString(*line, "level"), "warn");
  EXPECT_EQ(GetString(*line, "message"), "look");
  EXPECT_EQ(GetString(*line, "cluster"), "ns/a");
  EXPECT_EQ(GetString(*line, "count"), "3");
  EXPECT_TRUE(ParseRfc3339(GetStringOr(*line, "time"))) << lines_[0];
}

TEST_F(LogTest, NothingInsideAValueForgesALine) {
  LogInfo("a\"}\n{\"level\":\"error", {{"k\n", "\xFF\x1b[31m"}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0].find('\n'), std::string::npos);
  EXPECT_EQ(lines_[0].find('\x1b'), std::string::npos);
  const auto line = ParseJson(lines_[0]);
  ASSERT_TRUE(line) << lines_[0];
  EXPECT_EQ(GetString(*line, "level"), "info");
  EXPECT_EQ(GetString(*line, "k\n"), "\xEF\xBF\xBD\x1b[31m");
}

TEST_F(LogTest, TheLevelFilters) {
  LogDebug("unseen");
  EXPECT_TRUE(lines_.empty());
  SetLogLevel(Level::kDebug);
  LogDebug("seen");
  SetLogLevel(Level::kError);
  LogWarn("unseen");
  LogError("seen");
  EXPECT_EQ(lines_.size(), 2u);
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 100; ++i) LogInfo("line");
      });
    }
  }
  ASSERT_EQ(lines_.size(), 400u);
  for (const std::string& line : lines_) ASSERT_TRUE(ParseJson(line)) << line;
}

TEST(Log, WritesWholeLinesToStandardError) {
  testing::internal::CaptureStderr();
  LogInfo("to standard error");
  const std::string written = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(written.ends_with("}\n")) << written;
  EXPECT_NE(written.find(R"("message":"to standard error")"), std::string::npos);
}

}  // namespace
}  // namespace dm::base

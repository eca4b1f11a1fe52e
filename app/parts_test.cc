#include "app/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/log.h"

namespace dm::app {
namespace {

struct PartsTest : testing::Test {
  std::vector<std::string> said;
  Parts parts;
  PartsTest() { base::SetLogSink([](std::string_view) {}); }
  ~PartsTest() override { base::SetLogSink({}); }
  void Add(const std::string& name, bool starts = true) {
    parts.Add(
        name,
        [this, name, starts]() -> base::Result<void> {
          said.push_back("+" + name);
          if (!starts) return base::Fail(base::Code::kUnavailable, "port taken");
          return {};
        },
        [this, name] { said.push_back("-" + name); });
  }
};

TEST_F(PartsTest, StopsInTheOppositeOrder) {
  Add("health");
  Add("watches");
  Add("server");
  ASSERT_TRUE(parts.Start().has_value());
  parts.Stop(std::chrono::seconds(5));
  parts.Stop(std::chrono::seconds(5));   // nothing is left to stop
  EXPECT_THAT(said, testing::ElementsAre("+health", "+watches", "+server", "-server", "-watches", "-health"));
}

TEST_F(PartsTest, AFailureNamesThePartAndOnlyWhatStartedIsStopped) {
  Add("health");
  Add("server", false);
  Add("never");
  const auto started = parts.Start();
  ASSERT_FALSE(started.has_value());
  EXPECT_THAT(started.error().ToString(), testing::HasSubstr("starting the server"));
  EXPECT_THAT(started.error().ToString(), testing::HasSubstr("port taken"));
  parts.Stop(std::chrono::seconds(5));
  EXPECT_THAT(said, testing::ElementsAre("+health", "+server", "-health"));
}

TEST(PartsDeathTest, AStopThatHangsEndsWithTheGrace) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        Parts parts;
        parts.Add("stuck", []() -> base::Result<void> { return {}; }, [] { pause(); });
        (void)parts.Start();
        parts.Stop(std::chrono::milliseconds(50));
        _exit(0);
      },
      testing::ExitedWithCode(1), "stuck");
}

}  // namespace
}  // namespace dm::app

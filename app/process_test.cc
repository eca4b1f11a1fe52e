#include "app/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>

#include "base/log.h"

namespace dm::app {
namespace {

// Signals are for the whole process: each test lives in a child of its own.
struct ProcessDeathTest : testing::Test {
  ProcessDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(ProcessDeathTest, ASignalAsksToStop) {
  EXPECT_EXIT(
      {
        Process process;
        kill(getpid(), SIGTERM);
        const int code = process.WaitForStop();
        _exit(process.stop_token().stop_requested() ? code + 40 : 1);
      },
      testing::ExitedWithCode(40), "SIGTERM");
}

TEST_F(ProcessDeathTest, TheFirstReasonDecides) {
  EXPECT_EXIT(
      {
        Process process;
        process.RequestStop("lease lost", 3);
        process.RequestStop("also", 4);
        _exit(process.WaitForStop());
      },
      testing::ExitedWithCode(3), "lease lost");
}

TEST_F(ProcessDeathTest, ASecondSignalDoesNotWait) {
  EXPECT_EXIT(
      {
        Process process;
        kill(getpid(), SIGINT);
        process.WaitForStop();
        kill(getpid(), SIGINT);
        pause();
      },
      testing::ExitedWithCode(130), "second signal");
}

TEST_F(ProcessDeathTest, EndsWithoutASignal) {
  EXPECT_EXIT(
      {
        { Process process; }
        _exit(7);
      },
      testing::ExitedWithCode(7), "");
}

TEST(RunProgram, ExceptionsBecomeAnExitCode) {
  base::SetLogSink([](std::string_view) {});
  EXPECT_EQ(RunProgram([] { return 5; }), 5);
  EXPECT_EQ(RunProgram([]() -> int { throw std::runtime_error("boom"); }), 1);
  EXPECT_EQ(RunProgram([]() -> int { throw 3; }), 1);
  base::SetLogSink({});
}

}  // namespace
}  // namespace dm::app

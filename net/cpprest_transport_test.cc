// The behaviour against peers is in tests/conformance; here only how a program ends.
#include "net/cpprest_transport.h"

#include <gtest/gtest.h>

namespace dm::net {
namespace {

TEST(LeaveProcess, EndsTheProgramWithThePoolRunning) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        InitializeCpprest(2);
        InitializeCpprest(9);      // does nothing
        LeaveProcess(3);
      },
      ::testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace dm::net

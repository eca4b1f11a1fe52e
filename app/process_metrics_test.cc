#include "app/process_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace dm::app {
namespace {

TEST(ProcessMetrics, FiguresArePlausible) {
  const auto figures = ReadProcessFigures();
  ASSERT_TRUE(figures.has_value());
  EXPECT_GT(figures->resident_bytes, 1e6);
  EXPECT_GT(figures->virtual_bytes, figures->resident_bytes);
  EXPECT_GE(figures->threads, 1);
  EXPECT_GE(figures->open_descriptors, 3);
  EXPECT_GE(figures->max_descriptors, figures->open_descriptors);
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(figures->start_time_seconds, now, 600);   // this test started within the last minutes
}

TEST(ProcessMetrics, AreServed) {
  Metrics metrics;
  AddProcessMetrics(metrics, "dm-test");
  const std::string text = metrics.Text();
  EXPECT_THAT(text, testing::HasSubstr("dm_build_info{program=\"dm-test\",version=\""));
  EXPECT_THAT(text, testing::HasSubstr("process_resident_memory_bytes "));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("process_resident_memory_bytes 0\n")));
}

}  // namespace
}  // namespace dm::app

#include "app/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dm::app {
namespace {

using testing::HasSubstr;

TEST(Metrics, SeriesExistAtZeroFromTheStart) {
  Metrics metrics;
  metrics.AddCounter("dm_test_total", "Things.", {{"code", "200"}});
  metrics.AddGauge("dm_test_depth", "Depth.");
  metrics.AddHistogram("dm_test_seconds", "Time.", {0.1, 1});
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# HELP dm_test_total Things.\n# TYPE dm_test_total counter\ndm_test_total{code=\"200\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("dm_test_depth 0\n"));
  EXPECT_THAT(text, HasSubstr("dm_test_seconds_bucket{le=\"+Inf\"} 0\n"));
}

TEST(Metrics, CountsAndObserves) {
  Metrics metrics;
  Counter counter = metrics.AddCounter("dm_test_total", "Things.");
  counter.Add();
  counter.Add(2);
  Gauge gauge = metrics.AddGauge("dm_test_depth", "Depth.");
  gauge.Set(5);
  gauge.Add(-1);
  Histogram histogram = metrics.AddHistogram("dm_test_seconds", "Time.", {0.1, 1});
  histogram.Observe(0.5);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("dm_test_total 3\n"));
  EXPECT_THAT(text, HasSubstr("dm_test_depth 4\n"));
  EXPECT_THAT(text, HasSubstr("dm_test_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("dm_test_seconds_bucket{le=\"1\"} 1\n"));
}

TEST(Metrics, TheSameLabelsAreTheSameSeries) {
  Metrics metrics;
  metrics.AddCounter("dm_test_total", "Things.", {{"a", "1"}}).Add();
  metrics.AddCounter("dm_test_total", "Things.", {{"a", "1"}}).Add();
  metrics.AddCounter("dm_test_total", "Things.", {{"a", "2"}}).Add();
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("dm_test_total{a=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("dm_test_total{a=\"2\"} 1\n"));
}

TEST(Metrics, TotalsCountedElsewhereOnlyRise) {
  Metrics metrics;
  Counter counter = metrics.AddCounter("dm_test_total", "Things.");
  double elsewhere = 7;
  metrics.OnScrape([&] { counter.RaiseTo(elsewhere); });
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_test_total 7\n"));
  elsewhere = 9;
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_test_total 9\n"));
  elsewhere = 1;   // it was restarted: a counter must not fall
  EXPECT_THAT(metrics.Text(), HasSubstr("dm_test_total 9\n"));
}

}  // namespace
}  // namespace dm::app

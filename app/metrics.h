// Metrics: a registry over prometheus-cpp's core. Handles are taken once and kept: looking a series up costs fifty times as
// much as counting. Series exist from the start, at 0, so that rate() and alerts work. Labels never carry names of
// objects: their number must not grow with the cluster. Thread-safe.
//
//   Counter reads = metrics.AddCounter("certwatcher_read_certificate_total", "Reads of the certificate files.");
//   reads.Add();
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace dm::app {

using MetricLabels = std::map<std::string, std::string>;

// Handles are values that point into the registry; it must outlive them.
class Counter {
 public:
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  void Add(double by = 1);
  // For totals that are counted elsewhere: lifts the series to `total`; a smaller one is ignored.
  void RaiseTo(double total);
  double Value() const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  void Set(double value);
  void Add(double by);
  double Value() const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  void Observe(double value);

 private:
  prometheus::Histogram* histogram_;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The same name and labels give the same series. Names and labels are ours, never input: a wrong one ends the program.
  Counter AddCounter(const std::string& name, const std::string& help, const MetricLabels& labels = {});
  Gauge AddGauge(const std::string& name, const std::string& help, const MetricLabels& labels = {});
  Histogram AddHistogram(const std::string& name, const std::string& help, const std::vector<double>& buckets,
                         const MetricLabels& labels = {});
  // Runs before each scrape, for figures that others hold. Register at start; must be quick.
  void OnScrape(std::function<void()> refresh);

  std::string Text() const;                          // text exposition format 0.0.4
  static std::string ContentType();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Bounds in seconds for answers that take from a fraction of a millisecond to ten seconds.
std::vector<double> LatencyBuckets();

}  // namespace dm::app

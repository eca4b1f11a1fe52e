#include "app/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/guarded.h"

namespace dm::app {

void Counter::Add(double by) { counter_->Increment(by); }
void Counter::RaiseTo(double total) {
  const double missing = total - counter_->Value();
  if (missing > 0) counter_->Increment(missing);
}
double Counter::Value() const { return counter_->Value(); }

void Gauge::Set(double value) { gauge_->Set(value); }
void Gauge::Add(double by) { gauge_->Increment(by); }
double Gauge::Value() const { return gauge_->Value(); }

void Histogram::Observe(double value) { histogram_->Observe(value); }

struct Metrics::Impl {
  prometheus::Registry registry;
  base::Guarded<std::vector<std::function<void()>>> refreshers;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter Metrics::AddCounter(const std::string& name, const std::string& help, const MetricLabels& labels) {
  return Counter(&prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels));
}

Gauge Metrics::AddGauge(const std::string& name, const std::string& help, const MetricLabels& labels) {
  return Gauge(&prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels));
}

Histogram Metrics::AddHistogram(const std::string& name, const std::string& help, const std::vector<double>& buckets,
                                const MetricLabels& labels) {
  return Histogram(&prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry).Add(labels, buckets));
}

void Metrics::OnScrape(std::function<void()> refresh) { impl_->refreshers.Lock()->push_back(std::move(refresh)); }

std::string Metrics::Text() const {
  {
    // Held while they run, so that two scrapes at once do not both lift the same counter.
    auto refreshers = impl_->refreshers.Lock();
    for (const auto& refresh : *refreshers) refresh();
  }
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

std::string Metrics::ContentType() { return "text/plain; version=0.0.4; charset=utf-8"; }

std::vector<double> LatencyBuckets() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

}  // namespace dm::app

#include "operator/findings_gauge.h"

#include "dm/requirements/report.h"

namespace dm::op {

FindingsGauge::FindingsGauge(app::Metrics& metrics) {
  using requirements::Rule;
  using requirements::Severity;
  for (int i = 0; i < static_cast<int>(Rule::kCount); ++i) {
    const std::string rule(RuleName(static_cast<Rule>(i)));
    for (const Severity severity : {Severity::kInfo, Severity::kWarn, Severity::kDeny}) {
      const std::string name(SeverityName(severity));
      gauges_.emplace(std::pair{rule, name}, metrics.AddGauge("dm_operator_requirement_findings",
                                                              "Findings of the continuous requirements check on all DMClusters.",
                                                              {{"rule", rule}, {"severity", name}}));
    }
  }
  metrics.OnScrape([this] {
    const auto total = Total();
    for (auto& [key, gauge] : gauges_) {
      const auto it = total.find(key);
      gauge.Set(it == total.end() ? 0 : it->second);
    }
  });
}

void FindingsGauge::Set(const std::string& cluster, FindingCounts counts) { (*by_cluster_.Lock())[cluster] = std::move(counts); }

void FindingsGauge::Forget(const std::string& cluster) { by_cluster_.Lock()->erase(cluster); }

FindingCounts FindingsGauge::Total() const {
  FindingCounts total;
  auto by_cluster = by_cluster_.Lock();
  for (const auto& [cluster, counts] : *by_cluster) {
    for (const auto& [key, count] : counts) total[key] += count;
  }
  return total;
}

}  // namespace dm::op

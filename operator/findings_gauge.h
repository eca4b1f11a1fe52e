// dm_operator_requirement_findings{rule,severity}: how many findings stand on all clusters together. No names of objects: the
// number of series is that of the rules. Thread-safe.
#pragma once

#include <map>
#include <string>

#include "app/metrics.h"
#include "base/guarded.h"
#include "operator/requirements_check.h"

namespace dm::op {

class FindingsGauge {
 public:
  explicit FindingsGauge(app::Metrics& metrics);
  void Set(const std::string& cluster, FindingCounts counts);
  void Forget(const std::string& cluster);
  FindingCounts Total() const;

 private:
  base::Guarded<std::map<std::string, FindingCounts>> by_cluster_;
  std::map<std::pair<std::string, std::string>, app::Gauge> gauges_;
};

}  // namespace dm::op

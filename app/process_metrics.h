// What every Prometheus client says of its own process: memory, CPU, descriptors, threads, start time; and our version.
#pragma once

#include <string>

#include "app/metrics.h"
#include "base/result.h"

namespace dm::app {

struct ProcessFigures {
  double resident_bytes = 0, virtual_bytes = 0, cpu_seconds = 0, threads = 0, open_descriptors = 0, max_descriptors = 0;
  double start_time_seconds = 0;   // since 1970
};
// From /proc/self.
base::Result<ProcessFigures> ReadProcessFigures();

// process_* series, read anew at each scrape, and dm_build_info{program,version}.
void AddProcessMetrics(Metrics& metrics, const std::string& program);

}  // namespace dm::app

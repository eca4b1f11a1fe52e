#include "app/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "app/version.h"
#include "base/files.h"
#include "base/strings.h"

namespace dm::app {
namespace {

// Fields of /proc/self/stat after the command's closing parenthesis; the first is "state" (field 3 of proc(5)).
double Field(const std::vector<std::string_view>& fields, std::size_t number) {
  const std::size_t index = number - 3;
  return index < fields.size() ? static_cast<double>(base::ParseInt(fields[index]).value_or(0)) : 0;
}

double BootTime() {
  const auto stat = base::ReadFile("/proc/stat");
  if (!stat) return 0;
  for (const std::string_view line : base::Split(*stat, '\n')) {
    if (base::StartsWith(line, "btime ")) return static_cast<double>(base::ParseInt(base::Trim(line.substr(6))).value_or(0));
  }
  return 0;
}

double OpenDescriptors() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error)) ++count;
  return count > 0 ? count - 1 : 0;   // less the one that counts
}

}  // namespace

base::Result<ProcessFigures> ReadProcessFigures() {
  const auto stat = base::ReadFile("/proc/self/stat");
  if (!stat) return base::Propagate(stat, "reading /proc/self/stat");
  const std::size_t after = stat->rfind(')');
  if (after == std::string::npos || after + 2 > stat->size()) return base::Fail(base::Code::kInternal, "/proc/self/stat has no command");
  const auto fields = base::Split(base::Trim(std::string_view(*stat).substr(after + 1)), ' ');
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessFigures figures;
  figures.cpu_seconds = (Field(fields, 14) + Field(fields, 15)) / ticks;
  figures.threads = Field(fields, 20);
  figures.start_time_seconds = BootTime() + Field(fields, 22) / ticks;
  figures.virtual_bytes = Field(fields, 23);
  figures.resident_bytes = Field(fields, 24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  figures.open_descriptors = OpenDescriptors();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_descriptors = static_cast<double>(limit.rlim_cur);
  return figures;
}

void AddProcessMetrics(Metrics& metrics, const std::string& program) {
  metrics.AddGauge("dm_build_info", "1, with the version as a label.", {{"program", program}, {"version", std::string(Version())}})
      .Set(1);
  Counter cpu = metrics.AddCounter("process_cpu_seconds_total", "CPU time used, user and system.");
  Gauge resident = metrics.AddGauge("process_resident_memory_bytes", "Resident memory.");
  Gauge virtual_memory = metrics.AddGauge("process_virtual_memory_bytes", "Virtual memory.");
  Gauge threads = metrics.AddGauge("process_threads", "Threads.");
  Gauge open = metrics.AddGauge("process_open_fds", "Open file descriptors.");
  Gauge most = metrics.AddGauge("process_max_fds", "Most file descriptors that may be open.");
  Gauge start = metrics.AddGauge("process_start_time_seconds", "Start of the process, in seconds since 1970.");
  metrics.OnScrape([=]() mutable {
    const auto figures = ReadProcessFigures();
    if (!figures) return;
    cpu.RaiseTo(figures->cpu_seconds);
    resident.Set(figures->resident_bytes);
    virtual_memory.Set(figures->virtual_bytes);
    threads.Set(figures->threads);
    open.Set(figures->open_descriptors);
    most.Set(figures->max_descriptors);
    start.Set(figures->start_time_seconds);
  });
}

}  // namespace dm::app

#include "dm/desired/dashboard.h"

#include <nlohmann/json.hpp>

namespace dm::desired {
namespace {

using base::Json;

struct Panel {
  const char* title;
  const char* expression;
  const char* legend;
  const char* unit;
};

// Two in a row, in reading order: is it up, do tasks run, how far behind, what fails, is there room.
constexpr Panel kPanels[] = {
    {"Masters and workers that answer", "sum by (job) (up{job=~\"dm_.*\"})", "{{job}}", "short"},
    {"Worker stage (0 offline, 1 free, 1.5 relay, 2 bound)", "dm_master_worker_state", "{{worker}}", "short"},
    {"Task state (2 running, 3 paused, 4 stopped, 5 finished)", "dm_worker_task_state", "{{task}} {{source_id}}", "short"},
    {"Replication lag", "dm_syncer_replication_lag_gauge", "{{task}} {{source_id}}", "s"},
    {"Binlog files behind the upstream",
     "dm_syncer_binlog_file{node=\"master\"} - on(instance, task, source_id) dm_syncer_binlog_file{node=\"syncer\"}",
     "{{task}} {{source_id}}", "short"},
    {"Tables whose shard DDL is not resolved", "dm_syncer_unsynced_table_number", "{{task}} {{source_id}}", "short"},
    {"Failures of dump, load and replication",
     "sum by (task) (increase(dm_dumpling_exit_with_error_count[5m])) + sum by (task) (increase(dm_loader_exit_with_error_count[5m])) "
     "+ sum by (task) (increase(dm_syncer_exit_with_error_count[5m]))",
     "{{task}}", "short"},
    {"Free space of the relay log", "dm_relay_space{type=\"available\"}", "{{instance}}", "bytes"},
    {"CPU of masters and workers", "dm_master_cpu_usage or dm_worker_cpu_usage", "{{instance}}", "percent"},
    {"etcd: time to write its log (99th percentile)",
     "histogram_quantile(0.99, sum by (le, instance) (rate(etcd_disk_wal_fsync_duration_seconds_bucket{job=\"dm_master\"}[5m])))",
     "{{instance}}", "s"},
};

}  // namespace

Json Dashboard(const std::string& cluster) {
  constexpr int kWidth = 12, kHeight = 8;
  Json panels = Json::array();
  for (const Panel& panel : kPanels) {
    const int index = static_cast<int>(panels.size());
    panels.push_back({{"id", index + 1},
                      {"type", "timeseries"},
                      {"title", panel.title},
                      {"datasource", {{"type", "prometheus"}, {"uid", "dm"}}},
                      {"gridPos", {{"x", index % 2 * kWidth}, {"y", index / 2 * kHeight}, {"w", kWidth}, {"h", kHeight}}},
                      {"fieldConfig", {{"defaults", {{"unit", panel.unit}}}, {"overrides", Json::array()}}},
                      {"targets", Json::array({{{"expr", panel.expression}, {"legendFormat", panel.legend}, {"refId", "A"}}})}});
  }
  return {{"uid", "dm-" + cluster.substr(0, 37)},   // at most 40 characters
          {"title", "DM " + cluster},
          {"tags", Json::array({"dm"})},
          {"timezone", "browser"},
          {"schemaVersion", 39},
          {"refresh", "30s"},
          {"time", {{"from", "now-6h"}, {"to", "now"}}},
          {"panels", panels}};
}

}  // namespace dm::desired

// One row an alert. Names are those that DM's users know from its own monitoring where the meaning is the same.
#include "dm/desired/alerts.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace dm::desired {
namespace {

using base::Json;

struct Alert {
  const char* name;
  const char* expression;
  const char* lasting;
  const char* level;        // emergency | critical | warning
  const char* summary;
};

constexpr Alert kAlerts[] = {
    // Masters and workers.
    {"DM_master_all_down", "absent(up{job=\"dm_master\"} == 1)", "1m", "critical", "no DM-master answers"},
    {"DM_master_down", "up{job=\"dm_master\"} == 0", "5m", "warning", "DM-master {{ $labels.instance }} does not answer"},
    {"DM_master_no_quorum", "etcd_server_has_leader{job=\"dm_master\"} == 0", "1m", "critical",
     "DM-master {{ $labels.instance }} sees no etcd leader: nothing can be changed or moved"},
    {"DM_master_leader_flaps", "changes(dm_master_start_leader_counter[30m]) > 3", "0m", "warning",
     "leadership moved more than three times in half an hour"},
    {"DM_worker_offline", "dm_master_worker_state == 0", "1h", "critical", "DM-worker {{ $labels.worker }} is offline"},
    {"DM_no_free_worker", "count(dm_master_worker_state) > 0 unless count(dm_master_worker_state == 1) > 0", "15m", "warning",
     "no DM-worker is free: when one fails its source stands still"},
    // Series of the etcd within a master, both of the same scrape.
    {"DM_master_database_almost_full", "etcd_mvcc_db_total_size_in_bytes{job=\"dm_master\"} / etcd_server_quota_backend_bytes > 0.8", "10m",
     "critical", "the database of DM-master {{ $labels.instance }} has used more than 80% of its quota: when it is full nothing can be changed"},
    // Tasks.
    {"DM_task_state", "dm_worker_task_state == 3", "20m", "critical", "task {{ $labels.task }} of {{ $labels.source_id }} is paused"},
    {"DM_replication_lag", "dm_syncer_replication_lag_gauge > 600", "10m", "warning",
     "task {{ $labels.task }} of {{ $labels.source_id }} is {{ $value }} s behind"},
    {"DM_pending_DDL", "dm_master_ddl_state_number > 0", "1h", "critical", "a shard DDL of {{ $labels.task }} waits for an hour"},
    {"DM_DDL_error", "increase(dm_master_shard_ddl_error[1m]) > 0", "0m", "critical", "a shard DDL of {{ $labels.task }} failed"},
    {"DM_dump_process_exists_with_error",
     "increase(dm_dumpling_exit_with_error_count{resumable_err=\"false\"}[1m]) > 0 or "
     "increase(dm_dumpling_exit_with_error_count{resumable_err=\"true\"}[2m]) > 3",
     "0m", "critical", "the dump of {{ $labels.task }} fails"},
    {"DM_load_process_exists_with_error",
     "increase(dm_loader_exit_with_error_count{resumable_err=\"false\"}[1m]) > 0 or "
     "increase(dm_loader_exit_with_error_count{resumable_err=\"true\"}[2m]) > 3",
     "0m", "critical", "the load of {{ $labels.task }} fails"},
    {"DM_sync_process_exists_with_error",
     "increase(dm_syncer_exit_with_error_count{resumable_err=\"false\"}[1m]) > 0 or "
     "increase(dm_syncer_exit_with_error_count{resumable_err=\"true\"}[2m]) > 3",
     "0m", "critical", "the replication of {{ $labels.task }} fails"},
    {"DM_binlog_file_gap_between_master_syncer",
     "dm_syncer_binlog_file{node=\"master\"} - on(instance, task, source_id) dm_syncer_binlog_file{node=\"syncer\"} > 1", "10m",
     "critical", "task {{ $labels.task }} of {{ $labels.source_id }} is more than one binlog file behind"},
    // Relay log.
    {"DM_relay_process_exits_with_error",
     "increase(dm_relay_exit_with_error_count{resumable_err=\"false\"}[1m]) > 0 or "
     "increase(dm_relay_exit_with_error_count{resumable_err=\"true\"}[2m]) > 3",
     "0m", "critical", "the relay log of {{ $labels.instance }} fails"},
    {"DM_relay_log_data_corruption", "changes(dm_relay_data_corruption[1m]) > 0", "0m", "emergency",
     "the relay log of {{ $labels.instance }} is corrupt"},
    {"DM_fail_to_read_binlog_from_master", "changes(dm_relay_read_error_count[1m]) > 0", "0m", "critical",
     "{{ $labels.instance }} cannot read the upstream's binlog"},
    {"DM_fail_to_write_relay_log", "changes(dm_relay_write_error_count[1m]) > 0", "0m", "critical",
     "{{ $labels.instance }} cannot write its relay log"},
    {"DM_remain_storage_of_relay_log", "dm_relay_space{type=\"available\"} < 10 * 1024 * 1024 * 1024", "0m", "critical",
     "less than 10 GiB are free for the relay log of {{ $labels.instance }}"},
    {"DM_binlog_file_gap_between_master_relay",
     "dm_relay_binlog_file{node=\"master\"} - on(instance) dm_relay_binlog_file{node=\"relay\"} > 1", "10m", "critical",
     "the relay log of {{ $labels.instance }} is more than one binlog file behind"},
};

}  // namespace

Json AlertRules(const std::string& runbooks) {
  Json rules = Json::array();
  for (const Alert& alert : kAlerts) {
    Json rule = {{"alert", alert.name},
                 {"expr", alert.expression},
                 {"for", alert.lasting},
                 {"labels", {{"level", alert.level}}},
                 {"annotations", {{"summary", alert.summary}}}};
    if (!runbooks.empty()) rule["annotations"]["runbook_url"] = runbooks + "#" + base::ToLower(alert.name);
    rules.push_back(std::move(rule));
  }
  return {{"groups", Json::array({{{"name", "dm"}, {"rules", rules}}})}};
}

}  // namespace dm::desired

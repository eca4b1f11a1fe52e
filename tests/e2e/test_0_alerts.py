"""The alert rules that a monitor carries, and those of examples/alerts, by Prometheus' own tool: each fires when it should, and not
before. Needs no cluster."""

import json
import re
import subprocess

import dmlab
import prometheus
import pytest

W = {"job": "dm_worker", "instance": "orders-dm-worker-0"}
M = {"job": "dm_master", "instance": "orders-dm-master-0"}
TASK = {**W, "task": "t1", "source_id": "db-1", "worker": "orders-dm-worker-0"}

CLAIM = {"job": "kubelet", "namespace": "shop", "persistentvolumeclaim": "dm-worker-orders-dm-worker-0", "node": "n1"}
FOREIGN = {**CLAIM, "persistentvolumeclaim": "data-mysql-0"}   # none of a DMCluster's

CLAIM_RULES = dmlab.ROOT / "examples/alerts/claims.yml"
RUNBOOKS = "https://wiki.example.com/dm"


def series(name, labels, values):
    return f"{name}{{{', '.join(f'{k}={json.dumps(v)}' for k, v in labels.items())}}}", values


# alert: (series with which it fires, minute at which it does, minute before at which it does not, the labels it fires with)
CASES = {
    "DM_master_all_down": ([series("up", M, "1x5 0x20")], 8, 5, {}),
    "DM_master_down": ([series("up", M, "1x5 0x20"), series("up", {**M, "instance": "orders-dm-master-1"}, "1x30")], 12, 9, M),
    "DM_master_no_quorum": ([series("etcd_server_has_leader", M, "1x5 0x20")], 8, 5, M),
    "DM_master_leader_flaps": ([series("dm_master_start_leader_counter", M, "1x5 2 3 4 5 5x20")], 12, 7, M),
    "DM_worker_offline": ([series("dm_master_worker_state", {**M, "worker": "w"}, "1x5 0x90")], 70, 50, {**M, "worker": "w"}),
    "DM_no_free_worker": ([series("dm_master_worker_state", {**M, "worker": "w"}, "1x5 2x40"),
                           series("dm_master_worker_state", {**M, "worker": "v"}, "2x50")], 25, 15, {}),
    "DM_master_database_almost_full": ([series("etcd_mvcc_db_total_size_in_bytes", M, "1000x5 1800x40"),
                                        series("etcd_server_quota_backend_bytes", M, "2000x45")], 20, 10, M),
    "DM_volume_almost_full": ([series("kubelet_volume_stats_available_bytes", CLAIM, "400x5 140x20"),
                               series("kubelet_volume_stats_capacity_bytes", CLAIM, "1000x25"),
                               series("kubelet_volume_stats_available_bytes", FOREIGN, "1x25"),
                               series("kubelet_volume_stats_capacity_bytes", FOREIGN, "1000x25")], 12, 8, CLAIM),
    "DM_volume_full_within_a_day": ([series("kubelet_volume_stats_available_bytes", CLAIM, "900000-1000x600"),
                                     series("kubelet_volume_stats_capacity_bytes", CLAIM, "1000000x600")], 570, 480, CLAIM),
    "DM_task_state": ([series("dm_worker_task_state", TASK, "2x5 3x40")], 30, 20, TASK),
    "DM_replication_lag": ([series("dm_syncer_replication_lag_gauge", TASK, "10x5 700x40")], 20, 10, TASK),
    "DM_pending_DDL": ([series("dm_master_ddl_state_number", {**M, "task": "t1", "type": "Un-synced"}, "0x5 1x90")], 70, 50,
                       {**M, "task": "t1", "type": "Un-synced"}),
    "DM_DDL_error": ([series("dm_master_shard_ddl_error", {**M, "task": "t1", "type": "x"}, "0x20 4x20")], 5.5, 4, {**M, "task": "t1", "type": "x"}),
    "DM_binlog_file_gap_between_master_syncer": (
        [series("dm_syncer_binlog_file", {**TASK, "node": "master"}, "5x5 9x40"), series("dm_syncer_binlog_file", {**TASK, "node": "syncer"}, "5x45")],
        20, 10, {"instance": W["instance"], "task": "t1", "source_id": "db-1"}),
    "DM_relay_log_data_corruption": ([series("dm_relay_data_corruption", W, "0x20 1x20")], 5.5, 4, W),
    "DM_fail_to_read_binlog_from_master": ([series("dm_relay_read_error_count", W, "0x20 1x20")], 5.5, 4, W),
    "DM_fail_to_write_relay_log": ([series("dm_relay_write_error_count", W, "0x20 1x20")], 5.5, 4, W),
    "DM_remain_storage_of_relay_log": ([series("dm_relay_space", {**W, "type": "available"}, "99000000000x5 9000000000x20")], 8, 4,
                                       {**W, "type": "available"}),
    "DM_binlog_file_gap_between_master_relay": (
        [series("dm_relay_binlog_file", {**W, "node": "master"}, "5x5 9x40"), series("dm_relay_binlog_file", {**W, "node": "relay"}, "5x45")],
        20, 10, {"instance": W["instance"]}),
}
for unit, metric in (("dump", "dumpling"), ("load", "loader"), ("sync", "syncer")):
    labels = {**TASK, "resumable_err": "false"}
    CASES[f"DM_{unit}_process_exists_with_error"] = ([series(f"dm_{metric}_exit_with_error_count", labels, "0x20 4x20")], 5.5, 4, labels)
CASES["DM_relay_process_exits_with_error"] = (
    [series("dm_relay_exit_with_error_count", {**W, "resumable_err": "true"}, "0x20 9x20")], 5.5, 4, {**W, "resumable_err": "true"})
# Where a counter steps up, samples come each 15 s: the rules look back one minute.
QUICK = {"DM_DDL_error", "DM_relay_log_data_corruption", "DM_fail_to_read_binlog_from_master", "DM_fail_to_write_relay_log",
         *(name for name in CASES if "process_exi" in name)}


@pytest.fixture(scope="session")
def promtool():
    return prometheus.program("promtool")


@pytest.fixture(scope="session")
def rules(tmp_path_factory):
    """rules.yml as `kubectl dm render` prints it into the monitor's ConfigMap (a block of text below its key)."""
    manifest = dmlab.manifest("orders", "shop", monitor={"replicas": 1, "storageSize": "200Gi"})
    folder = tmp_path_factory.mktemp("rules")
    (folder / "policy.yaml").write_text(f"runbooks: {RUNBOOKS}\n")
    done = subprocess.run([dmlab.BIN / "kubectl-dm", "render", "-f", "-", "--policy", folder / "policy.yaml"], input=manifest,
                          text=True, capture_output=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.strip().startswith("rules.yml:"))
    indent = len(lines[at]) - len(lines[at].lstrip())
    block = []
    for line in lines[at + 1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        block.append(line)
    inner = min(len(line) - len(line.lstrip()) for line in block if line.strip())
    path = folder / "rules.yml"
    path.write_text("\n".join(line[inner:] for line in block) + "\n")
    return path


def test_promtool_takes_the_rules(promtool, rules):
    done = subprocess.run([promtool, "check", "rules", rules, CLAIM_RULES], capture_output=True, text=True, timeout=60, check=False)
    found = sum(map(int, re.findall(r"(\d+) rules found", done.stdout)))
    assert done.returncode == 0 and found == len(CASES), done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_not_before(promtool, rules):
    level = {"DM_relay_log_data_corruption": "emergency", "DM_master_down": "warning", "DM_master_leader_flaps": "warning",
             "DM_no_free_worker": "warning", "DM_replication_lag": "warning", "DM_volume_full_within_a_day": "warning"}
    tests = []
    for alert, (given, fires, before, labels) in CASES.items():
        # Annotations are not compared: promtool wants all or none, and their text is for people.
        expr = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
        sample = "{" + ", ".join(f"{k}={json.dumps(v)}" for k, v in sorted(
            {**labels, "__name__": "ALERTS", "alertname": alert, "alertstate": "firing", "level": level.get(alert, "critical")}.items())) + "}"
        tests.append({"interval": "15s" if alert in QUICK else "1m", "name": alert,
                      "input_series": [{"series": name, "values": values} for name, values in given],
                      "promql_expr_test": [{"expr": expr, "eval_time": f"{int(before * 60)}s", "exp_samples": []},
                                           {"expr": expr, "eval_time": f"{int(fires * 60)}s", "exp_samples": [{"labels": sample, "value": 1}]}]})
    path = rules.parent / "tests.yml"
    path.write_text(json.dumps({"rule_files": [str(rules), str(CLAIM_RULES)], "evaluation_interval": "15s", "tests": tests}))   # YAML, too
    done = subprocess.run([promtool, "test", "rules", path], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_of_a_monitor_points_to_its_heading_of_the_runbooks(rules):
    text = rules.read_text()
    alerts = re.findall(r"alert: \"?(DM_\w+)", text)
    urls = re.findall(r"runbook_url: \"?([^\"\n]+)", text)
    assert len(alerts) > 20 and urls == [f"{RUNBOOKS}#{name.lower()}" for name in alerts]
    assert set(alerts) <= set(re.findall(r"^## (DM_\w+)$", (dmlab.ROOT / "docs/runbooks.md").read_text(), re.M))

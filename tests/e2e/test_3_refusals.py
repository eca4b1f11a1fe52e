"""The exact text that kubectl prints for the refusals that users meet most, byte for byte: one fault a manifest.

Whoever changes a message changes it here, and so reads it once as users will.
"""

import pytest

import dmlab

LEGACY = {"nodeSelector": {"pool": "legacy"}, "tolerations": [{"key": "pool", "operator": "Exists"}]}
WAYS_OUT = ('add nodes that qualify, or admit these systems in the policy with operatingSystems: '
            '[{name: "CentOS", minVersion: "7.2"}]')
TOO_OLD = ('and 0 of 1 node that could take them do: 1 runs an operating system older than the table allows '
           '(legacy runs CentOS 7.2, 7.3 or later is needed) (NodesForRole): ' + WAYS_OUT)

REFUSALS = {
    "master-replicas": (
        {"masters": 1},
        'The DMCluster "orders" is invalid: spec.master.replicas: Invalid value: 1: a production cluster needs at least '
        '3 DM-masters, so that the loss of one stops nothing (MasterReplicas): raise it to 3, or set spec.environment to '
        'development\n'),
    "worker-replicas": (
        {"workers": 2},
        'The DMCluster "orders" is invalid: spec.worker.replicas: Invalid value: 2: a production cluster needs more '
        'DM-workers than upstreams, and there are 2 upstreams: a spare one takes over when another is lost '
        '(WorkerReplicas): raise it to 3, or set spec.environment to development\n'),
    "cpu": (
        {"worker_requests_cpu": "8"},
        'The DMCluster "orders" is invalid: spec.worker.requests.cpu: Invalid value: "8": a production DM-worker needs at '
        'least 16 CPU (WorkerCPU): raise it to 16, or set spec.environment to development\n'),
    "memory": (
        {"worker_requests": {"cpu": "16"}},
        'The DMCluster "orders" is invalid: spec.worker.requests.memory: Required value: a production DM-worker needs at '
        'least 32 GB of memory (WorkerMemory): set it to 32Gi\n'),
    "disk-size": (
        {"master_storageSize": "100Gi"},
        'The DMCluster "orders" is invalid: spec.master.storageSize: Invalid value: "100Gi": a production DM-master needs '
        'at least 200 GB of disk (MasterDisk): raise it to 200Gi\n'),
    "storage-class-missing": (
        {"worker_storageClassName": "sssd"},
        'The DMCluster "orders" is invalid: spec.worker.storageClassName: Invalid value: "sssd": there is no such storage '
        'class (StorageClassExists): did you mean ssd?\n'),
    "storage-class-hdd": (
        {"worker_storageClassName": "hdd"},
        'The DMCluster "orders" is invalid: spec.worker.storageClassName: Invalid value: "hdd": a production DM-worker '
        'needs SSD or better, and storage class "hdd" gives hdd (provisioner ebs.csi.aws.com, type st1) '
        '(WorkerDiskClass): use a storage class of SSD or better, or set spec.environment to development\n'),
    "node-system": (
        LEGACY,
        'The DMCluster "orders" is invalid: \n'
        '* spec.master: Forbidden: 3 DM-masters need as many nodes that qualify, ' + TOO_OLD + '\n'
        '* spec.worker: Forbidden: 3 DM-workers need room on nodes that qualify, ' + TOO_OLD + '\n'),
    "monitor-missing": (
        {"monitor": None},
        'The DMCluster "orders" is invalid: spec.monitor: Required value: a production cluster needs a monitor '
        '(MonitorReplicas): add spec.monitor, or set spec.monitor.external to true if one that stands elsewhere watches '
        'this cluster, or set spec.environment to development\n'),
    "disk-below-data": (
        {"worker_storageSize": "300Gi", "upstreams": [{"name": "db-0", "dataSize": "300Gi"}]},
        'The DMCluster "orders" is invalid: spec.worker.storageSize: Invalid value: "300Gi": a DM-worker\'s disk must be '
        'greater than the data of its upstream, and "db-0" has 300Gi (WorkerDiskHoldsData): raise it above 300Gi\n'),
}


def orders(**changes):
    declared = changes.pop("upstreams", None)
    text = dmlab.manifest("orders", "default", production=True, **{
        "master_storageClassName": "ssd", "worker_storageClassName": "ssd", **changes})
    return text if declared is None else dmlab.changed(text, upstreams=declared)


@pytest.mark.parametrize("case", REFUSALS)
def test_the_exact_text(judged, case):
    changes, expected = REFUSALS[case]
    done = judged.apply(orders(**changes))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)
    assert judged.cluster.get("dc", "orders", namespace="default") is None


def test_the_dry_run_says_the_same(judged):
    for changes, expected in REFUSALS.values():
        done = judged.apply(orders(**changes), "--dry-run=server")
        assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


def test_without_a_fault_nothing_is_said(judged):
    done = judged.apply(orders(), "--dry-run=server")
    assert (done.returncode, done.stdout, done.stderr) == (0, "dmcluster.pingcap.com/orders created (server dry run)\n", "")

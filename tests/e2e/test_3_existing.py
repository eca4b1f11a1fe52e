"""A user of TiDB Operator 1.x: the minimal manifest is refused in production, passes with warnings where the policy says
warn, and what exists already may stay, become better and go, but not worse."""

import json

import pytest

import dmlab
import hostlab
from test_1_admission import bullets

MINIMAL = dmlab.ROOT / "tests/testdata/v1/basic/input.yaml"
PROBLEMS = """\
The DMCluster "basic" is invalid: 
* spec.master.replicas: Invalid value: 1: a production cluster needs at least 3 DM-masters, so that the loss of one stops \
nothing (MasterReplicas): raise it to 3, or set spec.environment to development
* spec.worker.replicas: Invalid value: 1: a production cluster needs more DM-workers than upstreams, and there is 1 upstream \
(none is declared, which counts as one): a spare one takes over when another is lost (WorkerReplicas): raise it to 2, or set \
spec.environment to development
* spec.monitor: Required value: a production cluster needs a monitor (MonitorReplicas): add spec.monitor, or set \
spec.monitor.external to true if one that stands elsewhere watches this cluster, or set spec.environment to development
* spec.master.requests.cpu: Required value: a production DM-master needs at least 4 CPU (MasterCPU): set it to 4
* spec.master.requests.memory: Required value: a production DM-master needs at least 8 GB of memory (MasterMemory): set it to 8Gi
* spec.worker.requests.cpu: Required value: a production DM-worker needs at least 16 CPU (WorkerCPU): set it to 16
* spec.worker.requests.memory: Required value: a production DM-worker needs at least 32 GB of memory (WorkerMemory): set it to 32Gi
* spec.master.storageSize: Invalid value: "10Gi": a production DM-master needs at least 200 GB of disk (MasterDisk): raise it to 200Gi
* spec.worker.storageSize: Invalid value: "100Gi": a production DM-worker needs at least 200 GB of disk (WorkerDisk): raise it to 200Gi"""


def warnings(done):
    return [line.removeprefix("Warning: ") for line in done.stderr.splitlines() if line.startswith("Warning: ")]


def test_the_minimal_manifest_is_refused_with_a_line_a_problem(judged):
    assert judged.refusal(MINIMAL.read_text()) == PROBLEMS
    fields = [line.split(":")[0] for line in bullets(PROBLEMS)]
    assert len(set(fields)) == len(fields) == 9


@pytest.fixture(scope="module")
def stored(judged):
    """The namespace in which the minimal manifest was stored while it was milder; it is strict now. What was printed."""
    lab, name = judged.cluster, "was-milder"
    lab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"dm-test/enforcement": "warn"}}})
    printed = judged.apply(MINIMAL.read_text(), "-n", name)
    assert printed.returncode == 0, printed.stderr
    lab.kubectl("label", "namespace", name, "dm-test/enforcement-")
    other = json.dumps({"apiVersion": "pingcap.com/v1alpha1", "kind": "DMCluster", "metadata": {"name": "other", "namespace": name},
                        "spec": {"version": "v8.5.7"}})
    lab.wait(lambda: judged.apply(other, "--dry-run=server").returncode, 20, "the namespace to be strict")
    return name, printed


def test_where_the_policy_says_warn_it_passes_with_warnings(stored):
    _, printed = stored
    assert printed.stdout == "dmcluster.pingcap.com/basic created\n"
    lines = warnings(printed)
    for line in bullets(PROBLEMS):
        rule = line[line.index("(", line.index("value:")):]
        rule = next(word for word in rule.replace(")", "(").split("(") if word.isalpha() and word[0].isupper())
        assert sum(text.startswith(f"{rule}: ") for text in lines) == 1, (rule, lines)
    assert all(len(line) <= 256 for line in lines) and sum(map(len, lines)) <= 4096


def test_what_exists_may_be_labelled_and_edited(judged, stored):
    name, _ = stored
    for args in (("label", "dc", "basic", "team=data"), ("annotate", "dc", "basic", "note=x")):
        done = judged.cluster.kubectl(*args, "-n", name)
        assert done.stderr == ""                               # not even asked
    done = patch(judged, name, {"timezone": "Asia/Tokyo"})
    assert done.returncode == 0, done.stderr
    told = [line for line in warnings(done) if line.endswith(" (as before)")]
    assert len(told) >= 9, done.stderr
    assert judged.cluster.get("dc", "basic", namespace=name)["spec"]["timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize("change, line", [
    ({"worker": {"storageSize": "50Gi"}},
     'spec.worker.storageSize: Invalid value: "50Gi": a production DM-worker needs at least 200 GB of disk (WorkerDisk): '
     'raise it to 200Gi'),
    ({"worker": {"storageClassName": "hdd"}}, "(WorkerDiskClass)"),
    ({"master": {"replicas": 0}}, "(MasterReplicas)"),
    ({"upstreams": [{"name": "a"}, {"name": "b"}]}, "(WorkerReplicas)"),
    ({"version": "v5.4.0"}, "(SupportedVersion)"),
])
def test_what_exists_may_not_become_worse(judged, stored, change, line):
    name, _ = stored
    before = judged.cluster.get("dc", "basic", namespace=name)["spec"]
    done = patch(judged, name, change)
    assert done.returncode == 1
    text = hostlab.without_warnings(done.stderr)
    assert line in text and len(text.splitlines()) == 1, text   # this one and nothing of what was so before
    assert judged.cluster.get("dc", "basic", namespace=name)["spec"] == before


def test_scale_is_judged_like_the_edit_that_it_stands_for(judged, stored):
    name, _ = stored
    done = judged.cluster.kubectl("scale", "dc", "basic", "-n", name, "--replicas=0", check=False)
    assert done.returncode == 1
    assert hostlab.without_warnings(done.stderr) == (
        'The DMCluster "basic" is invalid: spec.worker.replicas: Invalid value: 0: a production cluster needs more DM-workers '
        'than upstreams, and there is 1 upstream (none is declared, which counts as one): a spare one takes over when another '
        'is lost (WorkerReplicas): raise it to 2')
    assert judged.cluster.get("dc", "basic", namespace=name)["spec"]["worker"]["replicas"] == 1


def test_what_exists_may_become_better_step_by_step_and_go(judged, stored):
    name, _ = stored
    judged.cluster.kubectl("scale", "dc", "basic", "-n", name, "--replicas=2")
    steps = [{"worker": {"requests": {"cpu": "8"}}},            # half-way
             {"worker": {"requests": {"cpu": "16", "memory": "32Gi"}, "storageSize": "200Gi"}},
             {"master": {"replicas": 3, "requests": {"cpu": "4", "memory": "8Gi"}, "storageSize": "200Gi"}},
             {"monitor": {"external": True}}]
    left = []
    for step in steps:
        done = patch(judged, name, step)
        assert done.returncode == 0, (step, done.stderr)
        left.append(sum(line.endswith(" (as before)") for line in warnings(done)))
    assert left == sorted(left, reverse=True), left
    done = patch(judged, name, {"timezone": "UTC"})
    assert not any("needs" in line and not line.startswith("UpstreamsDeclared: ") for line in warnings(done)), done.stderr
    back = patch(judged, name, {"worker": {"requests": {"cpu": "8"}}})
    assert back.returncode == 1 and "(WorkerCPU)" in back.stderr, back.stderr   # what has been reached is held


def test_what_falls_short_can_be_deleted(judged, stored):
    name, _ = stored
    lab = judged.cluster
    lab.kubectl("label", "namespace", name, "dm-test/enforcement=warn")
    small = MINIMAL.read_text().replace("name: basic", "name: leaving")
    lab.wait(lambda: judged.apply(small, "-n", name).returncode == 0, 20, "the namespace to be milder")
    lab.kubectl("label", "namespace", name, "dm-test/enforcement-")
    lab.kubectl("patch", "dc", "leaving", "-n", name, "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
    lab.kubectl("delete", "dc", "leaving", "-n", name, "--wait=false")
    lab.kubectl("patch", "dc", "leaving", "-n", name, "--type=merge", "-p", '{"metadata":{"finalizers":[]}}')
    lab.wait(lambda: lab.get("dc", "leaving", namespace=name) is None, 10, "the cluster to be gone")


def patch(judged, namespace, spec):
    return judged.cluster.kubectl("patch", "dc", "basic", "-n", namespace, "--type=merge", "-p", json.dumps({"spec": spec}),
                                  check=False)

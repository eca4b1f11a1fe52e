"""A node whose system, label or size changes shows in the conditions of the clusters that stand on it within five seconds.

Node objects only: pods are placed by the real scheduler and never start, which is all that the conditions need.
"""

import json
import time

import pytest

import dmlab
import hostlab
from lab import WaitTimeout

LIMIT = 5
TAINTED = {"name": "idle", **hostlab.UBUNTU, "taints": [{"key": "pool", "value": "idle", "effect": "NoSchedule"}]}
NODES = [{**hostlab.UBUNTU, "name": "ubuntu", "count": 3, "labels": {"dm.pingcap.com/network-gbps": "10"}}, TAINTED]


@pytest.fixture(scope="module")
def standing():
    """A cluster whose pods stand on three nodes, with dm-operator as a process of the host."""
    with hostlab.HostLab(nodes=NODES, webhook=False) as lab:
        cluster = lab.cluster
        cluster.process("kwok").kill()   # it would let pods look as if they ran, with addresses of nobody
        lab.start_operator()
        cluster.apply(dmlab.manifest("orders", "default", production=True, workers=3, master_storageClassName="ssd",
                                     worker_storageClassName="ssd"))
        cluster.wait(lambda: len(stand_on(cluster)) == 3 and conditions(cluster) == ("True", "True"), 60,
                     "pods to stand on three nodes and the conditions to say that all is well")
        yield lab


def stand_on(cluster):
    return {pod["spec"].get("nodeName") for pod in cluster.get("pods", namespace="default")["items"]} - {None}


def conditions(cluster):
    return tuple(dmlab.condition(cluster, "orders", "default", kind).get("status") for kind in ("RequirementsMet", "NodesQualified"))


def after(standing, change, kind, says):
    """Seconds from the change until the condition says it."""
    start = time.monotonic()
    change()
    done = time.monotonic()     # kubectl itself takes its time on a busy machine
    found = {}

    def said():
        found.update(dmlab.condition(standing.cluster, "orders", "default", kind))
        return says(found)
    try:
        standing.cluster.wait(said, 3 * LIMIT, f"{kind} to say it")
    except WaitTimeout as error:
        raise AssertionError(f"{error}; it says {found}") from error
    print(f"{kind}: {time.monotonic() - done:.2f} s after kubectl, {time.monotonic() - start:.2f} s after its start")
    return time.monotonic() - done


def label(standing, *labels):
    return lambda: standing.cluster.kubectl("label", "node", "ubuntu-1", "--overwrite", *labels)


def good(condition):
    return condition.get("status") == "True" and "ubuntu-1" not in condition["message"]


def test_another_system(standing):
    old, new = {"osImage": "Ubuntu 14.04.6 LTS"}, {"osImage": hostlab.UBUNTU["os"]}
    took = after(standing, lambda: standing.set_node("ubuntu-1", {"nodeInfo": old}), "NodesQualified",
                 lambda c: c["status"] == "False" and c["reason"] == "NodesDoNotQualify"
                 and "stands on ubuntu-1, which runs Ubuntu 14.04" in c["message"])
    assert took < LIMIT
    assert dmlab.condition(standing.cluster, "orders", "default", "RequirementsMet")["reason"] == "NodesForRole"
    assert after(standing, lambda: standing.set_node("ubuntu-1", {"nodeInfo": new}), "NodesQualified", good) < LIMIT


def test_a_label(standing):
    took = after(standing, label(standing, "dm.pingcap.com/network-gbps=0.1"), "NodesQualified",
                 lambda c: c["status"] == "False" and "ubuntu-1, which has a network of 0.1 Gb/s" in c["message"])
    assert took < LIMIT
    assert after(standing, label(standing, "dm.pingcap.com/network-gbps=10"), "NodesQualified", good) < LIMIT


def test_the_size(standing):
    def size(cpu):
        return lambda: standing.set_node("ubuntu-1", {"allocatable": {"cpu": cpu}, "capacity": {"cpu": cpu}})
    took = after(standing, size("2"), "RequirementsMet", lambda c: c["reason"] == "NodeCapacity" and "ubuntu-1 with 2 CPU" in c["message"])
    assert took < LIMIT
    assert after(standing, size("48"), "RequirementsMet", good) < LIMIT


def test_a_node_on_which_nothing_stands_changes_nothing(standing):
    cluster = standing.cluster
    before = json.dumps(cluster.get("dc", "orders", namespace="default")["status"]["conditions"], sort_keys=True)
    standing.set_node("idle", {"nodeInfo": {"osImage": "Ubuntu 14.04.6 LTS"}})
    assert after(standing, label(standing, "dm.pingcap.com/network-gbps=0.1"), "NodesQualified", lambda c: c["status"] == "False") < LIMIT
    assert after(standing, label(standing, "dm.pingcap.com/network-gbps=10"), "NodesQualified", good) < LIMIT
    now = cluster.get("dc", "orders", namespace="default")["status"]["conditions"]
    assert [(c["type"], c["status"], c["message"]) for c in now] == [(c["type"], c["status"], c["message"]) for c in json.loads(before)]


def test_a_policy_that_is_refused(standing):
    """Last: the policy is changed. Where and why it is wrong stands on the cluster, once, until it is mended."""
    cluster = standing.cluster

    def told():
        return dmlab.condition(cluster, "orders", "default", "PolicyCurrent")
    assert told() == {}
    standing.policy.write_text(hostlab.POLICY + "rules:\n  MasterCpu: deny\n")
    try:
        cluster.wait(told, 30, "the condition to say that the policy is refused")
        line = hostlab.POLICY.count("\n") + 2
        assert (told()["status"], told()["reason"]) == ("False", "PolicyRefused")
        assert f"policy.yaml: line {line}: rules.MasterCpu: " in told()["message"], told()
        assert conditions(cluster) == ("True", "True")            # the last good one judges on
        assert standing.metric("dm_policy_error", standing.operator_health) == 1
        events = [event for event in dmlab.items(cluster, "events", namespace="default") if event["reason"] == "PolicyRefused"]
        assert [(event["type"], event["involvedObject"]["name"], event.get("count", 1)) for event in events] == [("Warning", "orders", 1)], events
    finally:
        standing.policy.write_text(hostlab.POLICY)
    cluster.wait(lambda: told() == {}, 30, "the condition to be gone once it is mended")
    assert standing.metric("dm_policy_error", standing.operator_health) == 0

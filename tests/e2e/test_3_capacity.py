"""capacity.measure: free. NodeCapacity counts what runs on the nodes, at admission, on the command line and in the conditions, and
only then; the policy switches it on and off while everything runs.

Node objects only: the pods that fill them are put on their nodes by hand.
"""

import json
import re

import pytest

import dmlab
import hostlab
from lab import WaitTimeout

FREE = hostlab.POLICY + "capacity: {measure: free, onShortage: deny}\n"
SHORT = "DM-workers fit beside what runs: each takes 16 CPU and 32Gi of memory"


def orders(namespace="default"):
    return dmlab.manifest("orders", namespace, production=True, master_storageClassName="ssd", worker_storageClassName="ssd")


def filler(node, cpu):
    """A pod of somebody else's: half of its CPU by a container, half by a sidecar."""
    half = {"requests": {"cpu": f"{cpu * 500}m"}}
    image = "registry.k8s.io/pause:3.10"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"on-{node}", "namespace": "fillers"},
            "spec": {"nodeName": node, "tolerations": [{"operator": "Exists"}],
                     "containers": [{"name": "main", "image": image, "resources": half}],
                     "initContainers": [{"name": "side", "image": image, "restartPolicy": "Always", "resources": half}]}}


def fill(lab, nodes, cpu):
    empty(lab)
    lab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fillers"}})
    lab.wait(lambda: lab.get("serviceaccount", "default", namespace="fillers"), 30, "the namespace to take pods")
    lab.apply([filler(node, cpu) for node in nodes])


def empty(lab):
    lab.kubectl("delete", "pods", "--all", "-n", "fillers", "--force", "--grace-period=0", "--ignore-not-found", check=False)
    lab.wait(lambda: not dmlab.items(lab, "pods", namespace="fillers"), 30, "the pods to be gone")


def grant(lab, *flags):
    """The webhook's rights as the chart gives them with these values."""
    rendered = lab.helm("template", dmlab.RELEASE, dmlab.CHART, "-n", dmlab.SYSTEM, *flags, timeout=60).stdout
    name = f"{dmlab.RELEASE}-webhook-{dmlab.SYSTEM}"
    role = next(text for text in re.split(r"^---$", rendered, flags=re.M) if "kind: ClusterRole\n" in text and f"\n  name: {name}\n" in text)
    lab.apply(role, "--server-side", "--force-conflicts")


@pytest.fixture()
def measured(judged):
    """The light cluster, its policy put back afterwards."""
    yield judged
    judged.policy.write_text(hostlab.POLICY)
    empty(judged.cluster)
    grant(judged.cluster)
    judged.cluster.wait(lambda: judged.metric("dm_view_pods") == 0 and judged.metric("dm_view_pods_unknown") == 0, 30,
                        "the watch of pods to have ended")


def test_admission_counts_what_runs_only_when_the_policy_says_so(measured):
    lab = measured.cluster
    nodes = [node["metadata"]["name"] for node in lab.get("nodes", "-l", "!pool")["items"]]
    assert len(nodes) == 4, nodes

    def says(what):
        return lambda: what in measured.apply(orders(), "--dry-run=server").stderr

    fill(lab, nodes, 40)                                                  # of 48
    assert measured.apply(orders(), "--dry-run=server").stderr == ""      # by allocatable all is well
    assert measured.metric("dm_view_pods") == 0                           # and nobody asked for pods

    measured.policy.write_text(FREE)                                      # the chart gave no right to list pods
    lab.wait(says('1 rule was not checked: NodeCapacity (the policy measures what is free, and pods have not been listed yet'), 30,
             "the webhook to say that it does not know what runs")
    lab.wait(says("pods is forbidden"), 30, "and why")
    assert measured.metric("dm_view_pods_unknown") == 1
    assert measured.ready()[0] == 200
    grant(lab, "--set", "policy.capacity.measure=free")
    lab.wait(says(SHORT), 90, "the webhook to count what runs")
    refusal = measured.refusal(orders(), "--dry-run=server")
    assert "spec.worker: Forbidden: only 0 of 3 " + SHORT in refusal, refusal
    assert "0 of 4 qualifying nodes hold one (nearest: ubuntu-1 with 8 CPU and 192Gi free) (NodeCapacity)" in refusal, refusal
    assert measured.metric("dm_view_pods") == 4

    # The command line says the same: of the cluster, and of a file that holds its nodes and pods.
    policy, listing = measured.policy, lab.plan.home / "nodes-and-pods.json"
    listing.write_text(lab.kubectl("get", "nodes,pods", "-A", "-o", "json").stdout)
    live = check(lab, "--kubeconfig", lab.kubeconfig, "--policy", policy)
    filed = check(lab, "--nodes", listing, "--policy", policy)
    assert live == filed == {"NodeCapacity"}, (live, filed)
    listing.write_text(lab.kubectl("get", "nodes", "-o", "json").stdout)
    assert check(lab, "--nodes", listing, "--policy", policy) == {"not checked"}

    # The same pods as the cluster's own are not in its way.
    own = {"app.kubernetes.io/name": "dm-cluster", "app.kubernetes.io/managed-by": "tidb-operator", "app.kubernetes.io/instance": "orders"}
    lab.kubectl("label", "pods", "--all", "-n", "fillers", *(f"{key}={value}" for key, value in own.items()))
    assert says(SHORT)(), "a cluster of that name in another namespace"

    measured.policy.write_text(hostlab.POLICY)                            # allocatable again
    lab.wait(lambda: measured.apply(orders(), "--dry-run=server").stderr == "", 30, "the policy to be in force")
    lab.wait(lambda: measured.metric("dm_view_pods") == 0, 10, "the pods to be forgotten")
    measured.policy.write_text(FREE)
    lab.wait(says(SHORT), 30, "the policy to be in force")
    done = measured.apply(orders("fillers"), "--dry-run=server")
    assert done.returncode == 0 and done.stderr == "", done.stderr        # the cluster whose pods they are
    empty(lab)
    lab.wait(lambda: measured.apply(orders(), "--dry-run=server").stderr == "", 10, "room, once the pods are gone")


def check(lab, *flags):
    """Rules that deny, by kubectl dm check; or that NodeCapacity was not checked."""
    done = lab.tool(dmlab.BIN / "kubectl-dm", "check", "-f", "-", "-o", "json", *flags, input=orders(), check=False)
    found = json.loads(done.stdout)[0]
    denied = {finding["rule"] for finding in found["findings"] if finding["severity"] == "deny"}
    left = {"not checked" for rule in found["notChecked"] if rule["rule"] == "NodeCapacity"}
    return denied | left


def test_the_conditions_follow_what_runs():
    nodes = [{**hostlab.UBUNTU, "name": "ubuntu", "count": 3, "labels": {"dm.pingcap.com/network-gbps": "10"}}]
    with hostlab.HostLab(nodes=nodes, webhook=False) as lab:
        cluster = lab.cluster
        lab.policy.write_text(FREE)
        lab.start_operator()
        cluster.apply(orders())

        def met():
            return dmlab.condition(cluster, "orders", "default", "RequirementsMet")

        def until(status, what):
            try:
                cluster.wait(lambda: met().get("status") == status, 60, what)
            except WaitTimeout as error:
                raise AssertionError(f"{error}; it says {met()}") from error
        names = {f"ubuntu-{i}" for i in (1, 2, 3)}
        cluster.wait(lambda: names <= {pod["spec"].get("nodeName") for pod in dmlab.items(cluster, "pods", namespace="default")}, 60,
                     "a master on each node")
        until("True", "conditions")
        fill(cluster, names, 30)             # the rest of 48 holds a worker or a master, and not both
        until("False", "the condition to say that there is no room")
        assert met()["reason"] == "NodeCapacity", met()
        assert "beside what runs and the pods of the other roles only" in met()["message"], met()
        fill(cluster, names, 28)             # both, to the last CPU; but for the master of its own that stands there already
        until("True", "the condition to say that there is room again")

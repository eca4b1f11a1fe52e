"""A node is lost for good, with what stood on it, or its object is deleted under what runs on it; later it comes back.

OBSERVED_LONG=1: a deleted node's pods are left to Kubernetes, which collects them after 40 to 60 s, and the node stays away for longer
than updatePolicy.failoverPeriod.
"""

import json
import os
import time

import dmlab
import pytest
from watchedlab import Watched

TAINT = "node.kubernetes.io/out-of-service"


def nodes_of(cluster, role="master"):
    return {name: pod["spec"].get("nodeName") for name, pod in cluster.pod_objects(role).items()}


@pytest.fixture(scope="module")
def stays(lab, watched):
    """A second cluster beside `watched`, whose volumes are on its nodes' own disks; a master a host."""
    found = Watched(lab, "stays", "local", production=True, master_storageClassName="local-path", worker_storageClassName="local-path",
                    updatePolicy={"failoverPeriod": "30s"})
    watched.ask(masters=3, workers=2)
    watched.settle(240)
    found.settle(240)
    yield found
    found.remove()


def followers_on_a_node(stays, watched):
    """(a follower of `stays`, the one of `watched` that stands beside it or None): no more than one of each, so that their node may go."""
    where, elsewhere = nodes_of(stays), nodes_of(watched)
    assert len(set(where.values())) == 3, where
    fit = [pod for pod, node in where.items() if pod != stays.leader() and node != elsewhere[watched.leader()]
           and list(elsewhere.values()).count(node) < 2]
    assert fit, (where, elsewhere)
    # One that stands beside one of the other cluster shows both.
    victim = max(fit, key=lambda pod: where[pod] in elsewhere.values())
    return victim, next((pod for pod, node in elsewhere.items() if node == where[victim]), None)


def test_masters_of_a_node_out_of_service_go_on_elsewhere_and_nothing_is_left_when_it_returns(lab, stays, watched):
    """Two clusters lose a follower each: the volume of one follows it to another node; that of the other is on the node's own disk,
    so that the member is replaced there where it finds room."""
    victim, moved = followers_on_a_node(stays, watched)
    where, elsewhere = nodes_of(stays), nodes_of(watched)
    claim, before = f"dm-master-{victim}", stays.member_id(victim)
    uid = stays.claims()[claim]["metadata"]["uid"]
    ids = {pod: watched.member_id(pod) for pod in elsewhere}
    node = lab.node(where[victim])
    print(f"{node.name} goes, with {victim} and {moved}")
    with stays.observe() as seen, watched.observe() as followed:
        node.kill()
        try:
            lab.route_services()
            lab.kubectl("taint", "node", node.name, f"{TAINT}=nodeshutdown:NoExecute")
            lab.wait(lambda: stays.member_id(victim) not in (None, before), 180, f"{victim} to be a member anew")
            lab.wait(lambda: all(m["health"] for cluster in (stays, watched) for m in cluster.status()["master"]["members"].values()), 90,
                     "all masters to be well without the node")
            assert node.name not in {*nodes_of(stays).values(), *nodes_of(watched).values()}
        finally:
            node.start()
            lab.route_services()
            lab.kubectl("taint", "node", node.name, f"{TAINT}-")
        for cluster in (stays, watched):
            cluster.settle(150)
    # The one volume that is lost with its node was given up, after its member; no other claim, no other member.
    seen.expect(removed={victim}, replaced={claim})
    assert seen.removed() == {victim} and stays.claims()[claim]["metadata"]["uid"] != uid
    followed.expect()
    assert not followed.removed() and {pod: watched.member_id(pod) for pod in elsewhere} == ids
    nothing_is_left(lab, stays)
    if lab.get("dc", "orders", namespace="quiet"):   # test_2_lifecycle's, which stood on that node as well
        dmlab.wait_ready(lab, "orders", "quiet", 120)
    dmlab.await_operators(lab)


def nothing_is_left(lab, cluster):
    """Of a failover: no note in the status, no claim but those in use, no volume that nobody has."""
    assert "failureMembers" not in cluster.status()["master"]
    claims = cluster.claims()
    assert set(claims) == {f"dm-{role}-{pod}" for role in ("master", "worker") for pod in cluster.pods(role)}
    assert not any("dm.pingcap.com/removed-at" in c["metadata"].get("annotations", {}) for c in claims.values())
    mine = {c["spec"]["volumeName"] for c in claims.values()}
    lab.wait(lambda: {v["metadata"]["name"] for v in lab.get("pv")["items"] if v["spec"]["claimRef"]["namespace"] == cluster.namespace} == mine,
             30, "no volumes but those in use")


LONG = os.environ.get("OBSERVED_LONG") == "1"


def test_members_of_a_node_whose_object_is_deleted(lab, stays, watched):
    """`kubectl delete node` while its kubelet and pods run on: as long as they do nothing is done. When the pods are gone, the member whose
    disk moves goes on with it elsewhere; that on the node's own disk waits for the node, and goes on there with what it had."""
    stays.ask(updatePolicy={"failoverPeriod": "30s" if LONG else "5m"})
    for cluster in (stays, watched):
        cluster.settle(60)
    victim, moved = followers_on_a_node(stays, watched)
    name = nodes_of(stays)[victim]
    ids = {cluster: {pod: cluster.member_id(pod) for pod in nodes_of(cluster)} for cluster in (stays, watched)}
    claims = {cluster: {n: c["metadata"]["uid"] for n, c in cluster.claims().items()} for cluster in (stays, watched)}
    node = lab.get("node", name)
    print(f"the object of {name} goes, under {victim} and {moved}")
    with stays.observe() as seen, watched.observe() as followed:
        lab.kubectl("delete", "node", name, "--wait=false")
        began = time.time()
        try:
            lab.wait(lambda: time.time() >= began + 5, 15, "looks at members without a node object")   # the wait is what is tested
            for cluster in (stays, watched):
                assert all(m["health"] for m in cluster.status()["master"]["members"].values())
                assert "failureMembers" not in cluster.status()["master"]
            collect_pods(lab, name, (stays, watched))
            if LONG:
                lab.wait(lambda: stays.member_id(victim) not in (None, ids[stays][victim]), 180, f"{victim} to be a member anew")
            else:
                lab.wait(lambda: "FailoverPending" == (found := stays.condition("Progressing"))["reason"] and f"node {name} is gone" in found["message"],
                         40, "the loss to be said")
            lab.wait(lambda: all(m["health"] for m in watched.status()["master"]["members"].values()) and name not in nodes_of(watched).values(),
                     60, "the master on a disk that moves to be well elsewhere")
        finally:
            register_again(lab, node)
        for cluster in (stays, watched):
            cluster.settle(150)
    replaced = {victim} if LONG else set()
    seen.expect(removed=replaced, replaced={f"dm-master-{pod}" for pod in replaced})
    followed.expect()
    assert seen.removed() == replaced and not followed.removed()
    for cluster in (stays, watched):
        kept = {pod: id_ for pod, id_ in ids[cluster].items() if cluster is watched or pod not in replaced}
        assert {pod: cluster.member_id(pod) for pod in kept} == kept
        now = {n: c["metadata"]["uid"] for n, c in cluster.claims().items()}
        assert {n for n, uid in claims[cluster].items() if now.get(n) != uid} == {
            f"dm-master-{pod}" for pod in replaced if cluster is stays}
    nothing_is_left(lab, stays)
    assert watched.dm.task_of("s0")[:2] == ("Running", "Sync")
    dmlab.await_operators(lab)


def collect_pods(lab, node, clusters):
    """What Kubernetes' collector of orphaned pods does 40 s after their node's object has gone: delete them at once."""
    def there():
        return [(cluster.namespace, pod) for cluster in clusters for role in ("master", "worker")
                for pod, where in nodes_of(cluster, role).items() if where == node]
    if not LONG:
        for namespace, pod in there():
            lab.kubectl("delete", "pod", pod, "-n", namespace, "--force", "--grace-period=0", "--wait=false")
    lab.wait(lambda: not there(), 120, f"the pods of {node} to be collected")


def register_again(lab, node):
    """As its kubelet does when it starts."""
    meta = {key: node["metadata"].get(key, {}) for key in ("name", "labels", "annotations")}
    lab.kubectl("create", "-f", "-", input=json.dumps({**node, "metadata": meta}))

"""A node is lost for good, with what stood on it; later it comes back."""

import dmlab
from watchedlab import Watched

TAINT = "node.kubernetes.io/out-of-service"


def nodes_of(cluster, role="master"):
    return {name: pod["spec"].get("nodeName") for name, pod in cluster.pod_objects(role).items()}


def test_masters_of_a_node_out_of_service_go_on_elsewhere_and_nothing_is_left_when_it_returns(lab, watched):
    """Two clusters lose a follower each: the volume of one follows it to another node; that of the other is on the node's own disk,
    so that the member is replaced there where it finds room."""
    # Production: a master a host.
    stays = Watched(lab, "stays", "local", production=True, master_storageClassName="local-path", worker_storageClassName="local-path",
                    updatePolicy={"failoverPeriod": "30s"})
    try:
        watched.ask(masters=3, workers=2)
        watched.settle(240)
        stays.settle(240)
        lose_the_node(lab, stays, watched)
    finally:
        stays.remove()


def lose_the_node(lab, stays, watched):
    where, elsewhere = nodes_of(stays), nodes_of(watched)
    assert len(set(where.values())) == 3, where
    # A follower of each at most.
    fit = [pod for pod, node in where.items() if pod != stays.leader() and node != elsewhere[watched.leader()]
           and list(elsewhere.values()).count(node) < 2]
    assert fit, (where, elsewhere)
    victim = fit[0]
    moved = next((pod for pod, node in elsewhere.items() if node == where[victim]), None)
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

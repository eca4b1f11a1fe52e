"""Disks that grow and disks that are lost, under the observer."""

import threading

import dmlab


def sizes(claims):
    return {(c["spec"]["resources"]["requests"]["storage"], c.get("status", {}).get("capacity", {}).get("storage")) for c in claims.values()}


def test_claims_grow_in_place(watched):
    """The class allows it: no pod is restarted, no claim is another one, and the sets ask for the new size from now on."""
    watched.ask(masters=3, workers=2)
    watched.settle(240)
    pods, claims = {**watched.pods("master"), **watched.pods("worker")}, watched.claims()
    with watched.observe() as seen:
        watched.ask(master_storageSize="300Gi", worker_storageSize="600Gi")
        used = {f"dm-{role}-{pod}" for role in ("master", "worker") for pod in watched.pods(role)}
        watched.lab.wait(lambda: sizes({n: c for n, c in watched.claims().items() if n in used}) == {("300Gi", "300Gi"), ("600Gi", "600Gi")}, 30,
                         "the claims in use to grow")
        watched.lab.wait(lambda: {s["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] for s in dmlab.items(
            watched.lab, "sts", namespace=watched.namespace)} == {"300Gi", "600Gi"}, 30, "the StatefulSets to ask for the new sizes")
        watched.settle(60)
    seen.expect()
    assert {**watched.pods("master"), **watched.pods("worker")} == pods
    now = watched.claims()
    assert {n: c["metadata"]["uid"] for n, c in now.items()} == {n: c["metadata"]["uid"] for n, c in claims.items()}
    assert not watched.condition("StorageAsWanted")


def lose(watched, role, pod):
    """A pod, its claim, its volume and the data on it."""
    claim = watched.lab.get("pvc", f"dm-{role}-{pod}", namespace=watched.namespace)
    watched.lab.kubectl("delete", "pvc", claim["metadata"]["name"], "-n", watched.namespace, "--wait=false")
    watched.lab.kubectl("delete", "pod", pod, "-n", watched.namespace, "--wait=false")
    # The class deletes the volume with its claim, and the provisioner the folder.
    watched.lab.wait(lambda: watched.lab.get("pv", claim["spec"]["volumeName"]) is None, 30, f"the volume of {pod} to be gone")
    return claim


def test_lost_volumes_of_a_master_and_of_a_worker(watched):
    """The master leaves DM after failoverPeriod and joins anew under its name; the worker begins with an empty disk, and its source
    is elsewhere meanwhile."""
    watched.ask(masters=3, workers=2, upstreams=1, updatePolicy={"failoverPeriod": "30s"})
    watched.settle(240)
    lab = watched.lab
    master = next(name for name in watched.pods("master") if name != watched.leader())
    worker = watched.dm.worker_of("s0")
    before = watched.member_id(master)
    with watched.observe() as seen:
        lost = []
        threads = [threading.Thread(target=lambda pair=pair: lost.append(lose(watched, *pair))) for pair in (("master", master), ("worker", worker))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said = lab.wait(lambda: (found := watched.condition("DataAtRisk")).get("reason") == "VolumeLost" and found, 20, "the loss to be told")
        assert f"dm-master-{master}" in said["message"], said
        lab.wait(lambda: watched.member_id(master) not in (None, before), 90, f"{master} to join anew")
        watched.settle(120)
    assert len(lost) == 2
    names = {c["metadata"]["name"]: c["metadata"]["uid"] for c in lost}
    seen.expect(removed={master}, lost=set(names))
    assert seen.removed() == {master}
    claims = watched.claims()
    assert all(claims[name]["metadata"]["uid"] != uid for name, uid in names.items())
    notes = claims[f"dm-master-{master}"]["metadata"]["annotations"]
    assert notes["dm.pingcap.com/member-id"] == watched.member_id(master) and "dm.pingcap.com/removed-at" not in notes
    moves = seen.moves("s0")
    print(f"moves of s0: {moves}")
    assert [w for w, _ in moves] == [worker] and moves[0][1] < 10, moves
    assert watched.dm.task_of("s0")[:2] == ("Running", "Sync")
    assert "failureMembers" not in watched.status()["master"] and watched.condition("DataAtRisk")["status"] == "False"
    watched.ask(updatePolicy=None)

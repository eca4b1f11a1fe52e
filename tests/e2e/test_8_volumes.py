"""Disks that grow, disks that are lost, and disks that go with their members, under the observer."""

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


def test_claims_of_members_that_are_scaled_in_go_where_the_policy_says_so(watched):
    """whenScaled: Delete. The claims of who goes are deleted, after DM has let the member go, those of earlier members that were kept
    until now as well; those of the members that stay are not touched."""
    lab = watched.lab
    master, worker = f"{watched.name}-dm-master-3", f"{watched.name}-dm-worker-2"
    watched.ask(masters=4, workers=3)
    watched.settle(120)
    before = watched.claims()
    stay = {f"dm-{role}-{watched.name}-dm-{role}-{i}" for role, count in (("master", 3), ("worker", 2)) for i in range(count)}
    go = set(before) - stay
    assert stay < set(before) and {f"dm-master-{master}", f"dm-worker-{worker}"} <= go, set(before)
    with watched.observe() as seen:
        watched.ask(masters=3, workers=2, persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"})
        lab.wait(lambda: set(watched.claims()) == stay, 60, "the claims of the members that go to be deleted")
        watched.settle(60)
    seen.expect(removed={master}, replaced=go)
    assert seen.removed() == {master}
    assert {n: c["metadata"]["uid"] for n, c in watched.claims().items()} == {n: before[n]["metadata"]["uid"] for n in stay}
    left = next(e["at"] for e in seen.journal("member") if not e["value"]) / 1000
    later = lab.audit.events(user=dmlab.OPERATOR_USER, verbs=("delete",), since=left, resource="persistentvolumeclaims",
                             namespace=watched.namespace)
    assert f"dm-master-{master}" in {e["objectRef"]["name"] for e in later}, "its claim went before its member had left"
    volumes = {before[n]["spec"]["volumeName"] for n in go}
    lab.wait(lambda: not volumes & {v["metadata"]["name"] for v in lab.get("pv")["items"]}, 30, "their volumes to go with them")
    watched.ask(persistentVolumeClaimRetentionPolicy=None)

"""A DM cluster with bound sources is changed in every way while an observer watches its members (observer.py).

One small cluster (`watched`) for all of it, in the order of this file. OBSERVED_LONG=1: the API server is away for 30 s instead of 8, the
operator is killed through two more rolls, and the leader's node is lost (DM needs a minute to elect anew).
"""

import os
import random
import threading
import time

import dmlab

LONG = os.environ.get("OBSERVED_LONG") == "1"
NAME = "watched"   # conftest.py


def host_operator(lab):
    """The operator as a process of the host; its Process. Its pods are away (dmlab.without_operators)."""
    kubeconfig = lab.service_account_kubeconfig(dmlab.SYSTEM, f"{dmlab.RELEASE}-operator")
    # Without a lease: a killed holder would make its successor wait for the whole of it.
    return lab.run_host("observed-operator", [dmlab.BIN / "dm-operator", "--kubeconfig", kubeconfig, "--health-port=0",
                                              "--leader-elect=false"])


def test_masters_three_five_three(watched):
    with watched.observe() as seen:
        watched.ask(masters=5)
        watched.settle(240, 5, 2)
        watched.ask(masters=3)
        watched.settle(240, 3, 2)
    seen.expect(removed={f"{NAME}-dm-master-4", f"{NAME}-dm-master-3"})
    assert seen.removed() == {f"{NAME}-dm-master-4", f"{NAME}-dm-master-3"}
    assert not seen.moves("s0")


def test_workers_two_four_two_with_a_source_on_the_last(watched):
    last = f"{NAME}-dm-worker-3"
    with watched.observe() as seen:
        watched.ask(workers=4, upstreams=2)
        watched.settle(180, 3, 4)
        watched.dm.add_source("s1", last)
        watched.ask(workers=2)
        watched.settle(240, 3, 2)
        assert sorted(watched.dm.workers().values()) == ["bound", "bound"]
    seen.expect()
    assert len(seen.moves("s1")) == 1 and seen.moves("s1")[0] == (last, 0.0), seen.moves("s1")
    assert not seen.moves("s0")
    assert watched.dm.task_of("s1")[:2] == ("Running", "Sync")
    watched.dm.remove_source("s1")


def test_workers_four_to_two_with_sources_on_the_last_ones(watched):
    """Each moves once, to a worker that stays; one that loads is waited for. Killed in between, the operator goes on."""
    last = [f"{NAME}-dm-worker-{i}" for i in (2, 3)]
    watched.dm.remove_source("s0")
    watched.ask(workers=4)
    watched.settle(180, 3, 4)
    watched.dm.add_source("s0", last[0])
    watched.dm.add_source("s1", last[1])
    watched.dm.set_unit("s1", "Load")
    done = threading.Event()
    with dmlab.without_operators(watched.lab):
        operator = host_operator(watched.lab)

        def killer():
            while not done.wait(7):
                operator.restart()

        thread = threading.Thread(target=killer, daemon=True)
        try:
            with watched.observe() as seen:
                watched.ask(workers=2)
                watched.lab.wait(lambda: "loads for task t-s1 of source s1" in watched.condition("Progressing").get("message", ""), 60,
                                 "the wait for the load to be said")
                assert watched.dm.worker_of("s1") == last[1]
                watched.dm.set_unit("s1", "Sync")
                thread.start()
                watched.settle(300, 3, 2)
        finally:
            done.set()
            if thread.ident:
                thread.join(10)
            operator.kill()
    seen.expect()
    for source, worker in (("s0", last[0]), ("s1", last[1])):
        pauses = seen.pauses(f"t-{source}", source)
        print(f"moves of {source}: {seen.moves(source)}, its task paused {pauses}")
        assert seen.moves(source) == [(worker, 0.0)], seen.moves(source)
        assert watched.dm.task_of(source)[:2] == ("Running", "Sync")
        assert len(pauses) == 1 and pauses[0] is not None and pauses[0] < 15, pauses
    assert sorted(watched.dm.workers().values()) == ["bound", "bound"]
    watched.dm.remove_source("s1")


def test_rolling_image_with_a_source_in_sync(watched):
    before = watched.pods("worker")
    with watched.observe() as seen:
        watched.ask(version="v8.5.7", upstreams=1)
        watched.settle(300, 3, 2)
    seen.expect()
    after = {**watched.pods("master"), **watched.pods("worker")}
    assert {image.rpartition(":")[2] for _, image in after.values()} == {"v8.5.7"}
    assert all(after[pod][0] != uid for pod, (uid, _) in before.items())
    moves = seen.moves("s0")
    print(f"moves of s0: {moves}")
    assert 1 <= len(moves) <= 2 and len({worker for worker, _ in moves}) == len(moves), f"unbound more than once per worker: {moves}"
    assert all(seconds is not None and seconds < 10 for _, seconds in moves), moves
    assert watched.dm.task_of("s0")[:2] == ("Running", "Sync")


def roll_without_api_server(watched, turn, done):
    """Replace every pod, with the API server frozen for a while in the midst."""
    before = {**watched.pods("master"), **watched.pods("worker")}
    watched.ask(annotations={"turn": str(turn)})
    first = watched.lab.wait(lambda: [pod for pod, (uid, _) in watched.pods("master").items() if before[pod][0] != uid], 60, "the roll to begin")
    print(f"{first} first")
    watched.lab.apiserver.stop()
    try:
        done.wait(30 if LONG else 8)
    finally:
        watched.lab.apiserver.cont()
    watched.lab.apiserver.wait_ready()
    watched.lab.wait(lambda: all(pod in before and before[pod][0] != uid
                                 for pod, (uid, _) in {**watched.pods("master"), **watched.pods("worker")}.items()),
                     400, "every pod to be replaced")
    watched.settle(240, 3, 2)


def test_operator_killed_every_five_seconds_and_the_api_server_away_during_a_roll(watched):
    """No worker is free: each source pauses for its pod's restart, once."""
    watched.ask(upstreams=2)
    watched.settle(180, 3, 2)
    watched.dm.add_source("s1")
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    done, kills = threading.Event(), []
    with dmlab.without_operators(watched.lab):
        operator = host_operator(watched.lab)

        def killer():
            while not done.wait(5 if kills else chance.uniform(1, 5)):
                operator.restart()
                kills.append(time.time())

        thread = threading.Thread(target=killer, daemon=True)
        try:
            with watched.observe() as seen:
                thread.start()
                for turn in range(3 if LONG else 1):
                    roll_without_api_server(watched, turn, done)
        finally:
            done.set()
            thread.join(10)
            operator.kill()
    print(f"killed {len(kills)} times")
    assert kills
    seen.expect()
    turns = 3 if LONG else 1
    for source in ("s0", "s1"):
        moves = seen.moves(source)
        print(f"moves of {source}: {moves}")
        assert len(moves) <= 2 * turns, f"unbound more than once per worker: {moves}"
        assert all(seconds is not None for _, seconds in moves), moves
        # Not a moment longer than the pod is away.
        for entry in seen.journal("source"):
            if entry["name"] == source and entry["value"] and not entry["was"]:
                back = [e["at"] for e in seen.journal("worker") if e["name"] == entry["value"] and e["was"] == "offline"
                        and e["at"] <= entry["at"]]
                assert back and entry["at"] - back[-1] <= 1000, entry
    assert {watched.dm.worker_of(s) for s in ("s0", "s1")} == {f"{NAME}-dm-worker-0", f"{NAME}-dm-worker-1"}
    watched.dm.remove_source("s1")


if LONG:
    def test_the_leaders_node_is_lost(watched):
        """Without a word: DM's lease has to run out. The node comes back with what it had."""
        leader = watched.lab.get("dc", NAME, namespace=watched.namespace)["status"]["master"]["leader"]["name"]
        where = {p["metadata"]["name"]: p["spec"]["nodeName"] for p in dmlab.items(
            watched.lab, "pods", "-l", "app.kubernetes.io/component=dm-master", namespace=watched.namespace)}
        assert list(where.values()).count(where[leader]) == 1, f"a majority would be lost with the leader's node: {where}"
        node = watched.lab.node(where[leader])
        with watched.observe() as seen:
            node.kill()
            try:
                watched.lab.wait(seen.leader_changes, 120, "another leader")
            finally:
                node.start()
                watched.lab.route_services()
            watched.settle(300, 3, 2)
        seen.expect(no_leader=65)

"""Two operators: who stands by, who takes over and how soon, and what one does that wakes long after its lease has run out. Before
that, members that accept connections and never answer: one, and all masters at once."""

import contextlib
import os
import signal
import time
from pathlib import Path

import dmlab
from lab.api import Api

POD = "authentication.kubernetes.io/pod-name"
SERIES = f'leader_election_master_status{{name="{dmlab.RELEASE}-operator"}}'


def leader_and_other(lab):
    """The operator's pod that leads and the one that does not, both ready."""
    dmlab.await_operators(lab)
    pods = dmlab.operators(lab)
    holder = lab.wait(lambda: dmlab.lease_holder(Api(lab.kubeconfig)), 40, "somebody to lead")
    return pods.pop(holder), next(iter(pods.values()))


def writes_of(lab, pod, since):
    """What that pod of the operator asked the API server to change: (when, verb, what)."""
    return [(e["requestReceivedTimestamp"], e["verb"], e["requestURI"]) for e in lab.audit.writes(dmlab.OPERATOR_USER, since)
            if pod["metadata"]["name"] in e["user"].get("extra", {}).get(POD, [])]


def await_repair(watched, timeout):
    """A Service taken away is put back: somebody works."""
    name = f"{watched.name}-dm-master-peer"
    watched.lab.kubectl("delete", "svc", name, "-n", watched.namespace)
    watched.lab.wait(lambda: watched.lab.get("svc", name, namespace=watched.namespace), timeout, "the Service to be put back")


def nothing_is_changed(watched, seconds):
    """By the operator, in the cluster's namespace; what it says in status and events does not count."""
    since = time.time()
    watched.lab.wait(lambda: time.time() >= since + seconds, seconds + 10, "more looks at what hangs")   # the wait is what is tested
    changes = [e for e in watched.lab.audit.writes(dmlab.OPERATOR_USER, since) if e["objectRef"].get("namespace") == watched.namespace
               and e["objectRef"].get("subresource") != "status" and e["objectRef"]["resource"] != "events"]
    assert not changes, [(e["verb"], e["requestURI"]) for e in changes]


def test_a_member_that_hangs_is_waited_for(watched):
    """SIGSTOP for a follower while two masters more are wanted: nothing is changed, the reason is told, and it goes on."""
    lab = watched.lab
    watched.ask(masters=3)
    watched.settle(240)
    hung = next(pod for name, pod in watched.pod_objects("master").items() if name != watched.leader())
    name = hung["metadata"]["name"]
    with watched.observe() as seen:
        with dmlab.frozen(hung, "dm-master"):
            # What was read up to 5 s before it hung is taken for fresh (kFresh): with anything older the operator has to ask again.
            stopped = time.time()
            lab.wait(lambda: time.time() >= stopped + 6, 20, "what is known of it to be old")
            watched.ask(masters=5)
            def told():
                found = watched.condition("Progressing")
                return found["reason"] == "ScaleOutBlocked" and f"{name} is not healthy" in found["message"] and found["message"]
            print(lab.wait(told, 40, "the reason of the wait"))
            nothing_is_changed(watched, 8)
            assert not seen.journal("member"), seen.journal("member")
            assert watched.condition("Progressing")["reason"] == "ScaleOutBlocked"
        watched.settle(240)
    seen.expect()


def test_all_masters_that_hang_are_waited_for(watched):
    """SIGSTOP for every one while fewer members are wanted: nothing is known, so nothing is taken away, and the condition says so.
    When they wake the user has changed their mind about the masters: the same five go on, with a worker less."""
    lab = watched.lab
    watched.ask(masters=5, workers=2)
    watched.settle(240)
    masters, claims = watched.pods("master"), watched.claims()
    ids = {pod: watched.member_id(pod) for pod in masters}
    with watched.observe() as seen:
        lab.wait(lambda: seen.looks, 20, "the observer to know the members")
        with contextlib.ExitStack() as hung:
            for pod in watched.pod_objects("master").values():
                hung.enter_context(dmlab.frozen(pod, "dm-master"))
            stopped = time.time()
            lab.wait(lambda: time.time() >= stopped + 6, 20, "what is known of them to be old")   # kFresh, as above
            watched.ask(masters=3, workers=1)

            def told():
                found = watched.condition("Progressing")
                return (found["reason"] == "ScaleInBlocked" and f"removing {watched.name}-dm-master-4" in found["message"]
                        and "the members are not known" in found["message"] and watched.condition("Degraded")["reason"] == "MembersUnknown"
                        and found["message"])
            print(lab.wait(told, 40, "the reason of the wait"))
            nothing_is_changed(watched, 8)
            assert told() and watched.condition("Ready")["status"] == "False"
            watched.ask(masters=5)
            asleep = time.time() - stopped
        watched.settle(120)
    # Nobody can answer while all stand still, nor for a moment after that.
    seen.expect(no_majority=asleep + 10, no_leader=asleep + 10)
    print(f"asleep for {asleep:.1f} s")
    assert not seen.journal("member"), seen.journal("member")
    assert watched.pods("master") == masters and {pod: watched.member_id(pod) for pod in masters} == ids
    assert {n: c["metadata"]["uid"] for n, c in watched.claims().items()} == {n: c["metadata"]["uid"] for n, c in claims.items()}
    assert watched.dm.task_of("s0")[:2] == ("Running", "Sync")
    watched.ask(workers=2)
    watched.settle(60)


def test_the_other_only_stands_by(watched):
    leader, other = leader_and_other(watched.lab)
    assert dmlab.metric(leader, SERIES) == 1 and dmlab.metric(other, SERIES) == 0
    assert dmlab.metric(leader, "dm_operator_member_reads_total") > 0
    # The same caches, and nothing done with them.
    known = dmlab.metric(leader, "dm_operator_clusters")
    assert known and dmlab.metric(other, "dm_operator_clusters") == known
    for line in ("dm_operator_member_reads_total", 'dm_operator_writes_total{what="object"}', 'dm_operator_writes_total{what="status"}',
                 'controller_runtime_reconcile_total{controller="dmcluster",result="success"}', "controller_runtime_reconcile_errors_total"
                 '{controller="dmcluster"}'):
        assert dmlab.metric(other, line) == 0, line
    # But for its try at the lease, when both came up at once.
    assert not [write for write in writes_of(watched.lab, other, 0) if "/leases/" not in write[2]]
    budget = watched.lab.get("pdb", f"{dmlab.RELEASE}-operator", namespace=dmlab.SYSTEM)
    assert budget["status"]["currentHealthy"] == dmlab.OPERATORS and budget["status"]["disruptionsAllowed"] == 1, budget["status"]


def test_a_leader_that_is_deleted_hands_over(watched):
    lab, api = watched.lab, Api(watched.lab.kubeconfig)
    leader, _ = leader_and_other(lab)
    began = time.monotonic()
    lab.kubectl("delete", "pod", leader["metadata"]["name"], "-n", dmlab.SYSTEM, "--wait=false")
    lab.wait(lambda: dmlab.lease_holder(api) not in ("", leader["metadata"]["name"]), 15, "another to lead")
    taken = time.monotonic()
    await_repair(watched, 5)
    print(f"another leads {taken - began:.1f} s after kubectl delete, and has put a Service back {time.monotonic() - taken:.1f} s later")
    dmlab.await_operators(lab)


def test_a_leader_that_stood_still_past_its_lease_starts_nothing_on_waking(watched):
    """The other has taken over. It stands still in turn when the user asks for something, so that the first one, waking, is the
    only one to see it: in its caches are a change to carry out and members to remove."""
    lab, api = watched.lab, Api(watched.lab.kubeconfig)
    watched.ask(masters=5)
    watched.settle(240)
    old, other = leader_and_other(lab)
    with watched.observe() as seen:
        with dmlab.frozen(old, "dm-operator") as pid:
            stopped = time.time()
            lab.wait(lambda: dmlab.lease_holder(api) == other["metadata"]["name"], 45, "the other to lead")
            print(f"the other leads {time.time() - stopped:.1f} s after the leader has stopped")
            await_repair(watched, 5)
            with dmlab.frozen(other, "dm-operator"):
                watched.ask(masters=3)
                assert "State:\tT" in Path(f"/proc/{pid}/status").read_text(), "it has not slept through"
                woke = time.time()
                os.kill(pid, signal.SIGCONT)
                lab.wait(lambda: not Path(f"/proc/{pid}").exists(), 10, "the old leader to end")
                print(f"it ended {time.time() - woke:.2f} s after it woke")
                # A restarted container of that pod may wait for the lease, no more.
                assert not writes_of(lab, old, stopped), writes_of(lab, old, stopped)
                assert not seen.removed()
                resumed = time.time()
        watched.settle(240)
    seen.expect(removed={f"{watched.name}-dm-master-4", f"{watched.name}-dm-master-3"})
    assert all(e["at"] >= resumed * 1000 for e in seen.journal("member") if not e["value"]), seen.journal("member")
    assert not writes_of(lab, old, stopped), writes_of(lab, old, stopped)
    dmlab.await_operators(lab)
    assert lab.get("pod", old["metadata"]["name"], namespace=dmlab.SYSTEM)["status"]["containerStatuses"][0]["restartCount"] == 1

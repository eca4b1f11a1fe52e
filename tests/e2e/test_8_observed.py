"""A DM cluster with bound sources is changed in every way while an observer watches its members (observer.py).

One small cluster for all of it, in the order of this file.
"""

import time

import dmlab
import pytest
from dmapi import DmApi
from observer import Observer

NAMESPACE, NAME = "observed", "watched"
LOGS = dmlab.ROOT / "build/results"


class Watched:
    """The cluster under observation: what is asked of it, and what it says."""

    def __init__(self, lab):
        self.lab = lab
        self.dm = DmApi(lab, NAMESPACE, NAME)
        self.asked = dict(masters=3, workers=2, upstreams=1, version="v8.5.6")

    def ask(self, **changes):
        """Apply the manifest with these changes. Retried: the API server may be away."""
        self.asked.update(changes)
        text = dmlab.manifest(NAME, NAMESPACE, **self.asked)
        self.lab.wait(lambda: self.lab.kubectl("apply", "-f", "-", input=text, check=False).returncode == 0, 60, "apply to be taken")

    def settle(self, timeout, masters, workers):
        """Wait until it is Ready, nothing is under way and DM knows exactly these members."""
        def settled():
            object_ = self.lab.get("dc", NAME, namespace=NAMESPACE)
            status = object_["status"]
            conditions = {c["type"]: c for c in status["conditions"]}
            return (status["observedGeneration"] == object_["metadata"]["generation"]
                    and conditions["Ready"]["status"] == "True" and conditions["Progressing"]["status"] == "False"
                    and len(status["master"]["members"]) == masters and len(status["worker"]["members"]) == workers)
        began = time.monotonic()
        try:
            self.lab.wait(settled, timeout, f"{masters} masters and {workers} workers to be settled")
        except Exception:
            print(dmlab.condition(self.lab, NAME, NAMESPACE, "Progressing"), dmlab.condition(self.lab, NAME, NAMESPACE, "Degraded"))
            raise
        print(f"settled after {time.monotonic() - began:.1f} s")

    def pods(self, role):
        """uid and image of the role's pods by name."""
        return {p["metadata"]["name"]: (p["metadata"]["uid"], p["spec"]["containers"][0]["image"])
                for p in dmlab.items(self.lab, "pods", "-l", f"app.kubernetes.io/component=dm-{role}", namespace=NAMESPACE)}

    def observe(self):
        return Observer(self.lab, NAMESPACE, NAME, LOGS)


@pytest.fixture(scope="module")
def watched(lab):
    lab.kubectl("create", "namespace", NAMESPACE)
    found = Watched(lab)
    found.ask()
    found.settle(240, 3, 2)
    found.dm.add_source("s0")
    yield found
    lab.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=False)


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

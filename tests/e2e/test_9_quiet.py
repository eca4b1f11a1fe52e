"""What the operator wrote to a cluster to which nothing happened since it became Ready (test_2_lifecycle made it).

Not beside the fault tests (lanes.py): when nodes or the API server go, the status has something to say. The tests of admission and
of TLS come before it, and the time passes with them.
"""

import datetime
import os
import time

import dmlab

# How long nothing may be written (seconds from Ready).
QUIET_SECONDS = float(os.environ.get("QUIET_SECONDS", "300"))


def test_no_write_while_nothing_happens(lab):
    ready = dmlab.condition(lab, "orders", "quiet", "Ready")
    since = datetime.datetime.fromisoformat(ready["lastTransitionTime"]).timestamp() + 5
    lab.wait(lambda: time.time() >= since + QUIET_SECONDS, QUIET_SECONDS + 30, "the quiet time to pass")
    all_writes = lab.audit.writes(dmlab.OPERATOR_USER, since)
    writes = [e for e in all_writes if e["objectRef"].get("namespace") == "quiet"]
    print(f"{len(writes)} writes in {time.time() - since:.0f} s")
    conditions = lab.get("dc", "orders", namespace="quiet")["status"]["conditions"]
    # Of the two operators one renews the lease; the other writes nothing at all.
    own = [e for e in all_writes if e["objectRef"].get("namespace") == dmlab.SYSTEM]
    assert {(e["verb"], e["objectRef"]["resource"]) for e in own} == {("update", "leases")}, own
    assert len({pod for e in own for pod in e["user"]["extra"]["authentication.kubernetes.io/pod-name"]}) == 1, own
    assert not writes, ([(e["requestReceivedTimestamp"], e["verb"], e["requestURI"]) for e in writes], conditions)

"""Last: what the operator wrote to a cluster to which nothing happened."""

import datetime
import time

import dmlab
from test_2_lifecycle import QUIET_SECONDS


def ready_since(lab):
    return dmlab.condition(lab, "orders", "quiet", "Ready")["lastTransitionTime"]


def test_no_write_while_nothing_happens(lab):
    # Other tests restart the API server, the operator and the webhook meanwhile: even that must not cause a write here.
    since = datetime.datetime.fromisoformat(ready_since(lab)).timestamp() + 5
    lab.wait(lambda: time.time() >= since + QUIET_SECONDS, QUIET_SECONDS + 30, "the quiet time to pass")
    writes = [e for e in lab.audit.writes(dmlab.OPERATOR_USER, since) if e["objectRef"].get("namespace") == "quiet"]
    print(f"{len(writes)} writes in {time.time() - since:.0f} s")
    assert not writes, [(e["verb"], e["requestURI"]) for e in writes]


def test_uninstall_keeps_clusters_and_helm_3_installs_again(lab):
    """Helm 4 installed; away with it, the DM clusters run on; Helm 3 installs over the kept CRDs."""
    before = dmlab.children(lab, "quiet")
    lab.helm("uninstall", dmlab.RELEASE, "--namespace", dmlab.SYSTEM, "--wait")
    assert lab.get("dc", "orders", namespace="quiet") and dmlab.children(lab, "quiet") == before
    dmlab.install(lab, version=3)
    dmlab.wait_ready(lab, "orders", "quiet", 60)
    assert dmlab.children(lab, "quiet") == before
    lab.helm("upgrade", dmlab.RELEASE, dmlab.CHART, "--namespace", dmlab.SYSTEM, "--wait", "--reuse-values", version=3)

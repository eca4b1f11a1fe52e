"""All masters lose their volumes: nothing starts empty until the user accepts the loss, and not while anything is left."""

import time

import dmlab
from dmapi import DmApi

NAME = "lost"


def events(lab, namespace, reason):
    """Messages of the DMCluster's events of that reason."""
    return [e["message"] for e in dmlab.items(lab, "events", "--field-selector", f"reason={reason},involvedObject.name={NAME}", namespace=namespace)]


def lose(lab, namespace, ordinals):
    """Claims with their volumes; the pods that use them must end for that."""
    for i in ordinals:
        lab.kubectl("delete", "pvc", f"dm-master-{NAME}-dm-master-{i}", "-n", namespace, "--wait=false")
        lab.kubectl("delete", "pod", f"{NAME}-dm-master-{i}", "-n", namespace, "--wait=false", "--grace-period=1")


def force(lab, namespace):
    lab.kubectl("annotate", "dc", NAME, "-n", namespace, "dm.pingcap.com/force=bootstrap")


def word(lab, namespace):
    return lab.get("dc", NAME, namespace=namespace)["metadata"].get("annotations", {}).get("dm.pingcap.com/force")


def test_all_volumes_lost_is_refused_until_accepted(lab, namespace):
    lab.apply(dmlab.manifest(NAME, namespace, masters=3, workers=2, upstreams=1))
    before = dmlab.wait_ready(lab, NAME, namespace, 120)
    old = before["status"]["bootstrap"]["clusterID"]
    dm = DmApi(lab, namespace, NAME)
    dm.add_source("s0")

    force(lab, namespace)                       # of a cluster that is well
    lab.wait(lambda: word(lab, namespace) is None, 30, "the word to be taken away")
    said = lab.wait(lambda: events(lab, namespace, "BootstrapRefused"), 10, "the refusal")
    assert old in said[0] and f"dm-master-{NAME}-dm-master-0" in said[0], said
    assert dm.worker_of("s0")

    lose(lab, namespace, (0, 1))                # one is left
    lab.wait(lambda: all(c["metadata"].get("annotations", {}).get("dm.pingcap.com/cluster-id") is None for c in claims(lab, namespace, (0, 1))),
             90, "two claims to be made anew")
    force(lab, namespace)
    lab.wait(lambda: word(lab, namespace) is None, 60, "the word to be taken away")
    lab.wait(lambda: any(f"on claim dm-master-{NAME}-dm-master-2 (" in text for text in events(lab, namespace, "BootstrapRefused")), 10,
             "the refusal to name what is left")

    lose(lab, namespace, (2,))
    lost = lab.wait(lambda: (c := dmlab.condition(lab, NAME, namespace, "DataAtRisk")).get("reason") == "AllDataLost" and c, 90, "AllDataLost")
    print(lost["message"])
    assert "dm.pingcap.com/force: bootstrap" in lost["message"] and old in lost["message"]
    assert not events(lab, namespace, "LossAccepted")

    workers = {p["metadata"]["uid"] for p in pods(lab, namespace, "worker")}
    began = time.monotonic()
    force(lab, namespace)
    lab.wait(lambda: events(lab, namespace, "LossAccepted"), 60, "the loss to be accepted")
    lab.wait(lambda: dmlab.condition(lab, NAME, namespace, "DataAtRisk").get("status") == "False"
             and dmlab.condition(lab, NAME, namespace, "Ready").get("status") == "True"
             and lab.get("dc", NAME, namespace=namespace)["status"]["bootstrap"].get("clusterID"), 240, "the new cluster to be Ready")
    print(f"a new cluster after {time.monotonic() - began:.0f} s")
    assert word(lab, namespace) is None
    assert dm.call("GET", "/api/v1/sources")["total"] == 0
    assert sorted(dm.workers().values()) == ["free", "free"]
    assert not workers & {p["metadata"]["uid"] for p in pods(lab, namespace, "worker")}, "they knew the old cluster only"
    dm.add_source("s0")
    assert dm.task_of("s0")[:2] == ("Running", "Sync")


def claims(lab, namespace, ordinals):
    names = [f"dm-master-{NAME}-dm-master-{i}" for i in ordinals]
    found = [c for c in dmlab.items(lab, "pvc", namespace=namespace) if c["metadata"]["name"] in names and "deletionTimestamp" not in c["metadata"]]
    return found if len(found) == len(names) else [{"metadata": {"annotations": {"dm.pingcap.com/cluster-id": "not there yet"}}}]


def pods(lab, namespace, role):
    return dmlab.items(lab, "pods", "-l", f"app.kubernetes.io/component=dm-{role}", namespace=namespace)

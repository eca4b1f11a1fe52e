"""A DMCluster becomes a running DM cluster, stays one, and costs no writes while nothing happens."""

import time

import dmlab

def member_stages(status):
    return [m.get("stage") for m in status["worker"]["members"].values()]


def test_production_cluster_is_ready_within_90_seconds(lab):
    """Lives in its own namespace, untouched until test_9_quiet counts what was written to it."""
    lab.kubectl("create", "namespace", "quiet")
    started = time.monotonic()
    lab.apply(dmlab.manifest("orders", "quiet", production=True))
    object_ = dmlab.wait_ready(lab, "orders", "quiet", 90)
    print(f"Ready {time.monotonic() - started:.1f} s after kubectl apply")
    status = object_["status"]
    assert len(status["master"]["members"]) == 3 and all(m["health"] for m in status["master"]["members"].values())
    assert status["master"]["leader"]["name"] in status["master"]["members"]
    assert sorted(member_stages(status)) == ["free", "free", "free"]
    table = lab.kubectl("get", "dc", "orders", "-n", "quiet").stdout
    print(table)
    assert "orders" in table and "True" in table


def test_masters_stand_on_different_nodes(lab):
    pods = dmlab.items(lab, "pods", "-l", "app.kubernetes.io/component=dm-master", namespace="quiet")
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 3


def test_the_memory_of_the_cluster_is_on_its_claims(lab):
    claims = dmlab.items(lab, "pvc", "-l", "app.kubernetes.io/component=dm-master", namespace="quiet")
    notes = [claim["metadata"]["annotations"] for claim in claims]
    assert len({note["dm.pingcap.com/cluster-id"] for note in notes}) == 1
    assert len({note["dm.pingcap.com/member-id"] for note in notes}) == 3


def test_scale_out_of_workers(lab, namespace):
    lab.apply(dmlab.manifest("scaling", namespace, masters=1, workers=2))
    dmlab.wait_ready(lab, "scaling", namespace)
    lab.kubectl("scale", "dc", "scaling", "-n", namespace, "--replicas=3")
    object_ = dmlab.wait_ready(lab, "scaling", namespace)
    assert len(object_["status"]["worker"]["members"]) == 3
    lab.wait(lambda: lab.get("dc", "scaling", namespace=namespace)["status"]["worker"]["replicas"] == 3, 10,
             "the count that kubectl scale reads")


def test_scale_out_of_masters_joins_one_by_one(lab, namespace):
    lab.apply(dmlab.manifest("joining", namespace, masters=1, workers=2))
    dmlab.wait_ready(lab, "joining", namespace)
    lab.apply(dmlab.manifest("joining", namespace, masters=3, workers=2))
    object_ = dmlab.wait_ready(lab, "joining", namespace)
    assert len(object_["status"]["master"]["members"]) == 3
    claims = dmlab.items(lab, "pvc", "-l", "app.kubernetes.io/component=dm-master", namespace=namespace)
    assert len({c["metadata"]["annotations"]["dm.pingcap.com/cluster-id"] for c in claims}) == 1


def test_drift_by_hand_is_repaired_within_5_seconds(lab, namespace):
    lab.apply(dmlab.manifest("drift", namespace, masters=1, workers=2))
    dmlab.wait_ready(lab, "drift", namespace)
    lab.kubectl("patch", "sts", "drift-dm-worker", "-n", namespace, "--type=merge", "-p", '{"spec":{"replicas":0}}')
    lab.kubectl("delete", "svc", "drift-dm-master-peer", "-n", namespace)
    began = time.monotonic()
    lab.wait(lambda: lab.get("sts", "drift-dm-worker", namespace=namespace)["spec"]["replicas"] == 2
             and lab.get("svc", "drift-dm-master-peer", namespace=namespace), 5, "the drift to be repaired")
    print(f"repaired after {time.monotonic() - began:.1f} s")


def test_deletion_leaves_claims_unless_told_otherwise(lab, namespace):
    """Two clusters side by side, one of which is to take its disks with it: only its own go, by their owner's UID."""
    lab.apply(dmlab.manifest("going", namespace, masters=1, workers=2))
    lab.apply(dmlab.manifest("gone", namespace, masters=1, workers=1, upstreams=1,
                             persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"}, pvReclaimPolicy="Delete"))
    uid = dmlab.wait_ready(lab, "gone", namespace)["metadata"]["uid"]
    dmlab.wait_ready(lab, "going", namespace)
    claims = {c["metadata"]["name"]: c for c in dmlab.items(lab, "pvc", namespace=namespace)}
    owners = {name: [o["uid"] for o in c["metadata"].get("ownerReferences", [])] for name, c in claims.items()}
    assert owners == {"dm-master-gone-dm-master-0": [uid], "dm-worker-gone-dm-worker-0": [uid], "dm-master-going-dm-master-0": [],
                      "dm-worker-going-dm-worker-0": [], "dm-worker-going-dm-worker-1": []}
    # What becomes of a disk without its claim: kept unless told otherwise, whatever its class says.
    volumes = {name: c["spec"]["volumeName"] for name, c in claims.items()}
    lab.wait(lambda: {name: lab.get("pv", volume)["spec"]["persistentVolumeReclaimPolicy"] for name, volume in volumes.items()} == {
        name: "Delete" if of else "Retain" for name, of in owners.items()}, 20, "the volumes to have their reclaim policy")
    lab.kubectl("delete", "dc", "going", "gone", "-n", namespace)
    lab.wait(lambda: not dmlab.items(lab, "pods", namespace=namespace), 60, "the pods to go")
    lab.wait(lambda: len(dmlab.items(lab, "pvc", namespace=namespace)) == 3, 30, "the disks of one of them to go")
    left = dmlab.items(lab, "pvc", namespace=namespace)
    assert {c["metadata"]["uid"] for c in left} == {claims[name]["metadata"]["uid"] for name, of in owners.items() if not of}
    assert all(c["status"]["phase"] == "Bound" for c in left)
    lost = {volumes[name] for name, of in owners.items() if of}
    lab.wait(lambda: not lost & {v["metadata"]["name"] for v in lab.get("pv")["items"]}, 30, "their volumes to go")


def test_old_claims_under_a_new_object_need_a_word(lab, namespace):
    text = dmlab.manifest("again", namespace, masters=1, workers=2)
    lab.apply(text)
    first = dmlab.wait_ready(lab, "again", namespace)["status"]["bootstrap"]["clusterID"]
    lab.kubectl("delete", "dc", "again", "-n", namespace)
    lab.wait(lambda: not dmlab.items(lab, "pods", namespace=namespace), 60, "the pods to go")
    lab.apply(text)
    lab.wait(lambda: dmlab.condition(lab, "again", namespace, "DataAtRisk").get("reason") == "ExistingData", 20,
             "DataAtRisk to say that there are old claims")
    lab.kubectl("annotate", "dc", "again", "-n", namespace, "dm.pingcap.com/data=reuse")
    again = dmlab.wait_ready(lab, "again", namespace)
    assert again["status"]["bootstrap"]["clusterID"] == first

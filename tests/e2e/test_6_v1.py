"""Users of TiDB Operator 1.x: their manifests are accepted, their running clusters are left alone."""

import json
import time

import pytest

import dmlab

RECORDED = dmlab.ROOT / "tests/testdata/v1"


@pytest.mark.parametrize("case", ["basic", "custom", "ha-3m3w", "master-only", "rolling-config", "suspended", "tls"])
def test_the_schema_accepts_recorded_manifests(lab, namespace, case):
    lab.kubectl("label", "namespace", namespace, "dm-test/enforcement=audit")
    for file in ("input.yaml", "dmcluster.yaml"):
        text = (RECORDED / case / file).read_text()
        object_ = json.loads(lab.kubectl("create", "--dry-run=client", "-o", "json", "-f", "-", input=text).stdout)
        object_["metadata"] = {"name": object_["metadata"]["name"], "namespace": namespace}
        lab.wait(lambda: "created" in lab.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-",
                                                  input=json.dumps(object_)).stdout, 20, f"{case}/{file} to be accepted")


def recorded(lab, file, namespace):
    """The objects of a recorded file, moved into our namespace."""
    if not file.exists():
        return []
    text = lab.kubectl("create", "--dry-run=client", "-o", "json", "-f", "-", input=file.read_text()).stdout
    decoder, found = json.JSONDecoder(), []
    while text.strip():
        object_, end = decoder.raw_decode(text.lstrip())
        text = text.lstrip()[end:]
        found += object_["items"] if object_["kind"] == "List" else [object_]
    for object_ in found:
        object_["metadata"]["namespace"] = namespace
        if object_["kind"] == "Service":
            object_["spec"].pop("clusterIP", None)
            object_["spec"].pop("clusterIPs", None)
    return found


def replay(lab, case, namespace):
    """Put a recorded cluster with its status and children there; the name of its DMCluster."""
    (cluster,) = recorded(lab, RECORDED / case / "dmcluster.yaml", namespace)
    status = cluster.pop("status", {})
    lab.wait(lambda: lab.apply(cluster), 20, "the namespace's label to reach the webhook")
    name = cluster["metadata"]["name"]
    lab.kubectl("patch", "dc", name, "-n", namespace, "--subresource=status", "--type=merge", "-p",
                json.dumps({"status": status}))
    uid = lab.get("dc", name, namespace=namespace)["metadata"]["uid"]
    for kind in ("serviceaccounts", "configmaps", "services", "statefulsets"):
        for child in recorded(lab, RECORDED / case / f"{kind}.yaml", namespace):
            for owner in child["metadata"].get("ownerReferences", []):
                owner["uid"] = uid
            lab.apply(child, "--server-side", "--field-manager=tidb-controller-manager")
    return name


def test_running_v1_clusters_are_left_alone(lab, namespace):
    """The recorded objects of clusters that TiDB Operator 1.6 made: one status patch each, no write to their children."""
    cases = {"basic": f"{namespace}-basic", "ha-3m3w": f"{namespace}-ha"}
    names = {}
    for space in cases.values():
        lab.kubectl("create", "namespace", space)
        lab.kubectl("label", "namespace", space, "dm-test/enforcement=audit")
    with dmlab.without_operators(lab):
        for case, space in cases.items():
            names[space] = replay(lab, case, space)
        began = time.time()
    for space, name in names.items():
        adopted = lab.wait(lambda: dmlab.condition(lab, name, space, "Adopted"), 60, f"the word on adopting {name}")
        assert adopted["status"] == "False", adopted
    # Long enough for a second and a third look.
    lab.wait(lambda: time.time() > began + 45, 60, "more looks at them")
    writes = lab.audit.writes(dmlab.OPERATOR_USER, began)
    for space, name in names.items():
        ours = [(e["verb"], e["objectRef"]["resource"], e["objectRef"].get("subresource")) for e in writes
                if e["objectRef"].get("namespace") == space and e["objectRef"]["resource"] != "events"]
        assert ours == [("patch", "dmclusters", "status")], (space, ours)
        lab.kubectl("annotate", "dc", name, "-n", space, "dm.pingcap.com/adopt=true")
        lab.wait(lambda: dmlab.condition(lab, name, space, "Adopted")["reason"] == "NotYetSupported", 20,
                 "the answer to adopt")
        lab.kubectl("delete", "namespace", space, "--wait=false")

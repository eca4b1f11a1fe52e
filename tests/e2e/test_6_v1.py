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


@pytest.mark.parametrize("case", ["basic", "ha-3m3w"])
def test_a_running_v1_cluster_is_left_alone(lab, namespace, case):
    """The recorded objects of a cluster that TiDB Operator 1.6 made: one status patch, no write to its children."""
    deployment = f"deploy/{dmlab.RELEASE}-operator"
    lab.kubectl("label", "namespace", namespace, "dm-test/enforcement=audit")
    try:
        lab.kubectl("scale", deployment, "-n", dmlab.SYSTEM, "--replicas=0")
        lab.wait(lambda: not dmlab.items(lab, "pods", "-l", "app.kubernetes.io/component=operator",
                                         namespace=dmlab.SYSTEM), 60, "the operator's pod to end")
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
        began = time.time()
    finally:
        lab.kubectl("scale", deployment, "-n", dmlab.SYSTEM, "--replicas=1")
        lab.kubectl("rollout", "status", deployment, "-n", dmlab.SYSTEM, "--timeout=60s")
    adopted = lab.wait(lambda: dmlab.condition(lab, name, namespace, "Adopted"), 60, "the word on adoption")
    assert adopted["status"] == "False", adopted
    # Long enough for a second and a third look.
    lab.wait(lambda: time.time() > began + 45, 60, "more looks at it")
    writes = [e for e in lab.audit.writes(dmlab.OPERATOR_USER, began) if e["objectRef"].get("namespace") == namespace]
    ours = [(e["verb"], e["objectRef"]["resource"], e["objectRef"].get("subresource")) for e in writes
            if e["objectRef"]["resource"] != "events"]
    assert ours == [("patch", "dmclusters", "status")], ours
    lab.kubectl("annotate", "dc", name, "-n", namespace, "dm.pingcap.com/adopt=true")
    lab.wait(lambda: dmlab.condition(lab, name, namespace, "Adopted")["reason"] == "NotYetSupported", 20,
             "the answer to adopt")

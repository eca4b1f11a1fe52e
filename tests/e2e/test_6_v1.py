"""Users of TiDB Operator 1.x: their manifests are accepted."""

import json

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

"""What the chart's values make of its objects, as Helm 4 and Helm 3 render them. Needs no cluster."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml

import dmlab
from lab import binaries

PROGRAMS = ("operator", "webhook")


@pytest.fixture(scope="module", params=[4, 3])
def helm(request):
    """The command of this version of Helm."""
    return binaries.ensure(sys.stderr) / f"helm{request.param}"


def run(helm, values=None, chart=dmlab.CHART):
    text = json.dumps({"crds": {"enabled": False}, **(values or {})})
    return subprocess.run([helm, "template", dmlab.RELEASE, chart, "-n", dmlab.SYSTEM, "--values", "-"], input=text, text=True,
                          capture_output=True, check=False)


def render(helm, values=None):
    """The objects of the release by kind and name."""
    done = run(helm, values)
    assert done.returncode == 0, done.stderr
    return {(o["kind"], o["metadata"]["name"]): o for o in yaml.safe_load_all(done.stdout) if o}


def pod(objects, program):
    """What the pods of a program's Deployment are made from."""
    return objects["Deployment", f"{dmlab.RELEASE}-{program}"]["spec"]["template"]


def refusal(helm, values):
    done = run(helm, values)
    assert done.returncode != 0, "not refused"
    return done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_pod_security_context_stands_in_the_place_of_the_default(helm, program):
    restricted = {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    for values in ({}, {program: {"podSecurityContext": None}}):
        assert pod(render(helm, values), program)["spec"]["securityContext"] == restricted
    for asked in ({}, {"runAsNonRoot": True}):
        assert pod(render(helm, {program: {"podSecurityContext": asked}}), program)["spec"]["securityContext"] == asked
    assert "podSecurityContext" in refusal(helm, {program: {"podSecurityContext": "none"}})


@pytest.mark.parametrize("program", PROGRAMS)
def test_volumes_of_ones_own_stand_beside_the_policy(helm, program):
    volume, mount = {"name": "tls", "secret": {"secretName": "ours"}}, {"name": "tls", "mountPath": "/etc/dm-webhook/tls", "readOnly": True}
    plain = pod(render(helm), program)["spec"]
    spec = pod(render(helm, {program: {"extraVolumes": [volume], "extraVolumeMounts": [mount]}}), program)["spec"]
    assert spec["volumes"] == plain["volumes"] + [volume]
    assert spec["containers"][0]["volumeMounts"] == plain["containers"][0]["volumeMounts"] + [mount]
    assert "mountPath" in refusal(helm, {program: {"extraVolumeMounts": [{"name": "tls"}]}})


def test_the_registration_carries_annotations(helm):
    name = "ValidatingWebhookConfiguration", f"{dmlab.RELEASE}-webhook-{dmlab.SYSTEM}"
    assert "annotations" not in render(helm)[name]["metadata"]
    asked = {"cert-manager.io/inject-ca-from": "dm-system/dm-operator-webhook"}
    assert render(helm, {"webhook": {"configurationAnnotations": asked}})[name]["metadata"]["annotations"] == asked


def test_pod_monitors_find_the_pods_of_each_program(helm):
    assert not [kind for kind, _ in render(helm) if kind == "PodMonitor"]
    assert not [kind for kind, _ in render(helm, {"podMonitor": None}) if kind == "PodMonitor"]   # as under --reuse-values of an older release
    objects = render(helm, {"podMonitor": {"enabled": True, "labels": {"release": "stack"}, "interval": "15s"}, "commonLabels": {"team": "dm"}})
    assert sorted(name for kind, name in objects if kind == "PodMonitor") == [f"{dmlab.RELEASE}-{program}" for program in PROGRAMS]
    for program in PROGRAMS:
        monitor = objects["PodMonitor", f"{dmlab.RELEASE}-{program}"]
        assert (monitor["apiVersion"], monitor["metadata"]["namespace"]) == ("monitoring.coreos.com/v1", dmlab.SYSTEM)
        assert {"release": "stack", "team": "dm"}.items() <= monitor["metadata"]["labels"].items()
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        assert endpoint == {"port": "metrics", "path": "/metrics", "interval": "15s"}
        template = pod(objects, program)
        wanted = monitor["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= template["metadata"]["labels"].items() and wanted["app.kubernetes.io/component"] == program
        assert endpoint["port"] in [port["name"] for port in template["spec"]["containers"][0]["ports"]]


def test_a_pod_monitor_is_made_for_what_runs_and_misspelt_values_are_refused(helm):
    objects = render(helm, {"podMonitor": {"enabled": True}, "webhook": {"enabled": False}})
    assert [name for kind, name in objects if kind == "PodMonitor"] == [f"{dmlab.RELEASE}-operator"]
    assert "interval" not in objects["PodMonitor", f"{dmlab.RELEASE}-operator"]["spec"]["podMetricsEndpoints"][0]
    assert "intervall" in refusal(helm, {"podMonitor": {"intervall": "15s"}})
    assert "interval" in refusal(helm, {"podMonitor": {"interval": "soon"}})


@pytest.mark.parametrize("subresources, stopped, refused", [("dict", False, True), ("dict", True, False), ('(dict "status" dict)', False, False)])
def test_the_crd_of_tidb_operator_1_stops_the_installation(helm, tmp_path, subresources, stopped, refused):
    """`helm template` looks nothing up, so a CRD stands in for what lookup would find."""
    chart = shutil.copytree(dmlab.CHART, tmp_path / "chart")
    template = chart / "templates/crds.yaml"
    found = f'dict "spec" (dict "versions" (list (dict "subresources" {subresources})))'
    text, lookup = template.read_text(), 'lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $crd.metadata.name'
    assert text.count(lookup) == 1
    template.write_text(text.replace(lookup, found))
    done = run(helm, {"crds": {"enabled": True, "v1Stopped": stopped}}, chart)
    assert (done.returncode != 0) == refused, done.stderr
    if refused:   # what it stops, that it must stay stopped, and what becomes of v1's DMClusters, before any command
        before = done.stderr[:done.stderr.index("kubectl -n tidb-admin scale")]
        for word in ("dmclusters.pingcap.com", "TidbClusters, Backups", "nobody manages them", "Started again", "migrate-from-tidb-operator-v1.md"):
            assert word in before, word
        assert f"helm install {dmlab.RELEASE} ..." in done.stderr and "%!" not in done.stderr

"""What tests use beside pods: images, host processes, ServiceAccounts, the audit log, Helm."""

import json
import sys
import tempfile
import time
from pathlib import Path

from lab import images
from lab.errors import LabError

from .base import Skip, delete, expect, needs_nodes, pod, run_pods


@needs_nodes
def images_are_the_same_bytes_and_run_everywhere(cluster):
    """Built twice the same; imported, it runs on all real nodes."""
    with tempfile.TemporaryDirectory() as folder:
        files = {"/bin/busybox": "/bin/busybox", "/bin/sh": "-> busybox", "/hello": b"own image\n"}
        first, second = [images.build(Path(folder) / f"{name}.tar", "lab.local/own:1", files) for name in "ab"]
        expect(first.read_bytes() == second.read_bytes(), True, "same bytes")
        cluster.import_image(first)
    pods = [pod(f"own-{name}", name, ("busybox", "sleep", "1000"), image="lab.local/own:1",
                tolerations=[{"operator": "Exists"}]) for name in cluster.nodes]
    run_pods(cluster, *pods)
    expect(cluster.kubectl("exec", "own-centos-72", "--", "busybox", "cat", "/hello").stdout, "own image\n", "content")
    delete(cluster, *[f"pod/{item['metadata']['name']}" for item in pods])


@needs_nodes
def a_host_process_answers_behind_a_service(cluster):
    """A pod reaches it by the Service's name."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x").write_text("from the host", encoding="utf-8")
        process = cluster.run_host("web", [sys.executable, "-m", "http.server", "18080", "--bind", cluster.host_ip,
                                           "--directory", folder])
        cluster.host_service("default", "outside", 80, 18080)
        run_pods(cluster, pod("visitor"))
        fetch = ["exec", "visitor", "--", "wget", "-q", "-O", "-", "http://outside.default.svc.cluster.local/x"]
        cluster.wait(lambda: cluster.kubectl(*fetch).stdout == "from the host", 15, "the answer")
        process.kill()
    delete(cluster, "pod/visitor", "service/outside")


def service_accounts_have_their_own_rights_and_are_counted(cluster):
    """A token's kubeconfig is refused without a role and works with one; the audit log counts both."""
    since = time.time()
    user = "system:serviceaccount:default:writer"
    config = cluster.service_account_kubeconfig("default", "writer")
    refused = cluster.kubectl("create", "configmap", "x", kubeconfig=config, check=False)
    expect("forbidden" in refused.stderr, True, refused.stderr)
    cluster.kubectl("create", "role", "writer", "--verb=create", "--resource=configmaps")
    cluster.kubectl("create", "rolebinding", "writer", "--role=writer", "--serviceaccount=default:writer")
    cluster.wait(lambda: cluster.kubectl("create", "configmap", "x", kubeconfig=config), 10, "the role to count")
    expect(cluster.audit.count(user=user, verbs=["create"], since=since, resource="configmaps", code=201), 1, "created")
    expect(cluster.audit.count(user=user, verbs=["create"], since=since, code=403) >= 1, True, "refusals are counted")
    expect(cluster.audit.count(user=user, since=time.time() + 1), 0, "requests of the future")
    delete(cluster, "configmap/x", "rolebinding/writer", "role/writer", "serviceaccount/writer")


def helm_4_and_3_talk_to_the_cluster(cluster):
    """Both list no releases."""
    for version in (4, 3):
        if not (cluster.binaries / f"helm{version}").exists():
            raise Skip(f"no Helm {version}")
        expect(cluster.helm("version", "--short", version=version).stdout[:2], f"v{version}", "version")
        expect(cluster.helm("list", "-A", "-o", "json", version=version).stdout.strip(), "[]", "releases")


def objects_are_read_as_kubectl_reads_them(cluster):
    """By plural, singular and short names, with a selector, in all namespaces; what is not there, and kinds made later."""
    cluster.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"read-{name}", "namespace": "default",
                                                                        "labels": {"read": name}}} for name in "ab"])
    asked = [("cm", "read-a"), ("configmap/read-b",), ("configmaps", "-l", "read in (a, b)"), ("cm", "-l", "read=c"),
             ("cm", "--field-selector", "metadata.name=read-a"), ("ns", "default"),
             ("namespaces", "-l", "!no-such-label"), ("services", "-A"), ("configmaps", "-A", "-l", "read=b"), ("ns,services", "-A")]
    for args in asked:
        done = cluster.kubectl("get", *args, "-n", "default", "-o", "json").stdout
        wanted, found = json.loads(done), cluster.get(*args, namespace="default")
        for each in (wanted, found):
            if each["kind"] == "List":                   # its own metadata says nothing
                for key in ("apiVersion", "metadata"):
                    each.pop(key, None)
        expect(found, wanted, f"get {args}")
    expect(cluster.get("cm", "read-c", namespace="default"), None, "what is not there")
    try:
        cluster.get("readables", namespace="default")
        raise AssertionError("a kind that nobody serves was read")
    except LabError as error:
        expect("doesn't have a resource type" in str(error), True, str(error))
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    cluster.apply({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                   "metadata": {"name": "readables.lab.local"},
                   "spec": {"group": "lab.local", "scope": "Namespaced",
                            "names": {"plural": "readables", "singular": "readable", "kind": "Readable", "shortNames": ["rd"]},
                            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]}})
    cluster.wait(lambda: cluster.get("rd", namespace="default"), 20, "the new kind to be served")
    expect(cluster.get("readables.lab.local", "none", namespace="default"), None, "an object of the new kind")
    delete(cluster, "cm/read-a", "cm/read-b", "crd/readables.lab.local")


CHECKS = [objects_are_read_as_kubectl_reads_them, images_are_the_same_bytes_and_run_everywhere, a_host_process_answers_behind_a_service,
          service_accounts_have_their_own_rights_and_are_counted, helm_4_and_3_talk_to_the_cluster]

"""What tests use beside pods: images, host processes, ServiceAccounts, the audit log, Helm."""

import sys
import tempfile
import time
from pathlib import Path

from lab import images

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


CHECKS = [images_are_the_same_bytes_and_run_everywhere, a_host_process_answers_behind_a_service,
          service_accounts_have_their_own_rights_and_are_counted, helm_4_and_3_talk_to_the_cluster]

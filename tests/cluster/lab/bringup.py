"""From nothing to a cluster whose nodes are Ready."""

import sys
import time
from dataclasses import asdict
from pathlib import Path

from . import controlplane, disguise, dns, images, kwok, limits, network, registry, rights, storage
from .api import Api
from .errors import LabError, WaitTimeout
from .node import Node
from .process import Process
from .waiting import wait

PACKAGE_PARENT = Path(__file__).resolve().parent.parent


def bring_up(name, specs, binaries, kwok_only, owned, apiserver_flags, log):
    """Start everything; returns the Plan. What was started is removed again when a step fails."""
    say = _Steps(log)
    full = _decide(kwok_only, binaries, say)
    plan = registry.claim(name, full, owned)
    try:
        registry.update(plan.name, binaries=str(binaries), nodes=[asdict(spec) for spec in specs])
        _start(plan, specs, binaries, apiserver_flags, say)
        registry.update(plan.name, phase="up")
    except BaseException:
        registry.take_down(plan.name)
        raise
    return plan


def _decide(kwok_only, binaries, say):
    """Whether the cluster is a full one."""
    lacking = rights.missing_tools()
    if lacking:
        raise LabError("; ".join(lacking))
    if kwok_only:
        return False
    reasons = rights.missing_for_nodes(binaries)
    if reasons:
        say("no real nodes here, only the control plane and kwok nodes, because:")
        for reason in reasons:
            say(f"  - {reason}")
    return not reasons


def _start(plan, specs, binaries, apiserver_flags, say):
    real = [spec for spec in specs if plan.full and spec.kind == "real"]
    say(f"cluster {plan.name} in {plan.home}")
    if plan.full:
        limits.allow_watchers(say)
        network.make_bridge(plan)
    for folder in ("images", "volumes"):
        (plan.home / folder).mkdir()
    images.base_images(plan.home / "images", binaries / "pause")
    controlplane.make_certificates(plan)
    controlplane.start(plan, binaries, apiserver_flags)
    say("API server ready")
    api = Api(plan.kubeconfig)
    for policy in disguise.policies():
        kind = "mutatingadmissionpolic" + ("ybindings" if policy["kind"].endswith("Binding") else "ies")
        api.create(f"/apis/admissionregistration.k8s.io/v1/{kind}", policy)
    for storage_class in storage.classes():
        api.create("/apis/storage.k8s.io/v1/storageclasses", storage_class)
    if plan.full:
        dns.start(plan, binaries)
    Process(plan.home, "provisioner").launch(
        [sys.executable, "-m", "lab.provisioner", plan.pki("provisioner.kubeconfig"), plan.home / "volumes"],
        {"PYTHONPATH": str(PACKAGE_PARENT), "PYTHONDONTWRITEBYTECODE": "1"})
    nodes = [Node(plan, binaries, spec, number) for number, spec in enumerate(real, 1)]
    for node in nodes:
        node.create(range(1, len(nodes) + 1))
    if nodes:
        network.route_services(plan, 1)
    objects = [spec for spec in specs if spec not in real]
    if objects:
        kwok.start(plan, binaries)
        for spec in objects:
            api.create("/api/v1/nodes", kwok.node_object(spec, tainted=spec.kind == "kwok"))
    _wait_nodes(plan, api, nodes, specs)
    wait(lambda: api.get("/api/v1/namespaces/default/serviceaccounts/default"), 60, "the default service account")
    say(f"{len(nodes)} real nodes and {len(objects)} kwok nodes ready")


def _wait_nodes(plan, api, nodes, specs):
    """Wait until all nodes are Ready and look as wished."""
    for node in nodes:
        patch = {"metadata": {"labels": node.spec.labels, "annotations": disguise.annotations(node.spec)}}
        _bounded(lambda patch=patch, node=node: api.merge(f"/api/v1/nodes/{node.name}", patch),
                 120, f"node {node.name} to register", node.tail)

    def unready():
        found = {item["metadata"]["name"]: item for item in api.get("/api/v1/nodes")["items"]}
        return [spec.name for spec in specs if not _as_wished(found.get(spec.name), spec)]
    _bounded(lambda: not unready(), 120, "all nodes to be Ready and as wished",
             lambda: "\n".join([f"not ready: {unready()}", *(n.tail() for n in nodes if n.name in unready())]))


def _as_wished(node, spec):
    if node is None:
        return False
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))
    info = node["status"]["nodeInfo"]
    return ready and (info["osImage"], info["kernelVersion"], info["architecture"]) == (spec.os, spec.kernel, spec.arch)


def _bounded(predicate, timeout, what, evidence):
    try:
        wait(predicate, timeout, what)
    except WaitTimeout as error:
        raise WaitTimeout(f"{error}\n{evidence()}") from None


class _Steps:
    """Progress with the seconds since the start."""

    def __init__(self, log):
        self._log = log
        self._start = time.monotonic()

    def __call__(self, text):
        if self._log:
            print(f"[{time.monotonic() - self._start:5.1f} s] {text}", file=self._log, flush=True)

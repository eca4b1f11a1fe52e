"""Nodes that are objects only: kwok keeps them Ready and makes their pods look as if they ran."""

from . import disguise
from .process import Process

TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}


def start(plan, binaries):
    """Start the kwok controller."""
    Process(plan.home, "kwok").launch([
        binaries / "kwok", f"--kubeconfig={plan.pki('kwok.kubeconfig')}", f"--config={binaries / 'kwok-stages.yaml'}",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake", "--node-lease-duration-seconds=40",
        f"--server-address=127.0.0.1:{plan.port(10247)}"])


def node_object(spec, tainted=True):
    """The Node of a spec. The taint keeps pods away which do not ask for such a node."""
    resources = {"cpu": str(spec.cpu), "memory": spec.memory, "pods": "200", "ephemeral-storage": "500Gi"}
    labels = {"kubernetes.io/hostname": spec.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": spec.arch,
              "type": "kwok", **spec.labels}
    info = {"osImage": spec.os, "kernelVersion": spec.kernel, "architecture": spec.arch, "operatingSystem": "linux",
            "kubeletVersion": "v1.37.2", "containerRuntimeVersion": "containerd://2.4.2", "bootID": "", "machineID": "",
            "systemUUID": "", "kubeProxyVersion": ""}
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": spec.name, "labels": labels,
                     "annotations": {"kwok.x-k8s.io/node": "fake", **disguise.annotations(spec)}},
        "spec": {"taints": [*([TAINT] if tainted else []), *spec.taints]},
        "status": {"capacity": resources, "allocatable": resources, "nodeInfo": info},
    }

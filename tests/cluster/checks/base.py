"""What the checks share."""

import functools


class Skip(Exception):
    """The check says nothing on this machine; the message tells why."""


def needs_nodes(check):
    """Skip a check where no real nodes can run."""
    @functools.wraps(check)
    def wrapper(cluster):
        if not cluster.full:
            raise Skip("no real nodes on this machine")
        check(cluster)
    return wrapper


def expect(actual, wanted, what):
    """Fail with both values named."""
    if actual != wanted:
        raise AssertionError(f"{what}: {actual!r}, wanted {wanted!r}")


def pod(name, node=None, command=("sleep", "1000"), labels=None, image="lab.local/busybox:1", **spec):
    """A pod in `default` that ends quickly when deleted. `spec` adds fields of its spec."""
    container = {"name": "main", "image": image, "imagePullPolicy": "Never", "command": list(command),
                 **spec.pop("container", {})}
    if node:
        spec["nodeSelector"] = {"kubernetes.io/hostname": node}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": labels or {}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **spec}}


def run_pods(cluster, *pods):
    """Apply pods and wait until they are Ready; returns them as they are then."""
    cluster.apply(list(pods))
    names = [f"pod/{item['metadata']['name']}" for item in pods]
    cluster.kubectl("wait", "--for=condition=Ready", "--timeout=60s", *names, timeout=90)
    return [cluster.get(name, namespace="default") for name in names]


def delete(cluster, *names):
    """Delete objects in `default` ("pod/x") and wait until they are gone."""
    cluster.kubectl("delete", "--ignore-not-found", "--timeout=60s", *names, timeout=90)


def node_ready(cluster, name):
    """The status of a node's Ready condition."""
    node = cluster.get("node", name)
    return next(c["status"] for c in node["status"]["conditions"] if c["type"] == "Ready")

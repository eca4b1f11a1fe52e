"""Volumes are made, grow and go, for any StorageClass."""

from .base import delete, expect, needs_nodes, pod, run_pods


def claim(name, storage_class, size="200Gi"):
    """A PersistentVolumeClaim in `default`."""
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default"},
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": storage_class,
                     "resources": {"requests": {"storage": size}}}}


def consumer(name, claim_name, node=None, command=("sleep", "1000")):
    """A pod with the claim at /data."""
    return pod(name, node, command, container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
               volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}])


def phase(cluster, name):
    """Phase of a claim."""
    return cluster.get("pvc", name, namespace="default")["status"].get("phase")


@needs_nodes
def claims_wait_for_their_pod_and_then_bind(cluster):
    """WaitForFirstConsumer: Pending without a pod, Bound with one, in each class."""
    names = ["gp3", "standard", "local-path"]
    cluster.apply([claim(f"c-{name}", name) for name in names])
    cluster.wait(lambda: "WaitForFirstConsumer" in cluster.kubectl("get", "events").stdout, 20, "the waiting")
    for name in names:
        expect(phase(cluster, f"c-{name}"), "Pending", f"claim of class {name}")
    run_pods(cluster, *[consumer(f"p-{name}", f"c-{name}") for name in names])
    for name in names:
        expect(phase(cluster, f"c-{name}"), "Bound", f"claim of class {name}")
    delete(cluster, *[f"pod/p-{name}" for name in names], *[f"pvc/c-{name}" for name in names])
    cluster.wait(lambda: not cluster.get("pv")["items"], 20, "the released volumes to be deleted")
    expect(list((cluster.plan.home / "volumes").iterdir()), [], "folders of deleted volumes")


@needs_nodes
def cloud_volumes_follow_the_pod(cluster):
    """Data written on one node is there on another."""
    cluster.apply(claim("moving", "gp3"))
    run_pods(cluster, consumer("first", "moving", "ubuntu-1", ("sh", "-c", "echo kept > /data/x; sleep 1000")))
    cluster.wait(lambda: cluster.kubectl("exec", "first", "--", "cat", "/data/x").stdout == "kept\n", 10, "the file")
    delete(cluster, "pod/first")
    run_pods(cluster, consumer("second", "moving", "ubuntu-3"))
    expect(cluster.kubectl("exec", "second", "--", "cat", "/data/x").stdout, "kept\n", "data on the other node")
    delete(cluster, "pod/second", "pvc/moving")


@needs_nodes
def volumes_grow_where_the_class_allows(cluster):
    """gp3 grows to what is asked; local-path is refused by the API server."""
    cluster.apply([claim("growing", "gp3"), claim("fixed", "local-path")])
    run_pods(cluster, consumer("grower", "growing"), consumer("fixer", "fixed"))
    patch = '{"spec":{"resources":{"requests":{"storage":"300Gi"}}}}'
    cluster.kubectl("patch", "pvc", "growing", "-p", patch)
    cluster.wait(lambda: cluster.get("pvc", "growing", namespace="default")["status"]["capacity"]["storage"] == "300Gi",
                 15, "the claim to have grown")
    refused = cluster.kubectl("patch", "pvc", "fixed", "-p", patch, check=False)
    expect("only dynamically provisioned pvc can be resized" in refused.stderr, True, refused.stderr)
    delete(cluster, "pod/grower", "pod/fixer", "pvc/growing", "pvc/fixed")


def a_class_with_a_fault_stays_pending(cluster):
    """The label lab.local/fault: never-binds, on a class that binds at once."""
    def storage_class(name, labels):
        return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name, "labels": labels},
                "provisioner": "disk.example.com", "volumeBindingMode": "Immediate"}
    cluster.apply([storage_class("broken", {"lab.local/fault": "never-binds"}), storage_class("sound", {}),
                   claim("stuck", "broken"), claim("bound", "sound")])
    cluster.wait(lambda: phase(cluster, "bound") == "Bound", 20, "the claim of the sound class to be bound")
    expect(phase(cluster, "stuck"), "Pending", "claim of the broken class")
    delete(cluster, "pvc/stuck", "pvc/bound", "storageclass/broken", "storageclass/sound")


CHECKS = [claims_wait_for_their_pod_and_then_bind, cloud_volumes_follow_the_pod, volumes_grow_where_the_class_allows,
          a_class_with_a_fault_stays_pending]

"""Makes, grows and deletes the volumes of any StorageClass, in place of its CSI driver.

    python3 -m lab.provisioner <kubeconfig> <folder for volumes that all nodes see>

A volume is a directory: of a class whose provisioner has "local" in its name, on the chosen node's own disk and bound to
that node; of any other class, in a folder that every node sees, so that data follows the pod as with a cloud disk.
A class labelled `lab.local/fault: never-binds` or `never-grows` is left alone, for tests of waiting.
"""

import re
import shutil
import sys
import time
from pathlib import Path

from .api import Api
from .errors import LabError

PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
OURS = "lab.local/provisioner"
FAULT = "lab.local/fault"
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15,
         "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}


def quantity(text):
    """Bytes of a quantity such as 200Gi; enough of the grammar for sizes of disks."""
    match = re.fullmatch(r"([0-9.]+)(e[0-9]+)?([A-Za-z]*)", str(text))
    return int(float(match.group(1) + (match.group(2) or "")) * UNITS[match.group(3)])


class Provisioner:
    """One pass compares all claims and volumes and makes up what is missing."""

    def __init__(self, api, folder):
        self._api = api
        self._folder = folder

    def step(self):
        """One pass. A failing object does not hold up the others."""
        items = {kind: self._list(path) for kind, path in (
            ("classes", "/apis/storage.k8s.io/v1/storageclasses"), ("claims", "/api/v1/persistentvolumeclaims"),
            ("volumes", "/api/v1/persistentvolumes"))}
        classes = {item["metadata"]["name"]: item for item in items["classes"]}
        volumes = {item["metadata"]["name"]: item for item in items["volumes"]}
        for claim in items["claims"]:
            storage_class = classes.get(claim["spec"].get("storageClassName") or "")
            if storage_class is None or claim["metadata"].get("deletionTimestamp"):
                continue
            fault = storage_class["metadata"].get("labels", {}).get(FAULT)
            volume = volumes.get(claim["spec"].get("volumeName", ""))
            if volume is None and fault != "never-binds":
                self._try(self._provision, claim, storage_class, volumes)
            elif volume is not None and OURS in volume["metadata"].get("annotations", {}) and fault != "never-grows":
                self._try(self._grow, claim, volume)
        for volume in items["volumes"]:
            self._try(self._delete, volume)

    def _provision(self, claim, storage_class, volumes):
        meta, annotations = claim["metadata"], claim["metadata"].get("annotations", {})
        provisioner = annotations.get("volume.kubernetes.io/storage-provisioner")
        node = annotations.get("volume.kubernetes.io/selected-node")
        waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        name = f"pvc-{meta['uid']}"
        if claim["spec"].get("volumeName") or not provisioner or (waits and not node) or name in volumes:
            return
        local = "local" in storage_class["provisioner"]
        path = f"/var/lib/lab-volumes/{name}" if local else str(self._folder / name)
        spec = {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"], "storageClassName": storage_class["metadata"]["name"],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "hostPath": {"path": path, "type": "DirectoryOrCreate"},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": meta["namespace"],
                         "name": meta["name"], "uid": meta["uid"]},
        }
        if local and node:
            term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
            spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [term]}}
        self._make_folder(name, node if local else None)
        self._api.create("/api/v1/persistentvolumes", {
            "apiVersion": "v1", "kind": "PersistentVolume", "spec": spec,
            "metadata": {"name": name, "annotations": {PROVISIONED_BY: storage_class["provisioner"], OURS: path}}})
        print(f"made {name} for {meta['namespace']}/{meta['name']}", flush=True)

    def _make_folder(self, name, node):
        """The volume's folder, open to all: a driver would hand it to the pod's fsGroup, which hostPath does not know."""
        folder = self._folder / name if node is None else (
            self._folder.parent / "nodes" / node / "var/lib/lab-volumes" / name)
        if folder.parent.parent.exists():      # a local class without a selected node: its kubelet makes the folder
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o777)

    def _grow(self, claim, volume):
        wanted = claim["spec"]["resources"]["requests"]["storage"]
        if claim.get("status", {}).get("phase") != "Bound":
            return
        if quantity(wanted) > quantity(volume["spec"]["capacity"]["storage"]):
            self._api.merge(f"/api/v1/persistentvolumes/{volume['metadata']['name']}",
                            {"spec": {"capacity": {"storage": wanted}}})
        if quantity(wanted) > quantity(claim["status"].get("capacity", {}).get("storage", "0")):
            meta = claim["metadata"]
            self._api.merge(f"/api/v1/namespaces/{meta['namespace']}/persistentvolumeclaims/{meta['name']}/status",
                            {"status": {"capacity": {"storage": wanted}, "conditions": []}})
            print(f"grew {meta['namespace']}/{meta['name']} to {wanted}", flush=True)

    def _delete(self, volume):
        path = volume["metadata"].get("annotations", {}).get(OURS)
        if (path and volume.get("status", {}).get("phase") == "Released"
                and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"):
            self._api.delete(f"/api/v1/persistentvolumes/{volume['metadata']['name']}")
            if Path(path).parent == self._folder:
                shutil.rmtree(path, ignore_errors=True)
            print(f"deleted {volume['metadata']['name']}", flush=True)

    def _list(self, path):
        return self._api.get(f"{path}?resourceVersion=0").get("items", [])

    @staticmethod
    def _try(action, *args):
        try:
            action(*args)
        except LabError as error:
            print(f"{action.__name__}: {error}", flush=True)


def main():
    """Step twice a second until killed, more slowly where a step takes long (thousands of volumes): at most a third of a
    core. An API server that is down is nothing to end for."""
    kubeconfig, folder = sys.argv[1:]
    provisioner = Provisioner(Api(kubeconfig), Path(folder))
    while True:
        begun = time.monotonic()
        try:
            provisioner.step()
        except LabError as error:
            print(error, flush=True)
        time.sleep(max(0.5, 2 * (time.monotonic() - begun)))


if __name__ == "__main__":
    main()

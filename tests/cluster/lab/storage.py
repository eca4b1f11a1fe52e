"""The storage classes that a cluster starts with. Volumes of every class are made by `lab/provisioner.py`."""


def classes():
    """A cloud SSD that grows, a cloud HDD, and a local disk. None is the default class."""
    return [
        _storage_class("gp3", "ebs.csi.aws.com", {"type": "gp3"}, grows=True),
        _storage_class("standard", "pd.csi.storage.gke.io", {"type": "pd-standard"}, grows=True),
        _storage_class("local-path", "rancher.io/local-path", {}, grows=False),
    ]


def _storage_class(name, provisioner, parameters, grows):
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
            "provisioner": provisioner, "parameters": parameters, "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": grows}

"""A DM cluster that is changed, or hurt, under observation: what is asked of it, and what it says."""

import time

import dmlab
from dmapi import DmApi
from observer import Observer

LOGS = dmlab.ROOT / "build/results"
# What the stand-in needs. Namespaces of these clusters only warn of the requirements: several of them stand side by side.
SMALL = {"cpu": "500m", "memory": "256Mi"}


class Watched:
    """One DMCluster in a namespace of its own."""

    def __init__(self, lab, namespace, name, **asked):
        self.lab, self.namespace, self.name = lab, namespace, name
        self.dm = DmApi(lab, namespace, name)
        self.asked = {"masters": 3, "workers": 2, "upstreams": 1, "master_requests": SMALL, "worker_requests": SMALL,
                      "pvReclaimPolicy": "Delete", **asked}      # nobody looks after what is left
        lab.kubectl("create", "namespace", namespace)
        lab.kubectl("label", "namespace", namespace, "dm-test/enforcement=warn")
        self.ask()

    def remove(self):
        """With all that it has."""
        self.lab.kubectl("delete", "namespace", self.namespace, "--wait=false", check=False)

    def ask(self, **changes):
        """Apply the manifest with these changes. Retried: the API server may be away, a label not yet seen by the webhook."""
        self.asked.update(changes)
        text = dmlab.manifest(self.name, self.namespace, **self.asked)
        self.lab.wait(lambda: self.lab.kubectl("apply", "-f", "-", input=text), 60, "apply to be taken")

    def settle(self, timeout, masters=None, workers=None):
        """Wait until it is Ready, nothing is under way and DM knows exactly as many members as were asked for."""
        masters, workers = masters or self.asked["masters"], workers or self.asked["workers"]

        def settled():
            object_ = self.lab.get("dc", self.name, namespace=self.namespace)
            status = object_["status"]
            conditions = {c["type"]: c for c in status["conditions"]}
            return (status["observedGeneration"] == object_["metadata"]["generation"]
                    and conditions["Ready"]["status"] == "True" and conditions["Progressing"]["status"] == "False"
                    and len(status["master"]["members"]) == masters and len(status["worker"]["members"]) == workers)
        began = time.monotonic()
        try:
            self.lab.wait(settled, timeout, f"{masters} masters and {workers} workers of {self.name} to be settled")
        except Exception:
            print(self.condition("Progressing"), self.condition("Degraded"), self.condition("DataAtRisk"))
            raise
        print(f"{self.name} settled after {time.monotonic() - began:.1f} s")

    def condition(self, kind):
        """One of its conditions, {} when it has none of that type."""
        return dmlab.condition(self.lab, self.name, self.namespace, kind)

    def status(self):
        """Its status."""
        return self.lab.get("dc", self.name, namespace=self.namespace)["status"]

    def leader(self):
        """The pod that leads."""
        return self.status()["master"]["leader"]["name"]

    def member_id(self, pod):
        """Of a master; None while it is none."""
        return self.status()["master"]["members"].get(pod, {}).get("id")

    def pod_objects(self, role):
        """Pods of dm-master or dm-worker by name."""
        return {p["metadata"]["name"]: p for p in dmlab.items(
            self.lab, "pods", "-l", f"app.kubernetes.io/component=dm-{role},app.kubernetes.io/instance={self.name}", namespace=self.namespace)}

    def pods(self, role):
        """uid and image of the role's pods by name."""
        return {name: (p["metadata"]["uid"], p["spec"]["containers"][0]["image"]) for name, p in self.pod_objects(role).items()}

    def claims(self):
        """Its claims by name."""
        return {c["metadata"]["name"]: c for c in dmlab.items(self.lab, "pvc", namespace=self.namespace)}

    def observe(self):
        """Have its members watched."""
        return Observer(self.lab, self.namespace, self.name, LOGS)

"""A light cluster for admission: the control plane and node objects only, our programs as processes of the host.

No kubelet, no image, no Helm release; but the chart's own CRDs, rights and webhook rules, which are taken from `helm
template`. The webhook is reached by URL.
"""

import json
import re
import ssl
import urllib.error
import urllib.request

from dmlab import BIN, CHART, RELEASE, SYSTEM, manifest
from lab import Cluster

POLICY = """\
namespaces:
- selector: {matchLabels: {dm-test/enforcement: warn}}
  enforcement: warn
- selector: {matchLabels: {dm-test/environment: development}}
  environment: development
"""
# The rights that the programs have in a cluster, and the CRDs; not the workloads.
PARTS = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "CustomResourceDefinition")
UBUNTU = {"os": "Ubuntu 24.04.1 LTS", "kernel": "6.8.0-45-generic", "cpu": 48, "memory": "192Gi"}


def _pool(name, labels=None, **entry):
    """A node that only pods come to that ask for its pool."""
    return {**UBUNTU, **entry, "name": name, "labels": {"pool": name, **(labels or {"dm.pingcap.com/network-gbps": "10"})},
            "taints": [{"key": "pool", "value": name, "effect": "NoSchedule"}]}


NODES = [
    {**UBUNTU, "name": "ubuntu", "count": 4, "labels": {"dm.pingcap.com/network-gbps": "10"}},
    _pool("legacy", os="CentOS Linux 7 (Core)", kernel="3.10.0-327.el7.x86_64", cpu=32, memory="128Gi"),
    _pool("windows", {"kubernetes.io/os": "windows", "dm.pingcap.com/network-gbps": "10"}),
    _pool("arm", arch="arm64"),
    _pool("slow", {"dm.pingcap.com/network-gbps": "1"}),
]
# name: provisioner, parameters. What the examples name.
CLASSES = {
    "ssd": ("ebs.csi.aws.com", {"type": "gp3"}),
    "hdd": ("ebs.csi.aws.com", {"type": "st1"}),
    "hdd-cold": ("ebs.csi.aws.com", {"type": "sc1"}),
    "nfs": ("nfs.csi.k8s.io", {"server": "files.example.com", "share": "/dm"}),
    "bucket": ("s3.csi.aws.com", {}),
}


def storage_class(name, provisioner="ebs.csi.aws.com", parameters=None, default=False, grows=True):
    """A StorageClass as an object."""
    notes = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name, "annotations": notes},
            "provisioner": provisioner, "parameters": {"type": "gp3"} if parameters is None else parameters,
            "allowVolumeExpansion": grows, "volumeBindingMode": "WaitForFirstConsumer"}


class HostLab:
    """The cluster with dm-webhook beside it."""

    def __init__(self, nodes=NODES, classes=None, webhook=True):
        self.cluster = Cluster.create(nodes=nodes, kwok_only=True)
        self.port, self.health = self.cluster.plan.port(9444), self.cluster.plan.port(8081)
        self.policy = self.cluster.plan.home / "policy.yaml"
        self.policy.write_text(POLICY)
        self.webhook = None
        self._install(CLASSES if classes is None else classes)
        if webhook:
            self.start_webhook()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def down(self):
        self.cluster.down()

    def _install(self, classes):
        lab = self.cluster
        lab.kubectl("create", "namespace", SYSTEM)
        rendered = lab.helm("template", RELEASE, CHART, "-n", SYSTEM, timeout=60).stdout
        documents = re.split(r"^---$", rendered, flags=re.M)
        kind = re.compile(r"^kind: (\w+)$", re.M)
        wanted = [text for text in documents if (found := kind.search(text)) and found[1] in PARTS]
        lab.kubectl("apply", "--server-side", "-f", "-", input="\n---\n".join(wanted))
        self.registration = next(text for text in documents if "kind: ValidatingWebhookConfiguration" in text)
        lab.apply([storage_class(name, *entry, default=name == "ssd") for name, entry in classes.items()])
        lab.wait(lambda: lab.kubectl("get", "dc", check=False).returncode == 0, 30, "the CRD to be served")
        if lab.get("node", "windows"):   # kwok says linux unless told otherwise
            self.set_node("windows", {"nodeInfo": {"operatingSystem": "windows", "osImage": "Windows Server 2022 Datacenter"}})
        lab.wait(lambda: not any(t["key"].startswith("node.kubernetes.io/") for n in lab.get("nodes")["items"]
                                 for t in n["spec"].get("taints", [])), 30, "the nodes to lose the taints of their first second")

    def register(self):
        """The chart's webhook configuration, with a URL in the place of the Service."""
        text, count = re.subn(r"    service:\n(?:      .*\n)+", f"    url: https://127.0.0.1:{self.port}/validate\n", self.registration)
        assert count == 1, self.registration
        self.cluster.apply(text)

    def unregister(self):
        self.cluster.kubectl("delete", "validatingwebhookconfiguration", "--all", "--ignore-not-found")

    def start_webhook(self, *flags):
        """Register and start dm-webhook under the chart's service account; wait until the API server asks it."""
        self.register()
        account = self.cluster.service_account_kubeconfig(SYSTEM, f"{RELEASE}-webhook", duration="8h")
        self.webhook = self.run_webhook("webhook", account, self.port, self.health, *flags)
        self.await_admission()

    def run_webhook(self, name, kubeconfig, port, health, *flags):
        return self.cluster.run_host(name, [
            BIN / "dm-webhook", f"--kubeconfig={kubeconfig}", f"--namespace={SYSTEM}", f"--service={RELEASE}-webhook",
            "--address=127.0.0.1", "--url-host=127.0.0.1", f"--port={port}", "--health-address=127.0.0.1",
            f"--health-port={health}", f"--webhook-configuration={RELEASE}-webhook-{SYSTEM}",
            f"--ca-secret={RELEASE}-webhook-ca", f"--policy={self.policy}", "--drain-delay=0s", *flags])

    def start_operator(self, *flags, lead=False):
        """dm-operator beside the cluster, under the chart's service account; with `lead` it takes the lease first."""
        account = self.cluster.service_account_kubeconfig(SYSTEM, f"{RELEASE}-operator", duration="8h")
        self.operator_health = self.cluster.plan.port(8082)
        return self.cluster.run_host("operator", [
            BIN / "dm-operator", f"--kubeconfig={account}", "--health-address=127.0.0.1", f"--policy={self.policy}",
            f"--health-port={self.operator_health}", f"--leader-elect={str(lead).lower()}", f"--lease-namespace={SYSTEM}",
            f"--lease-name={RELEASE}-operator", *flags])

    def await_admission(self):
        """Until a manifest is refused by us (and not for want of an answer)."""
        probe = manifest("probe", "default", production=True, masters=1, master_storageClassName="ssd", worker_storageClassName="ssd")
        try:
            self.cluster.wait(lambda: "(MasterReplicas)" in self.apply(probe, "--dry-run=server").stderr, 30, "the webhook to be asked")
        except Exception as error:
            raise AssertionError(f"{error}\n{self.webhook.tail(25)}") from error

    def set_node(self, name, status):
        """Change a node's status: other hardware, another system."""
        self.cluster.kubectl("patch", "node", name, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))

    # --- what tests do -----------------------------------------------------------------------------------------------

    def apply(self, text, *args):
        """kubectl apply; the CompletedProcess, whatever its outcome."""
        return self.cluster.kubectl("apply", "-f", "-", *args, input=text, check=False)

    def refusal(self, text, *args):
        """What kubectl prints for a refused manifest, without warnings."""
        done = self.apply(text, *args)
        assert done.returncode == 1, f"not refused: {done.stdout}{done.stderr}"
        return without_warnings(done.stderr)

    def post(self, review, port=None):
        """Send an AdmissionReview past the API server: (HTTP status, headers, body)."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        request = urllib.request.Request(f"https://127.0.0.1:{port or self.port}/validate", json.dumps(review).encode(),
                                         {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20, context=context) as answer:
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error)

    def ready(self, health=None):
        """(HTTP status, text) of /readyz?verbose."""
        return http_get(health or self.health, "/readyz?verbose")

    def metric(self, line, health=None):
        """The value of a metric, named with its labels as it is printed; None when it is not there."""
        for row in http_get(health or self.health, "/metrics")[1].splitlines():
            if row.startswith(line + " "):
                return float(row.rsplit(" ", 1)[1])
        return None


def http_get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, repr(error)


def without_warnings(stderr):
    return "\n".join(line for line in stderr.strip().splitlines() if not line.startswith("Warning: "))


def review(object_, old=None, operation=None):
    """An AdmissionReview of a DMCluster."""
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "operation": operation or ("UPDATE" if old else "CREATE"),
        "kind": {"group": "pingcap.com", "version": "v1alpha1", "kind": "DMCluster"},
        "resource": {"group": "pingcap.com", "version": "v1alpha1", "resource": "dmclusters"},
        "name": object_["metadata"]["name"], "namespace": object_["metadata"]["namespace"], "object": object_, "oldObject": old}}

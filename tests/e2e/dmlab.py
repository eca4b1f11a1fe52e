"""What end-to-end tests and the demo share: images, installation, manifests, questions to a DMCluster."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from lab import Cluster, images

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("DM_BIN", ROOT / "build/bin"))
CHART = ROOT / "charts/dm-operator"
SYSTEM = "dm-system"
RELEASE = "dm-operator"
OPERATOR_USER = f"system:serviceaccount:{SYSTEM}:{RELEASE}-operator"
WEBHOOK_USER = f"system:serviceaccount:{SYSTEM}:{RELEASE}-webhook"
OPERATORS = 2     # the chart's default
DM_VERSIONS = ("v8.5.7", "v8.5.6")


def build_images(log=sys.stderr):
    """Our image by image/build, and the DM stand-in under the name of the real one."""
    out = ROOT / "build/image"
    out.mkdir(parents=True, exist_ok=True)
    ours = out / "dm-operator.tar"
    subprocess.run([ROOT / "image/build", "build/image/dm-operator.tar"], cwd=ROOT, check=True, stdout=log, stderr=log)
    root = out / "dm-root"
    subprocess.run([sys.executable, ROOT / "image/rootfs.py", root, BIN / "dm-server"], cwd=ROOT, check=True)
    archives = [ours]
    for version in DM_VERSIONS:
        files = {"/": root, "/dm-master": "-> dm-server", "/dm-worker": "-> dm-server", "/bin/busybox": "/bin/busybox",
                 "/DM_VERSION": f"{version}\n".encode(), "/tmp/.keep": b""}
        for applet in ("sh", "cat", "sleep", "mkdir", "mv", "rm", "ls", "test", "grep", "sed", "date", "hostname", "echo",
                       "head", "tail", "cut", "dirname", "basename", "env", "true", "awk", "tr", "wget", "kill", "ps"):
            files[f"/bin/{applet}"] = "-> busybox"
        archives.append(images.build(out / f"dm-{version}.tar", f"docker.io/pingcap/dm:{version}", files))
    return archives


def create_cluster(archives, **kwargs):
    """A cluster of mixed nodes with the images on them."""
    cluster = Cluster.create(**kwargs)
    if not cluster.full:
        cluster.down()
        raise SystemExit("this machine gives no right to run nodes (needs root and namespaces): nothing to test on")
    for archive in archives:
        cluster.import_image(archive)
    return cluster


def install(cluster, version=4):
    """helm install as README.md says (with the tests' policy), and wait until admission is asked."""
    cluster.helm("install", RELEASE, CHART, "--namespace", SYSTEM, "--create-namespace", "--wait", "--timeout", "120s",
                 "--values", ROOT / "tests/e2e/values.yaml", version=version)
    await_admission(cluster)


def await_admission(cluster):
    """The webhook configuration takes a moment to be in force, and its CA bundle to be filled in: ask until it refuses."""
    probe = manifest("probe", "default", production=True, masters=1)
    cluster.wait(lambda: "is invalid" in cluster.kubectl(
        "apply", "--dry-run=server", "-f", "-", input=probe, check=False).stderr, 30, "the webhook to be asked")


def manifest(name, namespace, production=False, masters=3, workers=3, upstreams=2, **changes):
    """YAML of a DMCluster that is compliant unless the arguments make it otherwise. `changes`: dotted_path → YAML value
    with "_" for "." ("worker_requests_cpu")."""
    spec = {
        "environment": "production" if production else "development",
        "version": "v8.5.7",
        "upstreams": [{"name": f"db-{i}", "dataSize": "100Gi"} for i in range(upstreams)],
        "monitor": {"external": True},
        "master": {"replicas": masters, "storageClassName": "gp3", "storageSize": "250Gi",
                   "requests": {"cpu": "4", "memory": "8Gi"}},
        "worker": {"replicas": workers, "storageClassName": "gp3", "storageSize": "500Gi",
                   "requests": {"cpu": "16" if production else "8", "memory": "32Gi" if production else "16Gi"}},
        # The stand-in needs no real cores; what counts is what is asked for.
    }
    for path, value in changes.items():
        target = spec
        *parents, last = path.split("_")
        for part in parents:
            target = target.setdefault(part, {})
        if value is None:
            target.pop(last, None)
        else:
            target[last] = value
    return json.dumps({"apiVersion": "pingcap.com/v1alpha1", "kind": "DMCluster",
                       "metadata": {"name": name, "namespace": namespace}, "spec": spec})


def changed(text, **fields):
    """A manifest of ours with fields of its spec replaced."""
    object_ = json.loads(text)
    object_["spec"].update(fields)
    return json.dumps(object_)


def condition(cluster, name, namespace, kind):
    """A condition of a DMCluster, {} when it has none of that type."""
    object_ = cluster.get("dc", name, namespace=namespace) or {}
    return next((c for c in object_.get("status", {}).get("conditions", []) if c["type"] == kind), {})


def wait_ready(cluster, name, namespace, timeout=90):
    """Wait for Ready=True of the present generation."""
    def ready():
        object_ = cluster.get("dc", name, namespace=namespace)
        found = {c["type"]: c for c in object_.get("status", {}).get("conditions", [])}
        return (object_.get("status", {}).get("observedGeneration") == object_["metadata"]["generation"]
                and found.get("Ready", {}).get("status") == "True" and object_)
    return cluster.wait(ready, timeout, f"DMCluster {namespace}/{name} to be Ready")


def operators(cluster):
    """The operator's pods by name."""
    return {p["metadata"]["name"]: p for p in items(cluster, "pods", "-l", "app.kubernetes.io/component=operator", namespace=SYSTEM)}


def lease_holder(api):
    """The operator's pod that holds the lease, as this lab.api.Api says; "" for none."""
    lease = api.get(f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/{RELEASE}-operator")
    return lease["spec"].get("holderIdentity", "").rpartition("_")[0]


def await_operators(cluster, count=OPERATORS):
    """Until so many of the operator's pods are ready, and no others are there."""
    cluster.kubectl("rollout", "status", f"deploy/{RELEASE}-operator", "-n", SYSTEM, "--timeout=90s")
    cluster.wait(lambda: len(operators(cluster)) == count, 60, f"{count} of the operator's pods")


@contextlib.contextmanager
def without_operators(cluster):
    """The operator's pods are away meanwhile, and ready again afterwards."""
    deployment = f"deploy/{RELEASE}-operator"
    try:
        cluster.kubectl("scale", deployment, "-n", SYSTEM, "--replicas=0")
        cluster.wait(lambda: not operators(cluster), 60, "the operator's pods to end")
        yield
    finally:
        cluster.kubectl("scale", deployment, "-n", SYSTEM, f"--replicas={OPERATORS}")
        await_operators(cluster)


def pid_of(pod, program):
    """The number, as this machine counts, of the pod's process of that name."""
    containers = [s["containerID"].rpartition("/")[2] for s in pod["status"]["containerStatuses"]]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, groups = (folder / "comm").read_text().strip(), (folder / "cgroup").read_text()
        except OSError:
            continue
        if name == program[:15] and any(container in groups for container in containers):
            return int(folder.name)
    raise AssertionError(f"{pod['metadata']['name']} has no process {program}")


@contextlib.contextmanager
def frozen(pod, program):
    """The pod's program stands still meanwhile (SIGSTOP): its sockets are open and nobody is answered. Gives its pid."""
    pid = pid_of(pod, program)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def metric(pod, line):
    """The value of a metric of one of our pods, named with its labels as it is printed; None when it is not there."""
    with urllib.request.urlopen(f"http://{pod['status']['podIP']}:8080/metrics", timeout=10) as answer:
        rows = answer.read().decode().splitlines()
    return next((float(row.rsplit(" ", 1)[1]) for row in rows if row.startswith(line + " ")), None)


def items(cluster, *what, namespace):
    """The objects of a list."""
    return cluster.get(*what, namespace=namespace)["items"]


def children(cluster, namespace):
    """uid of every child object by kind/name."""
    found = {}
    for kind in ("statefulsets", "services", "configmaps", "poddisruptionbudgets", "persistentvolumeclaims", "pods"):
        for item in items(cluster, kind, namespace=namespace):
            if item["metadata"]["name"] != "kube-root-ca.crt":
                found[f"{kind}/{item['metadata']['name']}"] = item["metadata"]["uid"]
    return found


def rss_mb(cluster, program):
    """Resident memory in MB (10^6 bytes) of each running process of that name, as the nodes' pids see it."""
    sizes = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if fields.get("Name", "").strip() == program[:15] and "VmRSS" in fields:
            sizes.append(int(fields["VmRSS"].split()[0]) * 1024 / 1e6)
    return sizes


def diagnose(cluster):
    """Text that helps to see why a test failed."""
    parts = []
    for what in (["get", "dc,sts,pods,svc,cm,pvc", "-A", "-o", "wide"],
                 ["get", "dc", "-A", "-o", "jsonpath={range .items[*]}{.metadata.name}{\"\\n\"}{.status}{\"\\n\"}{end}"],
                 ["get", "events", "-A", "--sort-by=.lastTimestamp"],
                 ["logs", "-n", SYSTEM, "-l", "app.kubernetes.io/component=operator", "--tail=60"],
                 ["logs", "-n", SYSTEM, "-l", "app.kubernetes.io/component=webhook", "--tail=40"]):
        done = cluster.kubectl(*what, check=False)
        parts.append(f"$ kubectl {' '.join(what)}\n{(done.stdout + done.stderr)[-6000:]}")
    return "\n".join(parts)

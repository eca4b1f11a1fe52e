"""A monitor (spec.monitor) with a real Prometheus, over a DM cluster whose members talk TLS."""

import json

import dmlab
import prometheus
import pytest

NAMESPACE, NAME = "monitored", "seen"
IMAGE = "docker.io/prom/prometheus:v3.5.0"     # what a monitor runs unless told otherwise
NODE = "ubuntu-1"                              # the one that has the image: unpacking it takes a core for seconds
ALERTMANAGERS = ["alertmanager.monitoring.svc:9093", "10.255.0.9:9093"]
SMALL = {"cpu": "200m", "memory": "256Mi"}


@pytest.fixture(scope="module")
def monitored(lab):
    """Three masters, two workers and their monitor, all Ready."""
    archive = prometheus.image(dmlab.ROOT / "build/image/prometheus.tar", IMAGE, dmlab.ROOT / "image/rootfs.py")
    lab.import_image(archive, nodes=[NODE])
    lab.kubectl("create", "namespace", NAMESPACE)
    lab.kubectl("label", "namespace", NAMESPACE, "dm-test/enforcement=warn")
    lab.apply(dmlab.manifest(
        NAME, NAMESPACE, workers=2, upstreams=1, master_requests=SMALL, worker_requests=SMALL,
        tlsCluster={"enabled": True, "issuer": {"selfSigned": {}}},
        monitor={"replicas": 1, "requests": SMALL, "storageClassName": "gp3", "storageSize": "200Gi", "retention": "2d",
                 "alertmanagers": ALERTMANAGERS, "nodeSelector": {"kubernetes.io/hostname": NODE}}))
    dmlab.wait_ready(lab, NAME, NAMESPACE, 180)
    lab.kubectl("rollout", "status", f"statefulset/{NAME}-dm-monitor", "-n", NAMESPACE, "--timeout=120s", timeout=150)
    yield lab
    lab.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=False)


def asked(lab, path):
    """An answer of Prometheus' API, by way of the Service."""
    answer = lab.kubectl("get", "--raw", f"/api/v1/namespaces/{NAMESPACE}/services/http:{NAME}-dm-monitor:9090/proxy/api/v1/{path}").stdout
    return json.loads(answer)["data"]


def up(lab):
    """{(job, instance): 1 or 0} of what it scrapes."""
    return {(s["metric"]["job"], s["metric"]["instance"]): int(s["value"][1]) for s in asked(lab, "query?query=up")["result"]}


def members(masters, workers):
    return ({("dm_master", f"{NAME}-dm-master-{i}"): 1 for i in range(masters)}
            | {("dm_worker", f"{NAME}-dm-worker-{i}"): 1 for i in range(workers)})


def test_it_scrapes_every_member_with_its_certificate(monitored):
    monitored.wait(lambda: up(monitored) == members(3, 2), 60, "every member to be scraped")
    targets = asked(monitored, "targets?state=active")["activeTargets"]
    assert {t["scrapeUrl"].partition(":")[0] for t in targets} == {"https"}


def test_it_follows_the_members(monitored):
    """By DNS: its configuration stays the same, and so does its pod."""
    pod = f"{NAME}-dm-monitor-0"
    before = monitored.get("pod", pod, namespace=NAMESPACE)["metadata"]["uid"]
    monitored.kubectl("patch", "dc", NAME, "-n", NAMESPACE, "--type=merge", "-p", '{"spec": {"worker": {"replicas": 3}}}')
    monitored.wait(lambda: up(monitored) == members(3, 3), 90, "the new worker to be scraped")
    assert monitored.get("pod", pod, namespace=NAMESPACE)["metadata"]["uid"] == before


def test_its_rules_are_loaded_and_alerts_have_somewhere_to_go(monitored):
    groups = asked(monitored, "rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 20 and all(rule["health"] in ("ok", "unknown") for rule in rules), rules
    known = asked(monitored, "alertmanagers")["activeAlertmanagers"]
    assert {item["url"] for item in known} == {f"http://{address}/api/v2/alerts" for address in ALERTMANAGERS}
    status = monitored.get("dc", NAME, namespace=NAMESPACE)["status"]["monitor"]
    assert status["readyReplicas"] == 1 and status["image"].endswith("prometheus:v3.5.0"), status

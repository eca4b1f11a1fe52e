"""A policy that is nonsense, a storage class that vanished, no nodes, an API server that is gone, caches that are cold: the
defined answer each, and never a guess.

The API server is gone for five seconds; DM_API_GONE=30 for the long form.
"""

import json
import os
import time

import pytest

import dmlab
import hostlab

GONE = int(os.environ.get("DM_API_GONE", "5"))


def orders(name="orders", namespace="default", **changes):
    return dmlab.manifest(name, namespace, production=True, **{
        "master_storageClassName": "ssd", "worker_storageClassName": "ssd", **changes})


def small(namespace):
    """What passes in development only; it says nothing itself."""
    return dmlab.manifest("small", namespace, masters=1, workers=1, upstreams=1, environment=None,
                          master_storageClassName="ssd", worker_storageClassName="ssd")


def test_a_policy_that_is_nonsense_leaves_the_last_good_one(judged):
    lab = judged.cluster
    lab.apply({"apiVersion": "v1", "kind": "Namespace",
               "metadata": {"name": "pinned", "labels": {"dm-test/environment": "development"}}})
    refused = judged.metric("dm_policy_refusals_total") or 0
    judged.policy.write_text(hostlab.POLICY + "rules:\n  MasterCpu: deny\n")
    try:
        lab.wait(lambda: judged.metric("dm_policy_error") == 1, 30, "the metric to say that the policy is wrong")
        assert judged.metric("dm_policy_refusals_total") == refused + 1
        lines = judged.webhook.log.read_text().splitlines()
        told = next(line for line in reversed(lines) if "policy.yaml" in line and "MasterCpu" in line)
        assert f"line {hostlab.POLICY.count(chr(10)) + 2}" in told and "MasterCPU" in told, told   # where, and what was meant
        assert judged.ready()[0] == 200
        done = judged.apply(small("pinned"), "--dry-run=server")
        assert done.returncode == 0, done.stderr                        # the pin is still in force
        assert "(MasterReplicas)" in judged.refusal(small("default"), "--dry-run=server")
    finally:
        judged.policy.write_text(hostlab.POLICY)
    lab.wait(lambda: judged.metric("dm_policy_error") == 0, 30, "the metric to say that the policy is good again")


def test_a_storage_class_that_vanished(judged):
    lab = judged.cluster
    changes = {"master_storageClassName": "passing", "worker_storageClassName": "passing"}
    lab.apply(hostlab.storage_class("passing"))
    lab.apply(orders("stays", **changes))
    lab.kubectl("delete", "storageclass", "passing")
    lab.wait(lambda: "(StorageClassExists)" in judged.apply(orders("late", **changes), "--dry-run=server").stderr, 20,
             "the class to be missed")
    for role, line in zip(("master", "worker"), judged.refusal(orders("late", **changes), "--dry-run=server").splitlines()[1:], strict=True):
        assert line.startswith(f'* spec.{role}.storageClassName: Invalid value: "passing": there is no such storage class '
                               '(StorageClassExists): create it first, or use one of '), line
    done = lab.kubectl("patch", "dc", "stays", "--type=merge", "-p", '{"spec":{"timezone":"UTC"}}')
    assert "StorageClassExists: " in done.stderr and "(as before)" in done.stderr   # it is not locked in
    lab.kubectl("scale", "dc", "stays", "--replicas=4")
    lab.kubectl("delete", "dc", "stays")


def test_without_any_node(judged):
    lab = judged.cluster
    nodes = lab.get("nodes")["items"]
    lab.kubectl("delete", "nodes", "--all")
    try:
        lab.wait(lambda: "the cluster has no nodes" in judged.apply(orders(), "--dry-run=server").stderr, 20, "the nodes to be missed")
        done = judged.apply(orders(), "--dry-run=server")
        assert done.returncode == 0                                      # an autoscaler may bring some
        assert done.stderr.splitlines() == [f"Warning: NoCandidates: spec.{role}: the cluster has no nodes" for role in ("master", "worker")]
    finally:
        for node in nodes:
            meta = node["metadata"]
            node["metadata"] = {key: meta[key] for key in ("name", "labels", "annotations")}
        lab.apply(nodes)
        lab.wait(lambda: not judged.apply(orders(), "--dry-run=server").stderr, 40, "the nodes to be back")


def test_while_the_api_server_is_gone(judged):
    lab = judged.cluster
    started = judged.webhook.pid
    good, missing = json.loads(orders()), json.loads(orders(worker_storageClassName="sssd"))
    lab.apiserver.kill()
    end = time.monotonic() + GONE
    try:
        while True:
            status, _, body = judged.post(hostlab.review(good))          # all that it takes is in the caches
            assert (status, body["response"]["allowed"]) == (200, True), body
            status, headers, body = judged.post(hostlab.review(missing)) # whether the class is missing, nobody can tell
            assert (status, headers["Retry-After"], body["reason"]) == (503, "1", "ServiceUnavailable"), (status, body)
            assert "looking up" in body["message"], body
            assert judged.post(hostlab.review(good, missing, "DELETE"))[2]["response"]["allowed"] is True
            assert judged.ready()[0] == 200
            if time.monotonic() > end:
                break
            time.sleep(0.5)   # the outage itself is what is waited for
    finally:
        lab.apiserver.start()
        lab.apiserver.wait_ready()
    back = time.monotonic()
    lab.wait(lambda: judged.apply(orders(), "--dry-run=server").returncode == 0, 30, "admission to work again")
    assert "did you mean ssd?" in judged.refusal(orders(worker_storageClassName="sssd"), "--dry-run=server")
    lab.apply(hostlab.storage_class("after-the-outage"))                 # watches are up again
    lab.apply(orders(worker_storageClassName="after-the-outage"), "--dry-run=server")
    assert judged.webhook.pid == started, "it was restarted"
    print(f"gone for {GONE} s; {time.monotonic() - back:.1f} s after it was ready all was as before")


@pytest.fixture()
def blind(judged, tmp_path):
    """A second webhook whose account may list nothing: its caches stay cold. Its port, its health port, its account."""
    lab, plan = judged.cluster, judged.cluster.plan
    for file, source in (("tls.crt", "apiserver.crt"), ("tls.key", "apiserver.key")):
        (tmp_path / file).write_bytes(plan.pki(source).read_bytes())
    account = lab.service_account_kubeconfig("default", "blind")
    port, health = plan.port(9445), plan.port(8083)
    process = judged.run_webhook("blind", account, port, health, "--tls-mode=files", f"--tls-dir={tmp_path}")
    lab.wait(lambda: judged.ready(health)[0] == 503, 20, "the second webhook to answer")
    yield port, health
    process.kill()


def test_cold_caches_answer_nothing_and_say_so(judged, blind):
    port, health = blind
    for object_ in (json.loads(orders()), json.loads(orders(masters=1))):
        status, headers, body = judged.post(hostlab.review(object_), port)
        assert (status, headers["Retry-After"], body["reason"]) == (503, "1", "ServiceUnavailable"), (status, body)
        assert body["message"], body
    status, text = judged.ready(health)
    assert status == 503 and "[-]caches" in text, text
    assert judged.post(hostlab.review(json.loads(orders()), json.loads(orders()), "UPDATE"), port)[2]["response"]["allowed"] is True
    judged.cluster.kubectl("create", "clusterrolebinding", "blind-no-more", f"--clusterrole={dmlab.RELEASE}-webhook-{dmlab.SYSTEM}",
                           "--serviceaccount=default:blind")
    judged.cluster.wait(lambda: judged.ready(health)[0] == 200, 60, "the second webhook to be ready once it may look")
    assert judged.post(hostlab.review(json.loads(orders())), port)[2]["response"]["allowed"] is True
    assert judged.post(hostlab.review(json.loads(orders(masters=1))), port)[2]["response"]["allowed"] is False

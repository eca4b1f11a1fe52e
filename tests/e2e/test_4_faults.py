"""The operator killed or replaced, the webhook away, the API server gone: the defined answer each."""

import random
import threading
import time

import dmlab
from lab import LabError
from lab.api import Api


def test_operator_killed_ten_times_between_apply_and_ready(lab, namespace):
    """As a host process, restarted at once: the same end state, nothing twice."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with dmlab.without_operators(lab):
        kubeconfig = lab.service_account_kubeconfig(dmlab.SYSTEM, f"{dmlab.RELEASE}-operator")
        # Without a lease: a killed holder would make its successor wait for the whole of it.
        process = lab.run_host("operator", [dmlab.BIN / "dm-operator", "--kubeconfig", kubeconfig, "--health-port=0",
                                            "--leader-elect=false"])
        try:
            lab.apply(dmlab.manifest("killed", namespace, production=True))
            for _ in range(10):
                deadline = time.monotonic() + chance.uniform(0.1, 2.5)
                lab.wait(lambda end=deadline: time.monotonic() >= end, 10, "the moment to kill")
                process.restart()
            dmlab.wait_ready(lab, "killed", namespace, 120)
            names = sorted(dmlab.children(lab, namespace))
            assert names == sorted(expected_children("killed", 3, 3)), names
            claims = dmlab.items(lab, "pvc", "-l", "app.kubernetes.io/component=dm-master", namespace=namespace)
            assert len({c["metadata"]["annotations"]["dm.pingcap.com/cluster-id"] for c in claims}) == 1
        finally:
            process.kill()


def expected_children(name, masters, workers):
    both = ("dm-master", "dm-worker")
    return ([f"statefulsets/{name}-{role}" for role in both] + [f"services/{name}-{role}-peer" for role in both]
            + [f"services/{name}-dm-master", f"configmaps/{name}-dm-bootstrap"]
            + [f"configmaps/{name}-{role}-config" for role in both]
            + [f"poddisruptionbudgets/{name}-{role}" for role in both]
            + [f"{kind}{name}-{role}-{i}" for role, count in zip(both, (masters, workers)) for i in range(count)
               for kind in ("pods/", f"persistentvolumeclaims/{role}-")])


def test_webhook_away_nothing_is_stored(lab, namespace):
    deployment = f"deploy/{dmlab.RELEASE}-webhook"
    lab.kubectl("scale", deployment, "-n", dmlab.SYSTEM, "--replicas=0")
    try:
        lab.wait(lambda: not dmlab.items(lab, "pods", "-l", "app.kubernetes.io/component=webhook", namespace=dmlab.SYSTEM), 90, "the webhook's pods to end")
        done = lab.kubectl("apply", "-f", "-", input=dmlab.manifest("unseen", namespace, production=True), check=False)
        print(done.stderr)
        assert done.returncode == 1 and "failed calling webhook" in done.stderr
        assert lab.get("dc", "unseen", namespace=namespace) is None
    finally:
        lab.kubectl("scale", deployment, "-n", dmlab.SYSTEM, "--replicas=2")
        lab.kubectl("rollout", "status", deployment, "-n", dmlab.SYSTEM, "--timeout=90s")
        dmlab.await_admission(lab)


def test_rolling_the_webhook_loses_no_request(lab, namespace):
    deployment = f"deploy/{dmlab.RELEASE}-webhook"
    lab.kubectl("rollout", "restart", deployment, "-n", dmlab.SYSTEM)
    text = dmlab.manifest("ok", namespace, production=True)
    asked = 0
    # The first answers may still be of before: the Deployment's controller has to see the change.
    while asked < 20 or "successfully rolled out" not in lab.kubectl(
            "rollout", "status", deployment, "-n", dmlab.SYSTEM, "--watch=false").stdout:
        done = lab.kubectl("apply", "--dry-run=server", "-f", "-", input=text, check=False)
        assert done.returncode == 0, f"request {asked} was lost: {done.stderr}"
        asked += 1


def test_api_server_restarted(lab, namespace):
    """kill -9: watches are cut, CRDs answer 429 for a moment. The cluster applied right after becomes Ready."""
    lab.apiserver.restart()
    lab.wait(lambda: lab.kubectl("get", "--raw", "/readyz", check=False).stdout == "ok", 60, "the API server")
    text = dmlab.manifest("after", namespace, masters=1, workers=2)
    lab.wait(lambda: lab.kubectl("apply", "-f", "-", input=text, check=False).returncode == 0, 60, "apply to be taken")
    dmlab.wait_ready(lab, "after", namespace, 90)


def holders(lab, done, seen):
    """Note (when, who) each time another pod holds the operator's lease, until `done`."""
    api = Api(lab.kubeconfig)
    while not done.wait(0.1):
        try:
            holder = dmlab.lease_holder(api)
        except LabError:
            continue
        if not seen or seen[-1][1] != holder:
            seen.append((time.monotonic(), holder))


def test_upgrade_with_helm_4_meets_no_conflict_and_hands_the_work_on(lab):
    """The webhook filled in the caBundle meanwhile: Helm 4 applies server-side and would name a foreign field. Both operators are
    replaced, one after the other; somebody leads all the time but for seconds."""
    configuration = f"{dmlab.RELEASE}-webhook-{dmlab.SYSTEM}"
    bundle = lab.get("validatingwebhookconfiguration", configuration)["webhooks"][0]["clientConfig"]["caBundle"]
    assert bundle
    before, done, seen = dmlab.operators(lab), threading.Event(), []
    thread = threading.Thread(target=holders, args=(lab, done, seen), daemon=True)
    thread.start()
    try:
        lab.helm("upgrade", dmlab.RELEASE, dmlab.CHART, "--namespace", dmlab.SYSTEM, "--wait", "--reuse-values",
                 "--set", "webhook.timeoutSeconds=6", "--set", "operator.podAnnotations.turn=next")
        dmlab.await_operators(lab)
        after = dmlab.operators(lab)
        assert len(after) == dmlab.OPERATORS and not set(after) & set(before), (set(before), set(after))
        lab.wait(lambda: seen[-1][1] in after, 40, "one of the new operators to lead")
    finally:
        done.set()
        thread.join(10)
    gaps = [seen[i + 1][0] - at for i, (at, holder) in enumerate(seen[:-1]) if not holder]
    print(f"leaders in turn {[holder for _, holder in seen if holder]}, without one for {[f'{gap:.1f} s' for gap in gaps]}")
    assert all(gap < 10 for gap in gaps), seen
    webhook = lab.get("validatingwebhookconfiguration", configuration)["webhooks"][0]
    assert webhook["timeoutSeconds"] == 6 and webhook["clientConfig"]["caBundle"] == bundle

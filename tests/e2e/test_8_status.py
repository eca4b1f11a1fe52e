"""`kubectl dm status` as users run it, on a cluster that runs: what it shows, with all rights, with few and with none; and the
policy of the cluster, by which `check` judges as the webhook does."""

import json
import signal
import subprocess

import dmlab
import pytest


def kubectl_dm(lab, *args, kubeconfig=None, input=None):
    """kubectl finds the plug-in on the PATH."""
    environment = lab.environment(kubeconfig)
    environment["PATH"] = f"{dmlab.BIN}:{environment['PATH']}"
    return subprocess.run(["kubectl", "dm", *args], capture_output=True, text=True, env=environment, timeout=60, check=False, input=input)


@pytest.fixture(scope="module")
def running(lab):
    """Namespace and name of a cluster that is Ready: test_2_lifecycle's, or one of our own."""
    namespace = "quiet"
    if lab.get("dc", "orders", namespace=namespace) is None:
        lab.kubectl("create", "namespace", namespace)
        lab.apply(dmlab.manifest("orders", namespace, masters=1, workers=2, upstreams=1))
    dmlab.wait_ready(lab, "orders", namespace)
    return namespace


def test_status_shows_what_runs(lab, running):
    shown = kubectl_dm(lab, "status", "orders", "-n", running, "--exit-status")
    print(shown.stdout)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert shown.stdout.startswith(f"DMCluster {running}/orders: healthy\n")
    assert f"(ConfigMap {dmlab.SYSTEM}/{dmlab.RELEASE}-policy)" in shown.stdout
    assert "\nNot read\n" not in shown.stdout and "nothing: it runs as the spec asks" in shown.stdout
    picture = json.loads(kubectl_dm(lab, "status", "orders", "-n", running, "-o", "json").stdout)
    pods = {pod["metadata"]["name"]: pod["spec"]["nodeName"]
            for pod in dmlab.items(lab, "pods", "-l", "app.kubernetes.io/instance=orders", namespace=running)}
    assert {m["name"]: m["node"] for m in picture["members"]} == pods
    assert all(m["pod"] == "Ready" and m["disk"]["phase"] == "Bound" and m["system"] for m in picture["members"])
    leader = lab.get("dc", "orders", namespace=running)["status"]["master"]["leader"]["name"]
    assert [m["name"] for m in picture["members"] if m["leader"]] == [leader]


def test_status_with_few_rights_and_with_none(lab, running, namespace):
    kubeconfig = lab.service_account_kubeconfig(namespace, "reader")
    refused = kubectl_dm(lab, "status", "orders", "-n", running, kubeconfig=kubeconfig)
    assert refused.returncode == 2 and "may not be read" in refused.stderr, refused
    lab.kubectl("create", "role", "reader", "-n", running, "--verb=get", "--resource=dmclusters.pingcap.com")
    lab.kubectl("create", "rolebinding", "reader", "-n", running, "--role=reader", f"--serviceaccount={namespace}:reader")
    try:
        # A grant is in force a moment after it was written.
        lab.wait(lambda: kubectl_dm(lab, "status", "orders", "-n", running, kubeconfig=kubeconfig).returncode == 0, 10, "the grant to count")
        shown = kubectl_dm(lab, "status", "orders", "-n", running, kubeconfig=kubeconfig).stdout
        for what in ("pods: ", "disks (persistentvolumeclaims): ", "events: ", "nodes: ", "the cluster's policy may not be read"):
            assert f"\n  {what}" in shown, shown
        assert "orders-dm-master-0  ?" in shown and "leader" in shown, shown
    finally:
        lab.kubectl("delete", "role,rolebinding", "reader", "-n", running)


def test_status_of_what_is_not_there(lab, running):
    typo = kubectl_dm(lab, "status", "ordres", "-n", running)
    assert typo.returncode == 2 and "did you mean orders?" in typo.stderr, typo
    elsewhere = kubectl_dm(lab, "status", "orders", "-n", "default")
    assert elsewhere.returncode == 2 and f"there is one in {running}: name it with -n" in elsewhere.stderr, elsewhere


def test_status_watch_ends_on_ctrl_c(lab, running):
    environment = lab.environment()
    with subprocess.Popen([dmlab.BIN / "kubectl-dm", "status", "orders", "-n", running, "--watch"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=environment) as watch:
        first = watch.stdout.readline()
        watch.send_signal(signal.SIGINT)
        out, err = watch.communicate(timeout=20)
    assert first.startswith(f"DMCluster {running}/orders: "), first
    assert watch.returncode == 0 and err == "" and out.count("DMCluster ") == 0, (watch.returncode, out, err)


def test_check_judges_by_the_policy_of_the_cluster(lab, namespace):
    text = dmlab.manifest("mild", namespace, production=True, workers=1, worker_requests_cpu="8")
    before = kubectl_dm(lab, "check", "-f", "-", input=text)
    assert before.returncode == 1 and before.stderr == "", before
    # The policy of the tests (values.yaml) spares namespaces with this label; the built-in one does not.
    lab.kubectl("label", "namespace", namespace, "dm-test/enforcement=warn")
    after = kubectl_dm(lab, "check", "-f", "-", input=text)
    assert after.returncode == 0 and "Warning: spec.worker.requests.cpu: " in after.stdout, after
    lab.wait(lambda: lab.kubectl("apply", "--dry-run=server", "-f", "-", input=text, check=False).returncode == 0, 10, "the webhook to agree")

"""What kubectl prints when a DMCluster falls short, and that nothing is stored."""

import json
import subprocess

import dmlab


def refusal(lab, text):
    """Apply; the error text without the warnings before it, after checking that it was refused."""
    done = lab.kubectl("apply", "-f", "-", input=text, check=False)
    assert done.returncode == 1, f"not refused: {done.stdout}{done.stderr}"
    return "\n".join(line for line in done.stderr.strip().splitlines() if not line.startswith("Warning: "))


def bullets(text):
    return [line[2:] for line in text.splitlines() if line.startswith("* ")]


def test_compliant_is_accepted(lab, namespace):
    done = lab.kubectl("apply", "--dry-run=server", "-f", "-", input=dmlab.manifest("ok", namespace, production=True))
    assert "created (server dry run)" in done.stdout


def test_undersized_is_refused_field_by_field(lab, namespace):
    text = refusal(lab, dmlab.manifest("small", namespace, production=True, workers=2, worker_requests_cpu="8",
                                       worker_storageSize="100Gi", master_storageClassName="nope"))
    lines = bullets(text)
    assert text.startswith('The DMCluster "small" is invalid:'), text
    for expected in (
            'spec.worker.requests.cpu: Invalid value: "8": a production DM-worker needs at least 16 CPU (WorkerCPU): ',
            "spec.worker.replicas: Invalid value: ",
            "spec.worker.storageSize: Invalid value: ",
            "spec.master.storageClassName: Invalid value: \"nope\": "):
        assert any(line.startswith(expected) for line in lines), f"{expected!r} not in\n{text}"
    assert lab.get("dc", "small", namespace=namespace) is None


def test_absent_request_is_required(lab, namespace):
    text = refusal(lab, dmlab.manifest("absent", namespace, production=True, master_requests={"cpu": "4"}))
    assert text.startswith('The DMCluster "absent" is invalid: spec.master.requests.memory: Required value: '), text
    assert "(MasterMemory)" in text


def test_nodes_with_a_wrong_system_are_named(lab, namespace):
    text = refusal(lab, dmlab.manifest(
        "old-nodes", namespace, production=True, nodeSelector={"kubernetes.io/hostname": "centos-72"},
        tolerations=[{"key": "dedicated", "operator": "Exists"}]))
    assert "NodesForRole" in text and "centos-72 runs CentOS 7.2, 7.3 or later is needed" in text, text


def test_unparseable_quantity_names_field_and_value(lab, namespace):
    text = refusal(lab, dmlab.manifest("bad", namespace, production=True, worker_requests_cpu="16 cores"))
    assert text == ('The DMCluster "bad" is invalid: spec.worker.requests[cpu]: Invalid value: "16 cores": must be a quantity '
                    'such as "16", "500m" or "200Gi"')


def test_worse_is_refused_and_better_is_not(lab, namespace):
    lab.kubectl("label", "namespace", namespace, "dm-test/enforcement=warn")
    small = dict(production=True, masters=1, workers=1, worker_requests_cpu="8")
    done = lab.wait(lambda: lab.kubectl("apply", "-f", "-", input=dmlab.manifest("was", namespace, **small), check=False)
                    .stderr.startswith("Warning:") and lab.get("dc", "was", namespace=namespace), 20,
                    "the namespace's label to reach the webhook")
    assert done
    lab.kubectl("label", "namespace", namespace, "dm-test/enforcement-")
    worse = dmlab.manifest("was", namespace, **{**small, "worker_requests_cpu": "4"})
    lab.wait(lambda: "spec.worker.requests.cpu" in lab.kubectl(
        "apply", "--dry-run=server", "-f", "-", input=worse, check=False).stderr, 20, "enforcement to be back")
    text = refusal(lab, worse)
    assert "WorkerCPU" in text and "spec.master.replicas" not in text, text
    lab.apply(dmlab.manifest("was", namespace, **{**small, "worker_requests_cpu": "12"}))
    lab.kubectl("label", "dc", "was", "-n", namespace, "team=data")
    lab.kubectl("scale", "dc", "was", "-n", namespace, "--replicas=3")
    assert lab.get("dc", "was", namespace=namespace)["spec"]["worker"]["replicas"] == 3
    done = lab.kubectl("scale", "dc", "was", "-n", namespace, "--replicas=0", check=False)
    assert done.returncode != 0 and "WorkerReplicas" in done.stderr, done.stderr
    lab.kubectl("delete", "dc", "was", "-n", namespace, "--timeout=30s")


def test_check_says_what_the_webhook_says(lab, namespace):
    text = dmlab.manifest("same", namespace, production=True, workers=1, worker_requests_cpu="8",
                          master_storageClassName="nope")
    lines = set(bullets(refusal(lab, text)))
    done = subprocess.run([dmlab.BIN / "kubectl-dm", "check", "-f", "-", "-o", "json"], input=text, text=True,
                          capture_output=True, env=lab.environment(), timeout=30, check=False)
    findings = json.loads(done.stdout)[0]["findings"]
    denied = {f["field"] for f in findings if f["severity"] == "deny"}
    assert done.returncode == 1
    assert denied == {line.split(":")[0] for line in lines}, (denied, lines)


def test_folder_with_class_and_cluster_is_not_refused_for_lag(lab, namespace, tmp_path):
    cls = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": f"new-{namespace}"},
           "provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3"}, "allowVolumeExpansion": True,
           "volumeBindingMode": "WaitForFirstConsumer"}
    (tmp_path / "1-class.json").write_text(json.dumps(cls))
    (tmp_path / "2-cluster.json").write_text(dmlab.manifest(
        "fresh", namespace, production=True, paused=True, master_storageClassName=cls["metadata"]["name"],
        worker_storageClassName=cls["metadata"]["name"]))
    for _ in range(10):
        lab.kubectl("apply", "-f", str(tmp_path))
        lab.kubectl("delete", "-f", str(tmp_path))

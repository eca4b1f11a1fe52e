"""Nonsense gets a clear refusal and changes nothing."""

import http.client
import json
import socket
import ssl
import subprocess

import dmlab


def webhook(lab):
    return lab.get("svc", f"{dmlab.RELEASE}-webhook", namespace=dmlab.SYSTEM)["spec"]["clusterIP"]


def ask(lab, body, content_type="application/json", path="/validate"):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(webhook(lab), 443, timeout=20, context=context)
    try:
        connection.request("POST", path, body, {"Content-Type": content_type})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def alive(lab):
    status, text = ask(lab, json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "operation": "DELETE", "kind": {"group": "pingcap.com", "version": "v1alpha1", "kind": "DMCluster"},
        "resource": {"group": "pingcap.com", "version": "v1alpha1", "resource": "dmclusters"},
        "name": "x", "namespace": "default", "object": None, "oldObject": None}}))
    return status == 200 and json.loads(text)["response"] == {"uid": "u-1", "allowed": True}


def test_wrong_bodies_are_refused_with_a_reason(lab):
    for body, content_type in (("", "application/json"), ("{", "application/json"), ("[]", "application/json"),
                               ("{}", "text/plain"), ("[" * 5000, "application/json")):
        status, text = ask(lab, body, content_type)
        assert text and (status >= 400 or json.loads(text)["response"]["allowed"] is False), (body[:20], status, text)
        assert alive(lab)


def test_eight_mebibytes_are_refused(lab):
    try:
        status, _ = ask(lab, "x" * (8 << 20))
        assert status == 413
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        pass  # closed while we were still sending: that is a refusal too
    assert alive(lab)


def test_garbage_on_the_tls_port(lab):
    with socket.create_connection((webhook(lab), 443), timeout=20) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(range(256)))
        peer.settimeout(20)
        assert len(peer.recv(4096)) < 4096
    assert alive(lab)


def test_one_comma_is_no_manifest(tmp_path):
    (tmp_path / "comma.yaml").write_text(",")
    done = subprocess.run([dmlab.BIN / "kubectl-dm", "check", "--offline", "-f", tmp_path / "comma.yaml"], text=True,
                          capture_output=True, timeout=10, check=False)
    assert done.returncode == 2 and "comma.yaml" in done.stderr and "line 1" in done.stderr, done


def test_memory_stays_below_40_mb(lab):
    for program in ("dm-operator", "dm-webhook"):
        sizes = dmlab.rss_mb(lab, program)
        print(program, [f"{size:.1f} MB" for size in sizes])
        assert sizes and max(sizes) < 40

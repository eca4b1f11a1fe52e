"""TLS between members with certificates that the operator issues, and what it says when it may not."""

import base64
import functools
import ssl
import time

import dmlab
import observer
from lab import certs

NAMESPACE = "tls"
SECRETS = ("sealed-dm-master-cluster-secret", "sealed-dm-worker-cluster-secret", "sealed-dm-client-secret")


def secret(lab, name, namespace=NAMESPACE):
    object_ = lab.get("secret", name, namespace=namespace)
    return {key: base64.b64decode(value).decode() for key, value in object_["data"].items()}


def pods(lab):
    return dmlab.items(lab, "pods", "-l", "app.kubernetes.io/instance=sealed", namespace=NAMESPACE)


def asker(folder, pem):
    """observer.ask with this client certificate. Whom it trusts is not the question here: leaves change while it looks."""
    (folder / "client.pem").write_text(pem["tls.crt"] + pem["tls.key"], encoding="utf-8")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(folder / "client.pem")
    return functools.partial(observer.ask, tls=context)


def test_production_cluster_with_an_authority_of_its_own(lab):
    """Three masters, three workers; every connection between them is mutual TLS, and so is the operator's own look."""
    lab.kubectl("create", "namespace", NAMESPACE)
    began = time.monotonic()
    lab.apply(dmlab.manifest("sealed", NAMESPACE, production=True, tlsCluster={"enabled": True, "issuer": {"selfSigned": {}}}))
    object_ = dmlab.wait_ready(lab, "sealed", NAMESPACE, 120)
    print(f"Ready {time.monotonic() - began:.1f} s after kubectl apply")
    assert all(member["health"] for member in object_["status"]["master"]["members"].values())
    print(lab.kubectl("get", "secret", "-n", NAMESPACE, "--show-labels").stdout)
    for name in (*SECRETS, "sealed-dm-authority"):
        meta = lab.get("secret", name, namespace=NAMESPACE)["metadata"]
        assert meta["labels"]["app.kubernetes.io/managed-by"] == "dm-operator", name
        assert meta["ownerReferences"][0]["uid"] == object_["metadata"]["uid"], name
    assert "ca.key" not in secret(lab, SECRETS[0])
    assert dmlab.condition(lab, "sealed", NAMESPACE, "CertificatesReady")["reason"] == "Issued"


def test_who_shows_no_certificate_is_turned_away(lab):
    """Said by the master itself, to somebody inside its own pod."""
    for url in ("http://127.0.0.1:8261/status", "http://127.0.0.1:8291/members"):
        done = lab.kubectl("exec", "-n", NAMESPACE, "sealed-dm-master-0", "--", "wget", "-q", "-T", "5", "-O", "-", url, check=False)
        assert done.returncode != 0, done.stdout


def test_another_authority_by_overlap_and_a_safe_roll(lab, tmp_path, monkeypatch):
    """Seen by an observer who holds a certificate of the old authority all the time."""
    monkeypatch.setattr(observer, "ask", asker(tmp_path, secret(lab, SECRETS[2])))
    with observer.Observer(lab, NAMESPACE, "sealed", dmlab.ROOT / "build/results") as seen:
        rotate(lab)
    assert seen.looks, "the observer was let in"
    seen.expect()
    lab.kubectl("delete", "dc", "sealed", "-n", NAMESPACE)


def rotate(lab):
    before = {name: secret(lab, name) for name in SECRETS}
    uids = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods(lab)}
    began = time.monotonic()
    lab.kubectl("annotate", "dc", "sealed", "-n", NAMESPACE, "dm.pingcap.com/rotateAuthorityAt=2026-11-24T23:00:00Z")
    lab.wait(lambda: dmlab.condition(lab, "sealed", NAMESPACE, "CertificatesReady").get("reason") == "RotatingAuthority", 20,
             "the rotation to begin")
    during = secret(lab, SECRETS[0])
    assert during["tls.crt"] == before[SECRETS[0]]["tls.crt"], "the new authority signs only when all trust it"
    assert during["ca.crt"].count("BEGIN CERTIFICATE") == 2
    lab.wait(lambda: dmlab.condition(lab, "sealed", NAMESPACE, "CertificatesReady").get("reason") == "Issued", 240,
             "every pod to be replaced")
    dmlab.wait_ready(lab, "sealed", NAMESPACE, 60)
    print(f"another authority signs {time.monotonic() - began:.1f} s after it was asked for")
    after = {name: secret(lab, name) for name in SECRETS}
    for name in SECRETS:
        assert after[name]["tls.crt"] != before[name]["tls.crt"], name
        assert before[name]["ca.crt"] in after[name]["ca.crt"], "the old authority stays trusted for a day"
    fresh = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods(lab)}
    assert fresh.keys() == uids.keys() and not set(fresh.values()) & set(uids.values())
    # Nothing more: once, and without a second roll.
    assert dmlab.condition(lab, "sealed", NAMESPACE, "Progressing")["status"] == "False"


def test_secrets_that_the_user_made_as_for_version_1(lab, namespace, tmp_path):
    """With the names that docs/tls.md lists, by a CA of the user's."""
    pki = tmp_path / "pki"
    certs.make_ca(pki)

    def make(suffix, component=None):
        names = [f"DNS:{prefix}own-{component}{service}{domain}"
                 for prefix, service in (("", ""), ("", "-peer"), ("*.", "-peer")) for domain in ("", f".{namespace}", f".{namespace}.svc")]
        certs.make_leaf(pki, suffix, "TiDB", names=[*names, "IP:127.0.0.1", "IP:::1"] if component else ())
        lab.kubectl("create", "secret", "generic", f"own-{suffix}", "-n", namespace, f"--from-file=ca.crt={pki}/ca.crt",
                    f"--from-file=tls.crt={pki}/{suffix}.crt", f"--from-file=tls.key={pki}/{suffix}.key")
    make("dm-master-cluster-secret", "dm-master")
    make("dm-worker-cluster-secret", "dm-worker")
    make("dm-client-secret")
    before = secret(lab, "own-dm-client-secret", namespace)
    lab.apply(dmlab.manifest("own", namespace, masters=1, workers=2, tlsCluster={"enabled": True}))
    dmlab.wait_ready(lab, "own", namespace)
    assert secret(lab, "own-dm-client-secret", namespace) == before
    assert not dmlab.condition(lab, "own", namespace, "CertificatesReady"), "nobody was asked for certificates"
    assert lab.get("secret", "own-dm-authority", namespace=namespace) is None


def test_a_users_secret_is_never_overwritten(lab, namespace):
    lab.kubectl("create", "secret", "generic", "mine-dm-client-secret", "-n", namespace, "--from-literal=ca.crt=x")
    lab.apply(dmlab.manifest("mine", namespace, masters=1, workers=2, tlsCluster={"enabled": True, "issuer": {"selfSigned": {}}}))
    lab.wait(lambda: dmlab.condition(lab, "mine", namespace, "Ready").get("reason") == "SecretNotOurs", 20, "Ready to say so")
    said = dmlab.condition(lab, "mine", namespace, "CertificatesReady")
    assert "Secret mine-dm-client-secret was not made by dm-operator and is never overwritten" in said["message"], said
    assert secret(lab, "mine-dm-client-secret", namespace) == {"ca.crt": "x"}
    assert not dmlab.items(lab, "sts", namespace=namespace), "nothing is started without certificates"


def test_cert_manager_that_is_not_there_is_named(lab, namespace):
    lab.apply(dmlab.manifest("asked", namespace, masters=1, workers=2,
                             tlsCluster={"enabled": True, "issuer": {"certManager": {"issuerRef": {"name": "our-ca"}}}}))
    lab.wait(lambda: dmlab.condition(lab, "asked", namespace, "Ready").get("reason") == "CertManagerMissing", 20, "Ready to say so")
    assert "install cert-manager" in dmlab.condition(lab, "asked", namespace, "CertificatesReady")["message"]

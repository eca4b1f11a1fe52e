"""One CA per cluster, its leaf certificates (by openssl) and kubeconfigs made of them."""

import base64
import subprocess

from .errors import LabError

CONFIG = """\
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
"""

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: {name}
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {name}
  user:
{user}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}
current-context: {name}
"""


def make_ca(pki):
    """A fresh CA and the key that signs service account tokens, in folder `pki`."""
    pki.mkdir(parents=True, mode=0o700)
    (pki / "openssl.cnf").write_text(CONFIG, encoding="utf-8")
    _openssl("req", "-x509", "-config", pki / "openssl.cnf", "-extensions", "ca", "-subj", "/CN=dm-operator-lab-ca",
             *_new_key(pki / "ca.key"), "-out", pki / "ca.crt", "-days", "3650")
    _openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", pki / "sa.key")
    _openssl("ec", "-in", pki / "sa.key", "-pubout", "-out", pki / "sa.pub")


def make_leaf(pki, file, common_name, organization=None, names=()):
    """`<file>.crt` and `<file>.key` in `pki`, for servers and clients. `names` are SANs such as "IP:10.0.0.1"."""
    subject = (f"/O={organization}" if organization else "") + f"/CN={common_name}"
    san = ["-addext", "subjectAltName=" + ",".join(names)] if names else []
    _openssl("req", "-x509", "-config", pki / "openssl.cnf", "-extensions", "leaf", "-subj", subject, *san,
             "-CA", pki / "ca.crt", "-CAkey", pki / "ca.key", *_new_key(pki / f"{file}.key"),
             "-out", pki / f"{file}.crt", "-days", "3650")


def certificate_user(pki, file):
    """The user part of a kubeconfig for a certificate made by make_leaf."""
    return (f"    client-certificate-data: {_base64(pki / f'{file}.crt')}\n"
            f"    client-key-data: {_base64(pki / f'{file}.key')}")


def write_kubeconfig(path, name, server, ca_file, user):
    """Write a kubeconfig whose `user` is indented YAML text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(KUBECONFIG.format(name=name, server=server, ca=_base64(ca_file), user=user), encoding="utf-8")


def _new_key(path):
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]


def _base64(path):
    return base64.b64encode(path.read_bytes()).decode()


def _openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        raise LabError(f"openssl {args[0]}: {done.stderr.strip()}")

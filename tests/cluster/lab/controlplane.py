"""The control plane: etcd, API server, controller manager, scheduler; on the bridge, or on loopback without rights."""

import http.client
import json
import ssl
import urllib.request

from . import certs
from .errors import LabError, WaitTimeout
from .process import Process
from .waiting import wait

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
    "rules": [
        # The provisioner asks twice a second, which would be most of the log.
        {"level": "None", "users": ["system:lab-provisioner"]},
        {"level": "Metadata"},
    ],
}

# file, common name, organization: the clients of the API server.
CLIENTS = [
    ("admin", "lab-admin", "system:masters"),
    ("kube-controller-manager", "system:kube-controller-manager", None),
    ("kube-scheduler", "system:kube-scheduler", None),
    ("kube-proxy", "system:kube-proxy", None),
    ("provisioner", "system:lab-provisioner", "system:masters"),
    ("coredns", "system:lab-coredns", "system:masters"),
    ("kwok", "system:lab-kwok", "system:masters"),
]


class ApiServer(Process):
    """kube-apiserver with what a test does to it: stop/cont (frozen), kill/start (crash), restart."""

    def __init__(self, plan):
        super().__init__(plan.home, "kube-apiserver")
        self._plan = plan

    def ready(self):
        """Whether /readyz says ok."""
        plan = self._plan
        context = ssl.create_default_context(cafile=plan.pki("ca.crt"))
        connection = http.client.HTTPSConnection(plan.host_ip, plan.port(6443), timeout=2, context=context)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def wait_ready(self, timeout=60):
        """Wait for /readyz; fails at once when the process has ended."""
        def ready_or_dead():
            return self.ready() or not self.alive()
        try:
            wait(ready_or_dead, timeout, "the API server to be ready", every=0.05)
        except WaitTimeout as error:
            raise WaitTimeout(f"{error}; its log ends with:\n{self.tail()}") from None
        if not self.alive():
            raise LabError(f"kube-apiserver ended; its log ends with:\n{self.tail()}")

    def restart(self, *flags):
        """Kill and start, with more flags when given, and wait until it is ready. Watches of clients are cut.

        The watch cache starts at now: older resourceVersions get 410. For a second or two the resources of a CRD answer
        429 "storage is (re)initializing" although /readyz says ok.
        """
        self.change(*flags)
        super().restart()
        self.wait_ready()


class Etcd(Process):
    """etcd, with the one thing a test wants from it."""

    def __init__(self, plan):
        super().__init__(plan.home, "etcd")
        self._plan = plan

    def compact(self):
        """Forget all history up to now (410 also needs a restart of the API server, or a watch cache size of 0)."""
        revision = self._post("/v3/kv/range", {"key": "AA=="})["header"]["revision"]
        self._post("/v3/kv/compaction", {"revision": revision, "physical": True})
        return int(revision)

    def _post(self, path, body):
        request = urllib.request.Request(self._plan.etcd_url + path, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def make_certificates(plan):
    """CA, server certificate and a kubeconfig per client."""
    pki = plan.pki("")
    certs.make_ca(pki)
    names = ["DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc", "DNS:localhost",
             "IP:127.0.0.1", f"IP:{plan.first_service_ip}"]
    if plan.full:
        names.append(f"IP:{plan.host_ip}")
    certs.make_leaf(pki, "apiserver", "kube-apiserver", names=names)
    certs.make_leaf(pki, "apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters")
    for file, common_name, organization in CLIENTS:
        certs.make_leaf(pki, file, common_name, organization)
        path = plan.kubeconfig if file == "admin" else plan.pki(f"{file}.kubeconfig")
        certs.write_kubeconfig(path, plan.name, plan.api_url, pki / "ca.crt", certs.certificate_user(pki, file))


def start(plan, binaries, apiserver_flags=()):
    """Start everything and wait until the API server is ready."""
    home, pki = plan.home, plan.pki
    peer = f"http://127.0.0.1:{plan.port(2380)}"
    Etcd(plan).launch([
        binaries / "etcd", f"--data-dir={home / 'etcd'}", "--unsafe-no-fsync", "--log-level=warn",
        f"--listen-client-urls={plan.etcd_url}", f"--advertise-client-urls={plan.etcd_url}",
        f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"])

    policy = home / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT_POLICY), encoding="utf-8")
    (home / "audit").mkdir()
    apiserver = ApiServer(plan)
    apiserver.launch([
        binaries / "kube-apiserver", f"--etcd-servers={plan.etcd_url}", f"--secure-port={plan.port(6443)}",
        f"--bind-address={plan.host_ip}", *_advertise(plan), "--authorization-mode=Node,RBAC", "--allow-privileged",
        "--enable-aggregator-routing=true", "--kubelet-preferred-address-types=InternalIP",
        f"--service-cluster-ip-range={plan.service_range}", f"--client-ca-file={pki('ca.crt')}",
        f"--tls-cert-file={pki('apiserver.crt')}", f"--tls-private-key-file={pki('apiserver.key')}",
        f"--cert-dir={home / 'apiserver'}",
        f"--kubelet-client-certificate={pki('apiserver-kubelet-client.crt')}",
        f"--kubelet-client-key={pki('apiserver-kubelet-client.key')}",
        f"--kubelet-certificate-authority={pki('ca.crt')}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki('sa.pub')}", f"--service-account-signing-key-file={pki('sa.key')}",
        "--service-account-extend-token-expiration=false",
        f"--audit-policy-file={policy}", f"--audit-log-path={home / 'audit' / 'audit.log'}", *apiserver_flags])
    apiserver.wait_ready()

    # With the default of 20 requests a second the controller manager takes 5 s to make its service accounts.
    common = ["--leader-elect=false", "--bind-address=127.0.0.1", "--kube-api-qps=200", "--kube-api-burst=400"]
    config = pki("kube-controller-manager.kubeconfig")
    Process(home, "kube-controller-manager").launch([
        binaries / "kube-controller-manager", *common, f"--secure-port={plan.port(10257)}", *_identity(config),
        f"--cert-dir={home / 'kube-controller-manager'}", "--controllers=*,-nodeipam",
        "--use-service-account-credentials", f"--root-ca-file={pki('ca.crt')}",
        f"--service-account-private-key-file={pki('sa.key')}",
        f"--cluster-signing-cert-file={pki('ca.crt')}", f"--cluster-signing-key-file={pki('ca.key')}",
        f"--flex-volume-plugin-dir={home / 'volume-plugins'}",  # the default is made below /usr
        # Nodes that cannot die must not seem to, however late kwok renews their leases (or not at all, where a test has ended it).
        "--node-monitor-period=1s", f"--node-monitor-grace-period={'8s' if plan.full else '24h'}"])
    Process(home, "kube-scheduler").launch([
        binaries / "kube-scheduler", *common, f"--secure-port={plan.port(10259)}",
        f"--cert-dir={home / 'kube-scheduler'}", *_identity(pki("kube-scheduler.kubeconfig"))])


def _identity(kubeconfig):
    return [f"--kubeconfig={kubeconfig}", f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}"]


def _advertise(plan):
    """Loopback cannot be an endpoint of a Service, so that without a bridge no endpoint is published at all."""
    if plan.full:
        return [f"--advertise-address={plan.host_ip}"]
    return ["--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none"]

"""CoreDNS as a host process on the bridge: the DNS of all pods."""

from .process import Process

COREFILE = """\
cluster.local in-addr.arpa {{
    bind {ip}
    errors
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig}
        ttl 1
    }}
}}
. {{
    bind {ip}
    template IN ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def start(plan, binaries):
    """Start CoreDNS. Names outside of the cluster do not exist."""
    corefile = plan.home / "Corefile"
    corefile.write_text(COREFILE.format(ip=plan.host_ip, kubeconfig=plan.pki("coredns.kubeconfig")), encoding="utf-8")
    Process(plan.home, "coredns").launch([binaries / "coredns", "-conf", corefile])

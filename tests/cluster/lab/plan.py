"""Who has which address, port and path in a cluster. Two clusters differ in name and index only, and in nothing else."""

import os
from dataclasses import dataclass
from pathlib import Path

MAX_INDEX = 40  # 88 + 39 = 127 and 208 + 39 = 247: the address ranges of all indexes keep apart
MAX_REAL_NODES = 64


def base_dir():
    """Where the state of all clusters of this user lives: outside of the repository."""
    user = f"-{os.geteuid()}" if os.geteuid() else ""
    return Path(os.environ.get("TMPDIR") or "/tmp") / f"dm-operator-clusters{user}"


@dataclass(frozen=True)
class Plan:
    """The constants of one cluster. `full` tells whether there is a bridge (else all is on loopback)."""

    name: str
    index: int
    full: bool

    @property
    def home(self):
        return base_dir() / self.name

    def port(self, standard):
        """A well-known port moved so that clusters do not meet."""
        return standard + 100 * self.index

    @property
    def bridge(self):
        """Name of the host's bridge."""
        return f"br-{self.name}"

    @property
    def host_ip(self):
        """The address that the API server, DNS and host processes have for nodes and pods."""
        return f"10.{88 + self.index}.0.1" if self.full else "127.0.0.1"

    def node_ip(self, number):
        return f"10.{88 + self.index}.0.{10 + number}"

    def pod_subnet(self, number):
        return f"10.{88 + self.index}.{128 + number}.0/24"

    @property
    def pod_range(self):
        return f"10.{88 + self.index}.128.0/17"

    @property
    def service_range(self):
        return f"10.{208 + self.index}.0.0/16"

    @property
    def first_service_ip(self):
        return f"10.{208 + self.index}.0.1"

    @property
    def api_url(self):
        return f"https://{self.host_ip}:{self.port(6443)}"

    @property
    def etcd_url(self):
        return f"http://127.0.0.1:{self.port(2379)}"

    def veth(self, number):
        """Name of the host's end of a node's cable (at most 15 characters)."""
        return f"{self.name}-v{number}"

    def pki(self, file):
        return self.home / "pki" / file

    @property
    def kubeconfig(self):
        return self.home / "kubeconfig"

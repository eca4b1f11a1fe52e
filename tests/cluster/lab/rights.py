"""Whether this machine lets us run nodes, and if not, why."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cgroups
from .plan import base_dir

TOOLS = {"ip": "iproute2", "nft": "nftables", "runc": "runc", "nsenter": "util-linux", "unshare": "util-linux",
         "curl": "curl"}


def missing_tools():
    """What even a control plane cannot do without."""
    return [] if shutil.which("openssl") else ["openssl is not installed (apt-get install openssl)"]


def missing_for_nodes(binaries):
    """Reasons why no kubelet can run here; empty when all is well. Nothing is left behind by the probes."""
    if os.geteuid() != 0:
        return ["nodes need root"]
    reasons = [f"{tool} is not installed (apt-get install {package})"
               for tool, package in TOOLS.items() if not _which(tool)]
    if not Path("/usr/lib/cni/bridge").exists():
        reasons.append("/usr/lib/cni/bridge is missing (apt-get install containernetworking-plugins)")
    if not _static(Path("/bin/busybox")):
        reasons.append("/bin/busybox is missing or not static (apt-get install busybox-static)")
    if not Path("/dev/kmsg").exists():
        reasons.append("/dev/kmsg is missing")
    if cgroups.unified_only():
        reasons.append("the machine has cgroup v2 only; nodes are made for cgroup v1 or hybrid")
    for folder in (base_dir(), binaries):
        if str(folder.resolve()).startswith(("/var/", "/run/")):
            reasons.append(f"{folder} is below /var or /run, which every node has for itself (set TMPDIR, XDG_CACHE_HOME)")
    return reasons or _probe_kernel()


def _probe_kernel():
    reasons = []
    script = ("mount -t tmpfs tmpfs /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m "
              "&& mount -t overlay overlay -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w /mnt/m")
    namespaces = ["unshare", "-m", "-u", "-i", "-n", "-p", "-C", "-f", "--propagation", "private"]
    for what, command in (
            ("make namespaces", ["true"]),
            ("mount overlayfs", ["sh", "-c", script]),
            ("add a bridge", ["ip", "link", "add", "lab0", "type", "bridge"]),
            ("add a veth pair", ["ip", "link", "add", "lab0", "type", "veth", "peer", "name", "lab1"]),
            ("add an nftables table", ["nft", "add", "table", "ip", "lab"]),
            ("forward packets", ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])):
        done = subprocess.run([*namespaces, *command], capture_output=True, text=True, timeout=20, check=False)
        if done.returncode:
            reasons.append(f"cannot {what}: {done.stderr.strip()}")
    for hierarchy in cgroups.hierarchies():
        try:
            os.rmdir(tempfile.mkdtemp(prefix="lab-probe-", dir=hierarchy))
        except OSError as error:
            reasons.append(f"cannot make a cgroup in {hierarchy}: {error.strerror}")
    return reasons


def _which(tool):
    return shutil.which(tool, path="/usr/sbin:/usr/bin:/sbin:/bin")


def _static(path):
    """Whether an ELF file names no dynamic loader."""
    return path.exists() and b"/ld-linux" not in path.read_bytes()[:4096]

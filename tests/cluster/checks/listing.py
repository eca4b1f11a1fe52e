"""All that a cluster could leave on the machine, as a set of lines."""

import os
import subprocess
from pathlib import Path

from lab.cgroups import ROOT
from lab.plan import base_dir
from lab.process import start_time

SYSCTLS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward",
           "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "net/netfilter/nf_conntrack_max")


def leftovers():
    """Lines that name a mount, link, route, nftables table, cgroup, process, setting or file of interest."""
    lines = set()
    for command in (["ip", "-o", "link"], ["ip", "route"], ["nft", "list", "tables"], ["findmnt", "-rno", "TARGET"]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        lines |= {f"{command[0]} {line.split(' qdisc ')[0]}" for line in done.stdout.splitlines()}
    lines |= {f"cgroup {path}" for path in ROOT.glob("*/*/") if path.name.startswith(("lab-", "k8s", "kube"))}
    for folder in ("/var/lib", "/var/log", "/run", "/run/netns", "/usr/libexec", "/etc/cni", base_dir()):
        if os.access(folder, os.R_OK):
            lines |= {f"file {path}" for path in Path(folder).iterdir()}
    lines |= {f"sysctl {name} {Path('/proc/sys', name).read_text(encoding='utf-8').strip()}"
              for name in SYSCTLS if Path("/proc/sys", name).exists()}
    return lines | set(_processes())


def _processes():
    """Processes with a path of a cluster in their command line, or with a name of a cluster's programs."""
    names = {"containerd", "containerd-shim", "kubelet", "kube-proxy", "kube-apiserver", "etcd", "coredns", "kwok", "pause"}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            name = (folder / "comm").read_text(encoding="utf-8").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # A zombie only waits for the machine's process 1 to look at it.
        if start_time(int(folder.name)) is not None and (str(base_dir()) in command or name in names):
            yield f"process {folder.name} {name} {command[:150]}"

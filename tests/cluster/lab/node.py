"""A real node: a set of namespaces in which containerd, a kubelet and a kube-proxy run."""

import os
import shlex
import signal
import subprocess
from pathlib import Path

from . import cgroups, network, nodeconfig
from .errors import LabError
from .process import Process, tail
from .waiting import wait

INIT = Path(__file__).resolve().parent / "node-init"


class Node:
    """One real node of a cluster, and what a test does to it."""

    def __init__(self, plan, binaries, spec, number):
        self.name = spec.name
        self.spec = spec
        self.ip = plan.node_ip(number)
        self._plan = plan
        self._binaries = binaries
        self._number = number
        self._group = f"lab-{plan.name}/{spec.name}"
        self._process = Process(plan.home, f"node-{spec.name}")

    def create(self, numbers):
        """Write the node's files and boot it for the first time. `numbers` are those of all real nodes."""
        nodeconfig.write(self._plan, self._binaries, self.spec, self._number, numbers)
        self.start()

    def alive(self):
        """Whether the node is powered on."""
        return self._process.alive()

    def start(self):
        """Power on. The disk of a node that was killed is still there: same pods, new addresses."""
        cgroups.make(self._group)
        enter = "; ".join(f"echo $$ > {shlex.quote(str(file))}" for file in cgroups.procs_files(self._group))
        settings = self._plan.home / "nodes" / self.name / "settings"
        self._process.launch([
            "sh", "-c", f'set -e; {enter}; exec "$@"', "sh",
            "unshare", "--mount", "--uts", "--ipc", "--pid", "--net", "--cgroup", "--fork", "--kill-child=SIGKILL",
            "--propagation", "private", INIT, settings])
        network.plug(self._plan, self._number, wait(self.init_pid, 10, f"node {self.name} to have a process 1"))

    def kill(self):
        """Power off: all processes of the node end at once, nothing is told to the API server."""
        power_off(self._process)
        wait(lambda: not self.alive(), 20, f"node {self.name} to be gone", every=0.02)
        network.unplug(self._plan, self._number)
        cgroups.remove(self._group)

    def init_pid(self):
        """The host's number of the node's process 1, once it has namespaces of its own."""
        if not self.alive():
            raise LabError(f"node {self.name} does not run; its log ends with:\n{self.tail()}")
        return _init_of(self._process)

    def stop_kubelet(self):
        """Freeze the kubelet: the node turns NotReady, its containers run on."""
        self._signal("kubelet", signal.SIGSTOP)

    def cont_kubelet(self):
        """Let the kubelet go on."""
        self._signal("kubelet", signal.SIGCONT)

    def partition(self):
        """Pull the cable."""
        network.set_cable(self._plan, self._number, up=False)

    def heal(self):
        """Plug the cable in again."""
        network.set_cable(self._plan, self._number, up=True)

    def run(self, *command, timeout=60, check=True):
        """Run a command inside the node (as on its console); returns the CompletedProcess with text."""
        done = subprocess.run(["nsenter", "-t", str(self.init_pid()), "-a", *map(str, command)],
                              capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode:
            raise LabError(f"on node {self.name}: {' '.join(map(str, command))}: {done.stderr.strip()}")
        return done

    def import_images(self):
        """Import what is new in the cluster's image folder."""
        self.run("env", f"PATH={self._binaries}:/usr/sbin:/usr/bin:/sbin:/bin", INIT.with_name("node-images"),
                 self._plan.home / "images", timeout=300)

    def tail(self, lines=8):
        """Last lines of the node's logs."""
        logs = [self._process.log, *sorted((self._plan.home / "log" / self.name).glob("*.log"))]
        return "\n".join(tail(log, lines) for log in logs)

    def _signal(self, daemon, number):
        self.run("sh", "-c", f"kill -{int(number)} $(cat /run/{daemon}.pid)")


def power_off(process):
    """Kill a node by its outer process (named node-...); when that is gone, so is everything in the node.

    It is process 1 that gets the signal: the kernel then ends the pid namespace before process 1 is reaped by `unshare`.
    """
    os.kill(_init_of(process) or process.pid, signal.SIGKILL)


def _init_of(process):
    """The host's number of process 1, or None while `unshare` has not forked yet."""
    parent = Path(f"/proc/{process.pid}")
    children = (parent / f"task/{process.pid}/children").read_text(encoding="utf-8").split()
    is_unshare = (parent / "comm").read_text(encoding="utf-8").strip() == "unshare"
    return int(children[0]) if children and is_unshare else None

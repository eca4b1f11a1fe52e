"""Clusters come and go: nothing stays, two live side by side, the dead are swept, and it works without rights."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from lab import Cluster, registry
from lab.waiting import wait

from .base import Skip, expect
from .listing import leftovers

SCRIPT = Path(__file__).resolve().parent.parent / "cluster"


def the_second_build_returns_at_once():
    """With a bound that a build could never keep."""
    done = subprocess.run([SCRIPT.with_name("build")], capture_output=True, text=True, timeout=5, check=True)
    expect((Path(done.stdout.strip()) / "kubelet").exists(), True, "kubelet in the folder")


def down_leaves_nothing():
    """Up and down by the commands, with the listings before and after compared."""
    before = leftovers()
    if any(line.startswith("process") for line in before):
        raise Skip("another cluster runs on this machine")
    up = subprocess.run([SCRIPT, "up", "--name", "trace", "--nodes", "small"], capture_output=True, text=True,
                        timeout=300, check=False)
    expect(up.returncode, 0, up.stderr)
    expect(up.stdout.startswith("export KUBECONFIG="), True, up.stdout)
    during = leftovers()
    expect(any("trace" in line for line in during - before), True, "the listing sees a running cluster")
    subprocess.run([SCRIPT, "down", "--name", "trace"], capture_output=True, timeout=60, check=True)
    expect(sorted(leftovers() - before), [], "left behind")


def two_clusters_run_at_once():
    """With different names and indexes, each with its own nodes."""
    with Cluster.create(nodes="small") as one, Cluster.create(nodes="small") as two:
        expect(one.name == two.name or one.plan.index == two.plan.index, False, "names or indexes are the same")
        one.kubectl("create", "namespace", "only-in-one")
        expect(two.get("namespace", "only-in-one"), None, "the namespace in the other cluster")
        for cluster in (one, two):
            expect(len(cluster.get("nodes")["items"]), 2, f"nodes of {cluster.name}")


def the_sweep_removes_what_a_killed_test_left():
    """A process makes an owned cluster and is killed; a cluster without owner stays."""
    code = ("from lab import Cluster; c = Cluster.create('orphan', nodes=[], kwok_only=True, log=None); "
            "print('up', flush=True); import time; time.sleep(600)")
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=SCRIPT.parent,
                             env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    with child:
        expect(child.stdout.readline(), "up\n", "the child's word")
        expect(registry.dead("orphan"), None, "verdict while its owner lives")
        child.send_signal(signal.SIGKILL)
    wait(lambda: registry.dead("orphan"), 10, "the orphan to be recognised")
    subprocess.run([SCRIPT, "sweep"], capture_output=True, timeout=60, check=True)
    expect("orphan" in registry.names(), False, "the orphan is still there")


def the_fallback_has_kwok_nodes_and_a_control_plane():
    """--kwok-only: all on loopback; nodes of the real kind become objects that take pods."""
    with Cluster.create(nodes="default", kwok_only=True) as cluster:
        expect(cluster.full, False, "full")
        expect(cluster.kubeconfig.read_text(encoding="utf-8").count("https://127.0.0.1:"), 1, "server on loopback")
        cluster.kubectl("create", "deployment", "d", "--image=x", "--replicas=3")
        cluster.kubectl("rollout", "status", "deployment/d", "--timeout=60s", timeout=90)


def a_failed_start_says_why_and_leaves_nothing():
    """A flag that kube-apiserver does not know."""
    done = subprocess.run([SCRIPT, "up", "--name", "broken", "--kwok-only", "--apiserver-flag=--no-such-flag"],
                          capture_output=True, text=True, timeout=90, check=False)
    expect(done.returncode, 1, "exit code")
    expect("unknown flag: --no-such-flag" in done.stderr and "kube-apiserver.log" in done.stderr, True, done.stderr)
    expect("broken" in registry.names(), False, "the cluster is left")


# With no other cluster on the machine.
ALONE = [down_leaves_nothing]
CHECKS = [the_second_build_returns_at_once, two_clusters_run_at_once, the_sweep_removes_what_a_killed_test_left,
          the_fallback_has_kwok_nodes_and_a_control_plane, a_failed_start_says_why_and_leaves_nothing]

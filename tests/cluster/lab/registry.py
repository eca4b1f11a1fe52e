"""Which clusters exist on this machine: names, indexes, who owns them, and the removal of what a dead run left.

Each cluster has a folder with `cluster.json`. It is written before anything else is made, so that nothing of ours is ever
without a folder that tells of it.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
from pathlib import Path

from . import cgroups, network
from .errors import LabError
from .node import power_off
from .plan import MAX_INDEX, Plan, base_dir
from .process import Process, start_time
from .waiting import wait


def boot_id():
    """Tells whether the machine was started again since."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()


@contextlib.contextmanager
def lock():
    """One process at a time makes or removes folders of clusters."""
    base_dir().mkdir(parents=True, exist_ok=True)
    if base_dir().stat().st_uid != os.geteuid():
        raise LabError(f"{base_dir()} belongs to another user")
    with open(base_dir() / ".lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def claim(name, full, owned):
    """Take a name (free when None) and a free index; returns the Plan. An owned cluster dies with this process."""
    if name is not None and not re.fullmatch(r"[a-z][a-z0-9]{0,8}", name):
        raise LabError(f"cluster name {name!r}: a letter, then at most eight letters or digits, in lower case")
    sweep()
    with lock():
        taken = names()
        if name in taken:
            raise LabError(f"cluster {name} exists already (tests/cluster/cluster down --name {name})")
        indexes = {load(other)["index"] for other in taken}
        for index in range(MAX_INDEX):
            plan = Plan(name or f"lab{index}", index, full)
            if index not in indexes and plan.name not in taken and _free(plan):
                break
        else:
            raise LabError(f"no free index below {MAX_INDEX}: too many clusters")
        plan.home.mkdir(mode=0o711)
        save(plan.name, {"index": plan.index, "full": full, "boot": boot_id(), "phase": "starting", "nodes": [],
                         "starter": _myself(), "owner": _myself() if owned else None})
    return plan


def names():
    """All clusters that have a folder."""
    return sorted(path.parent.name for path in base_dir().glob("*/cluster.json"))


def load(name):
    """The state of a cluster."""
    try:
        return json.loads((base_dir() / name / "cluster.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(names()) or "none"
        raise LabError(f"no cluster {name!r} (there are: {known})") from None


def save(name, state):
    """Replace the state of a cluster."""
    path = base_dir() / name / "cluster.json"
    path.with_suffix(".new").write_text(json.dumps(state, indent=1), encoding="utf-8")
    path.with_suffix(".new").rename(path)


def update(name, **changes):
    """Change parts of the state of a cluster."""
    save(name, {**load(name), **changes})


def dead(name):
    """Why nobody can want this cluster any more; None when somebody may."""
    state = load(name)
    if state["boot"] != boot_id():
        return "the machine was started again"
    if state["phase"] != "up" and not _runs(state["starter"]):
        return f"its {state['phase']} was interrupted"
    if state["owner"] and not _runs(state["owner"]):
        return "the test that owned it is gone"
    if state["phase"] == "up" and not any(process.alive() for process in processes(name)):
        return "none of its processes runs"
    return None


def processes(name):
    """All programs of a cluster."""
    home = base_dir() / name
    return [Process(home, path.stem) for path in sorted((home / "run").glob("*.json"))]


def sweep():
    """Remove all dead clusters; returns pairs of name and reason."""
    with lock():
        found = [(name, dead(name)) for name in names()]
        for name, reason in found:
            if reason:
                _remove(name)
    return [(name, reason) for name, reason in found if reason]


def take_down(name):
    """Remove all of a cluster: processes, links, cgroups, files. What was started halfway is removed as well."""
    with lock():
        _remove(name)


def _remove(name):
    state = load(name)
    plan = Plan(name, state["index"], state["full"])
    if state["boot"] == boot_id():
        update(name, phase="removal", starter=_myself())
        running = [process for process in processes(name) if process.alive()]
        for process in running:
            if process.name.startswith("node-"):
                power_off(process)
            else:
                process.signal(signal.SIGKILL)
        wait(lambda: not any(process.alive() for process in running), 20, f"the processes of {name} to be gone", every=0.02)
        if plan.full:
            for number in range(len(state["nodes"])):
                network.unplug(plan, number)
            network.remove_bridge(plan)
            cgroups.remove(f"lab-{name}")
    shutil.rmtree(plan.home)


def _myself():
    return [os.getpid(), start_time(os.getpid())]


def _runs(identity):
    return start_time(identity[0]) == identity[1]


def _free(plan):
    """Whether nobody else on the machine has the plan's addresses or ports."""
    if plan.full and network.in_use(plan):
        return False
    for port in map(plan.port, (6443, 2379, 2380, 10257, 10259, 10247)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True

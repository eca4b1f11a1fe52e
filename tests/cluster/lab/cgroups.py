"""The cgroups of nodes: `lab-<cluster>/<node>` in every hierarchy (cgroup v1 or hybrid)."""

import os
from pathlib import Path

from .waiting import wait

ROOT = Path("/sys/fs/cgroup")


def hierarchies():
    """The mounted hierarchies; links such as cpu -> cpu,cpuacct name one twice and are left out."""
    return [path for path in sorted(ROOT.iterdir()) if path.is_dir() and not path.is_symlink()]


def unified_only():
    """Whether the machine has cgroup v2 alone."""
    return (ROOT / "cgroup.controllers").exists()


def make(group):
    """Make `group` in all hierarchies."""
    for hierarchy in hierarchies():
        path = hierarchy
        for part in group.split("/"):
            parent, path = path, path / part
            path.mkdir(exist_ok=True)
            for file in ("cpuset.cpus", "cpuset.mems"):  # empty at first, and then no process may enter
                if (path / file).exists():
                    (path / file).write_text((parent / file).read_text())


def procs_files(group):
    """The files into which a process writes its pid to enter `group`."""
    return [hierarchy / group / "cgroup.procs" for hierarchy in hierarchies()]


def remove(group):
    """Remove `group` and all below it. A killed process leaves its cgroup a moment after it is gone."""
    for hierarchy in hierarchies():
        top = hierarchy / group
        if top.exists():
            wait(lambda top=top: _remove_tree(top), 10, f"{top} to be empty", every=0.05)


def _remove_tree(top):
    for folder, _, _ in os.walk(top, topdown=False):
        os.rmdir(folder)
    return True

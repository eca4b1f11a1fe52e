"""Debian's prometheus: promtool for the rules, the server as the image of monitors."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab import images

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dm-operator/prometheus"


def program(name):
    """A program of PATH, else of Debian's package, unpacked beside our other downloads (installing it would start a server)."""
    if found := shutil.which(name):
        return Path(found)
    path = CACHE / "usr/bin" / name
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["apt-get", "download", "prometheus"], cwd=CACHE, check=False, capture_output=True, timeout=300).returncode:
            subprocess.run(["apt-get", "update"], check=True, capture_output=True, timeout=300)
            subprocess.run(["apt-get", "download", "prometheus"], cwd=CACHE, check=True, capture_output=True, timeout=300)
        subprocess.run(["dpkg", "-x", next(CACHE.glob("prometheus_*.deb")), CACHE], check=True, timeout=120)
    return path


def image(archive, reference, rootfs):
    """The server under the name of the image that a monitor asks for; `rootfs` lays out a program with its libraries."""
    root = archive.with_suffix(".root")
    subprocess.run([sys.executable, rootfs, root, program("prometheus")], check=True)
    (root / "prometheus").rename(root / "server")    # /prometheus is where its data are mounted
    return images.build(archive, reference, {"/": root}, entrypoint=["/server"])

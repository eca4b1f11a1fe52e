"""What the machine allows one user, where the nodes of several clusters together need more."""

from pathlib import Path

INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
# A node takes some ten (kubelet, containerd, kube-proxy), so that the usual 128 are used up by two clusters of five nodes: the
# kubelets of a third one do not start.
ENOUGH = 1024


def allow_watchers(say):
    """Raises the number of inotify instances a user may have, where it is lower; it stays so until the machine restarts."""
    found = int(INSTANCES.read_text(encoding="ascii"))
    if found >= ENOUGH:
        return
    try:
        INSTANCES.write_text(f"{ENOUGH}\n", encoding="ascii")
    except OSError as error:
        say(f"fs.inotify.max_user_instances stays at {found} ({error.strerror}): with more than two clusters nodes may not start")
    else:
        say(f"fs.inotify.max_user_instances raised from {found} to {ENOUGH}")

"""One long-running program of a cluster: started in its own session, logged to a file, found again by any process."""

import json
import os
import signal
import subprocess

from .errors import LabError
from .waiting import wait


def start_time(pid):
    """Clock ticks since boot at which `pid` started; None when it is gone.

    A pid alone is not an identity, it is used again. A pid with its start time is. A zombie is gone once it is alone:
    as long as other threads of it are ending, it still holds its ports.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, threads, started = fields[0], int(fields[17]), int(fields[19])
    return None if state in "ZX" and threads <= 1 else started


# Go collects its garbage half as often, in half as much memory more: small heaps that churn, and processors that are the bottleneck.
SPARING = {"GOGC": "250"}


class Process:
    """A program of the cluster in `home`; its arguments, pid and start time are kept in `run/<name>.json`."""

    def __init__(self, home, name):
        self.name = name
        self.record = home / "run" / f"{name}.json"
        self.log = home / "log" / f"{name}.log"

    def launch(self, argv, env=None):
        """Start `argv`. Its output is appended to the log."""
        self._save({"argv": [str(arg) for arg in argv], "env": env or {}})
        self.start()

    def start(self):
        """Start the program again with the arguments that it was launched with."""
        if self.alive():
            raise LabError(f"{self.name} runs already")
        saved = self._load()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            child = subprocess.Popen(
                saved["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**SPARING, **os.environ, **saved["env"]})
        child.returncode = 0  # we look at /proc and reap below; keeps Popen from warning about a running child
        self._save({**saved, "pid": child.pid, "started": start_time(child.pid)})

    @property
    def pid(self):
        """The pid, or None when the program does not run."""
        saved = self._load()
        pid = saved.get("pid")
        if pid is None:
            return None
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass  # started by another process
        return pid if start_time(pid) == saved["started"] else None

    def alive(self):
        """Whether the program runs."""
        return self.record.exists() and self.pid is not None

    def stop(self):
        """Freeze it (SIGSTOP): it keeps its sockets and answers nobody."""
        self.signal(signal.SIGSTOP)

    def cont(self):
        """Let a frozen program go on (SIGCONT)."""
        self.signal(signal.SIGCONT)

    def kill(self):
        """Kill it (SIGKILL) and wait until it is gone. Nothing happens when it does not run."""
        if self.alive():
            self.signal(signal.SIGKILL)
            wait(lambda: not self.alive(), 10, f"{self.name} to be gone", every=0.02)

    def terminate(self, timeout=30):
        """Ask it to end (SIGTERM) and wait until it has."""
        self.signal(signal.SIGTERM)
        wait(lambda: not self.alive(), timeout, f"{self.name} to end")

    def signal(self, number):
        """Send a signal."""
        pid = self.pid
        if pid is None:
            raise LabError(f"{self.name} does not run; its log ends with:\n{self.tail()}")
        os.kill(pid, number)

    def restart(self):
        """Kill and start."""
        self.kill()
        self.start()

    def change(self, *flags):
        """Add flags for the next start."""
        saved = self._load()
        self._save({**saved, "argv": saved["argv"] + list(flags)})

    def tail(self, lines=15):
        """The path of the log and its last lines, for messages."""
        return tail(self.log, lines)

    def _load(self):
        return json.loads(self.record.read_text(encoding="utf-8")) if self.record.exists() else {}

    def _save(self, data):
        self.record.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.record.with_suffix(".new")
        temporary.write_text(json.dumps(data), encoding="utf-8")
        temporary.rename(self.record)


def tail(path, lines=15):
    """The path of a log and its last lines."""
    try:
        last = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        last = ["(no log)"]
    return "\n".join([f"--- {path}", *("    " + line[:300] for line in last)])

"""What nodes a cluster has, as data: JSON files in `nodes/` or of your own.

A file holds a list of objects with the fields of NodeSpec. `count: 50` makes fifty nodes name-1 … name-50 of one entry.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from .errors import LabError
from .plan import MAX_REAL_NODES

PRESETS = Path(__file__).resolve().parent.parent / "nodes"


@dataclass(frozen=True)
class NodeSpec:
    """One node. A real one runs a kubelet and pods; a kwok one is an object whose pods only look as if they ran."""

    name: str
    kind: str = "real"
    os: str = "Debian GNU/Linux 12 (bookworm)"
    kernel: str = "6.1.0-25-amd64"
    arch: str = "amd64"
    cpu: int = 8
    memory: str = "32Gi"
    labels: dict = field(default_factory=dict)
    taints: list = field(default_factory=list)

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?", self.name):
            raise LabError(f"node name {self.name!r}: lower case letters, digits and '-' only")
        if self.kind not in ("real", "kwok"):
            raise LabError(f"node {self.name}: kind is 'real' or 'kwok', not {self.kind!r}")
        if not re.fullmatch(r"[0-9]+[KMGT]i", self.memory):
            raise LabError(f"node {self.name}: memory like '64Gi', not {self.memory!r}")

    @property
    def memory_kib(self):
        """Memory in KiB."""
        return int(self.memory[:-2]) * 1024 ** "KMGT".index(self.memory[-2])


def load(which):
    """The nodes of a preset's name, of a file's path, or of a list of dicts."""
    entries = which if isinstance(which, list) else _read(which)
    specs = [spec for entry in entries for spec in _expand(entry)]
    names = [spec.name for spec in specs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise LabError(f"node names must differ: {', '.join(sorted(twice))}")
    if sum(spec.kind == "real" for spec in specs) > MAX_REAL_NODES:
        raise LabError(f"more than {MAX_REAL_NODES} real nodes")
    return specs


def presets():
    """Names of the files in `nodes/`."""
    return sorted(path.stem for path in PRESETS.glob("*.json"))


def _read(which):
    path = PRESETS / f"{which}.json"
    if not path.exists():
        path = Path(which)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError(f"no node file {which!r}; presets: {', '.join(presets())}") from None
    except json.JSONDecodeError as error:
        raise LabError(f"{path}: {error}") from None


def _expand(entry):
    entry = dict(entry)
    count = entry.pop("count", None)
    try:
        if count is None:
            return [NodeSpec(**entry)]
        return [NodeSpec(**{**entry, "name": f"{entry['name']}-{number}"}) for number in range(1, count + 1)]
    except (TypeError, KeyError) as error:
        raise LabError(f"node entry {entry}: {error}") from None

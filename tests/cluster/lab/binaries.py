"""The programs of the cluster, made once by the script `build`."""

import subprocess
from pathlib import Path

from .errors import LabError

SCRIPT = Path(__file__).resolve().parent.parent / "build"


def ensure(log):
    """Build what is missing (minutes, once) and return the folder of the binaries."""
    done = subprocess.run([SCRIPT], stdout=subprocess.PIPE, stderr=log, text=True, check=False)
    if done.returncode:
        raise LabError("the binaries could not be built; see above")
    return Path(done.stdout.strip())

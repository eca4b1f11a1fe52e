#!/usr/bin/env python3
"""Lays out the image's root: programs, the shared libraries that they load, their licences, and nothing else.

usage: rootfs.py TARGET PROGRAM...

No shell, no package manager. The libraries are the build machine's Debian packages; their names and versions go into
/usr/share/doc/packages.json (what an SBOM scanner, or a person after a security notice, wants to know).
"""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path


def run(*command: str) -> str:
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def needed(program: Path) -> set[str]:
    """Paths of the shared libraries (and the loader) that the program loads, as the loader finds them."""
    found = set()
    for line in run("ldd", str(program)).splitlines():
        if "not found" in line:
            raise SystemExit(f"{program}: {line.strip()}")
        match = re.search(r"(/\S+) \(0x", line)
        if match:
            found.add(match.group(1))
    return found


def package_of(library: str) -> str | None:
    """The Debian package that brought a library; merged /usr means that either spelling may be the recorded one."""
    real = os.path.realpath(library)
    for path in (real, real.removeprefix("/usr"), library, library.removeprefix("/usr")):
        answer = subprocess.run(["dpkg-query", "-S", path], text=True, capture_output=True)
        if answer.returncode == 0:
            return answer.stdout.split(":")[0]
    return None


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    target, programs = Path(sys.argv[1]), [Path(p) for p in sys.argv[2:]]
    if target.exists():
        shutil.rmtree(target)
    for folder in ("etc", "usr/lib", "usr/share/doc", "tmp"):
        (target / folder).mkdir(parents=True)
    for link in ("lib", "lib64"):
        (target / link).symlink_to("usr/lib")
    (target / "tmp").chmod(0o1777)
    (target / "etc/passwd").write_text("root:x:0:0:root:/:/nologin\nnonroot:x:65532:65532:nonroot:/:/nologin\n")
    (target / "etc/group").write_text("root:x:0:\nnonroot:x:65532:\n")
    (target / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")

    libraries: set[str] = set()
    for program in programs:
        libraries |= needed(program)
        placed = target / program.name
        subprocess.run(["strip", "-o", str(placed), str(program)], check=True)
        placed.chmod(0o755)
    packages: dict[str, str] = {}
    for library in sorted(libraries):
        # /lib is /usr/lib here, so both spellings land in one place; the loader keeps its absolute path.
        relative = library.lstrip("/").removeprefix("usr/")
        relative = "usr/lib/" + relative.removeprefix("lib64/").removeprefix("lib/")
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(os.path.realpath(library), target / relative)
        (target / relative).chmod(0o755)
        name = package_of(library)
        if name is None:
            raise SystemExit(f"{library}: of no Debian package; its licence is unknown")
        packages[name] = run("dpkg-query", "-W", "-f", "${Version}", name).strip()
    for name in packages:
        licence = Path("/usr/share/doc") / name / "copyright"
        if licence.exists():
            (target / "usr/share/doc" / name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(licence, target / "usr/share/doc" / name / "copyright")
    listing = [{"name": name, "version": version} for name, version in sorted(packages.items())]
    (target / "usr/share/doc/packages.json").write_text(json.dumps(listing, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What the house rules can be checked by a machine: include arrows, file sizes, things the design rules out.

Prints one line a fault (file:line: what and what to do) and exits 1 if there is any.
"""
import re
import subprocess
import sys
from pathlib import Path

import docs

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 500

# room -> rooms it may include. The longest matching prefix of a path is its room.
ARROWS = {
    "base": set(),
    "kube/api": {"base"},
    "net": {"base"},
    "kube": {"base", "net", "kube/api"},
    "dm": {"base", "kube/api"},
    "dm/desired": {"base", "kube/api", "dm"},
    "dm/requirements": {"base", "kube/api", "dm", "dm/desired"},
    "app": {"base", "net", "kube", "kube/api", "dm", "dm/desired", "dm/requirements"},
}
for program in ("operator", "webhook", "cli"):
    ARROWS[program] = ARROWS["app"] | {"app"}

FORBIDDEN = [
    (re.compile(r"http_listener"), "cpprestsdk's listener must not face a network: use net/http_server.h"),
    (re.compile(r"YAML::Load"), "YAML::Load* may never end: use base/yaml.h"),
    (re.compile(r"\.detach\(\)"), "no detached threads: use std::jthread with a stop_token"),
    (re.compile(r"extract_string\("), "reads past an empty body: use extract_vector()"),
    (re.compile(r"std::regex"), "std::regex recurses on input: parse by hand"),
    (re.compile(r"\bsleep_for\b"), "a sleep where a wait belongs: wait on a condition or a Clock"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "finish it or file it"),
    (re.compile(r"\bGTEST_SKIP\b|\bDISABLED_"), "a skipped test that nobody sees"),
]


def room_of(path: str) -> str | None:
    """The room a path lies in; test support (testing/) belongs to nobody's product code."""
    if "/testing/" in path:
        return None
    for room in sorted(ARROWS, key=len, reverse=True):
        if path.startswith(room + "/"):
            return room
    return None


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.cc", "*.h"], cwd=ROOT, text=True,
                            capture_output=True, check=True).stdout.split()
    faults = []
    for name in sorted(set(listed)):
        path = ROOT / name
        if not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            faults.append(f"{name}:1: {len(lines)} lines, at most {MAX_LINES}: two things, most likely; split it")
        room, is_test = room_of(name), name.endswith("_test.cc")
        for number, line in enumerate(lines, 1):
            include = re.match(r'\s*#include "([^"]+)"', line)
            if include and room:
                target = room_of(include.group(1))
                if target and target != room and target not in ARROWS[room] and not is_test:
                    faults.append(f"{name}:{number}: {room} must not include {target} (docs/architecture.md)")
            for pattern, why in FORBIDDEN:
                if pattern.search(line):
                    faults.append(f"{name}:{number}: {why}")
    faults += docs.check()
    for fault in faults:
        print(fault)
    print(f"lint: {len(listed)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

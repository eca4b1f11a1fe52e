#!/usr/bin/env python3
"""Pages that name things of the code name things that exist, and all of them.

- docs/operations.md has every reason of a condition or event, and every metric, that the programs' sources have.
- docs/side-by-side.md names only tests that the tree has.
- docs/runbooks.md has an anchor for every alert of dm/desired/alerts.cc and of examples/alerts, and none for any other.

Prints one line a fault and exits 1 if there is any; `./dev lint` runs it.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("app", "kube", "operator", "webhook")

# How the sources state a reason: each pattern's group is the reason, read over line ends.
REASONS = [
    re.compile(r'\bWaitFor\(\s*[^",;]+?,\s*"([A-Z]\w+)"'),
    re.compile(r'\bWaitFor\(\s*[^;]*?\?\s*"([A-Z]\w+)"\s*:\s*"[A-Z]\w+"'),
    re.compile(r'\bWaitFor\(\s*[^;]*?\?\s*"[A-Z]\w+"\s*:\s*"([A-Z]\w+)"'),
    re.compile(r'\bSay\(\s*"[A-Z]\w+",\s*(?:true|false),\s*"([A-Z]\w+)"'),
    re.compile(r'\bMake\(\s*"[A-Z]\w+",\s*"\w+",\s*"([A-Z]\w+)"'),
    re.compile(r'\b(?:no|yes)\(\s*(?:at_risk \? )?"([A-Z]\w+)"'),
    re.compile(r'\b(?:no|yes)\(\s*at_risk \? "[A-Z]\w+" : "([A-Z]\w+)"'),
    re.compile(r'\bwaits\.push_back\(\{[^"}]*"([A-Z]\w+)"'),
    re.compile(r'\bTell\(\s*[^",;]+?,\s*"([A-Z]\w+)"'),
    re.compile(r'\bEmit\{\s*(?:true|false),\s*(?:[^";]*\? )?"([A-Z]\w+)"'),
    re.compile(r'\bEmit\{\s*(?:true|false),\s*[^";]*\? "[A-Z]\w+" : "([A-Z]\w+)"'),
    re.compile(r'\bemit\([^;]*?\b(?:true|false),\s*"([A-Z]\w+)"'),
    re.compile(r'\{(?:true|false), (?:[^{}"]*"[A-Z]\w+" \? )?"([A-Z]\w+)"(?:,| :)'),
    re.compile(r'\{(?:true|false), [^{}"]*"[A-Z]\w+" \? "[A-Z]\w+" : "([A-Z]\w+)"'),
]
# In operator/certificates an obstacle's first word, and what a standing says.
CERTIFICATE_REASONS = [re.compile(r'(?:return |obstacle = |Blocked\(|optional<Obstacle>\()\{"([A-Z]\w+)",'), re.compile(r'\.reason = (?:[^";]*\? )?"([A-Z]\w+)"'),
                       re.compile(r'\.reason = [^";]*\? "[A-Z]\w+" : "([A-Z]\w+)"')]
METRIC = re.compile(r'"((?:dm|process|rest_client|workqueue|controller_runtime|leader_election|certwatcher)_[a-z0-9_]+)"')
ALERT = re.compile(r'^\s*\{"(DM_\w+)",', re.M)


def sources(*rooms: str) -> dict[str, str]:
    """Text of the product's sources by name; tests and test support are none."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *(f"{room}/*.{ext}" for room in rooms for ext in ("cc", "h"))],
                            cwd=ROOT, text=True, capture_output=True, check=True).stdout.split()
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in sorted(set(listed))
            if not name.endswith("_test.cc") and "/testing/" not in name and (ROOT / name).is_file()}


def page(name: str) -> str:
    path = ROOT / "docs" / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def reasons() -> dict[str, str]:
    """Where each reason stands."""
    found = {}
    for name, text in sources("operator").items():
        for pattern in REASONS + (CERTIFICATE_REASONS if "/certificates/" in name else []):
            for match in pattern.finditer(text):
                found.setdefault(match.group(1), f"{name}:{text.count(chr(10), 0, match.start()) + 1}")
    return found


def metrics() -> dict[str, str]:
    found = {}
    for name, text in sources(*PROGRAMS).items():
        for match in METRIC.finditer(text):
            # Jobs, labels and series of DM itself are none of ours: those that are registered are.
            before = text[max(0, match.start() - 200):match.start()]
            if re.search(r'Add(?:Counter|Gauge|Histogram)\([^;]*$', before) or re.search(r'k\w*Name\w* =\s*$|name = $', before):
                found.setdefault(match.group(1), f"{name}:{text.count(chr(10), 0, match.start()) + 1}")
    return found


def check_operations() -> list[str]:
    text, faults = page("operations.md"), []
    rows = set(re.findall(r'^\| (?:True|False|Unknown|Normal|Warning) \| `(\w+)` \|', text, re.M))
    known = reasons()
    for reason, where in sorted(known.items()):
        if reason not in rows:
            faults.append(f"{where}: the reason {reason} is not in docs/operations.md: add its row to cli/reason_rows.h, then "
                          "UPDATE_GOLDEN=1 ctest -R Reasons")
    for reason in sorted(rows - set(known) - {"RuleName"}):
        faults.append(f"docs/operations.md: nothing in operator/ states the reason {reason}: remove it from cli/reason_rows.h")
    listed, made = set(re.findall(r'^\| `([a-z_0-9]+)` \|', text, re.M)), metrics()
    for name, where in sorted(made.items()):
        if name not in listed:
            faults.append(f"{where}: the metric {name} is not in docs/operations.md")
    for name in sorted(listed - set(made)):
        faults.append(f"docs/operations.md: no program has the metric {name}")
    if len(known) < 40 or len(made) < 30:
        faults.append(f"scripts/docs.py: finds only {len(known)} reasons and {len(made)} metrics in the sources: its patterns are out of date")
    return faults


def tests() -> set[str]:
    """Suite.Name of every C++ test, file::name of every Python test."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*_test.cc", "*/test_*.py"], cwd=ROOT, text=True,
                            capture_output=True, check=True).stdout.split()
    found = set()
    for name in set(listed):
        if not (ROOT / name).is_file():
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        if name.endswith(".py"):
            found |= {f"{Path(name).name}::{test}" for test in re.findall(r'^def (test_\w+)\(', text, re.M)}
        else:
            found |= {f"{suite}.{test}" for suite, test in re.findall(r'^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)', text, re.M)}
    return found


def check_side_by_side() -> list[str]:
    text, have = page("side-by-side.md"), tests()
    named = re.findall(r'`([A-Z]\w+\.[A-Z]\w+|test_\w+\.py::test_\w+)`', text)
    if len(named) < 40:
        return [f"docs/side-by-side.md: names {len(named)} tests: it should show each row by one"]
    return [f"docs/side-by-side.md: there is no test {test}" for test in sorted(set(named) - have)]


def check_runbooks() -> list[str]:
    alerts = ALERT.findall((ROOT / "dm/desired/alerts.cc").read_text(encoding="utf-8"))
    for path in sorted((ROOT / "examples/alerts").glob("*.yml")):
        alerts += re.findall(r'^ *- alert: (DM_\w+)$', path.read_text(encoding="utf-8"), re.M)
    headings = re.findall(r'^## (DM_\w+)$', page("runbooks.md"), re.M)
    faults = [f"docs/runbooks.md: has nothing on the alert {name}: add a heading '## {name}'" for name in alerts if name not in headings]
    faults += [f"docs/runbooks.md: there is no alert {name}" for name in headings if name not in alerts]
    if len(alerts) < 10:
        faults.append("scripts/docs.py: finds no alerts in dm/desired/alerts.cc: its pattern is out of date")
    return faults


def check() -> list[str]:
    return check_operations() + check_side_by_side() + check_runbooks()


def main() -> int:
    faults = check()
    for fault in faults:
        print(fault)
    print(f"docs: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

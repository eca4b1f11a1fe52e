#!/usr/bin/env python3
"""Run the C++ tests of a build, many to a process: a process for each, as ctest has it, costs more than most tests.

usage: scripts/unit_tests.py BUILD_DIR [LABEL_REGEX]     the last line is "N passed, N failed, N skipped"

A test that fails, or is not reached since another took the process down, is run again in a process of its own, at most twice;
one that passes then is named. Exits with 1 when a test failed or none ran.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

BATCH = 20        # tests to a process: few enough to keep every core busy to the end
TRIES = 3         # of a test, in all
TIMEOUT = 600     # seconds, of a process


class Test:
    """One test of gtest, as ctest lists it."""

    def __init__(self, entry):
        properties = {p["name"]: p["value"] for p in entry["properties"]}
        self.name = entry["name"].split("  # GetParam")[0]
        self.program, *arguments = entry["command"]
        self.filter = next(a.split("=", 1)[1] for a in arguments if a.startswith("--gtest_filter="))
        self.labels = properties.get("LABELS", [])
        self.folder = properties.get("WORKING_DIRECTORY", ".")
        self.environment = dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", []))


def listed(build, label):
    """Every test of the build whose label matches."""
    text = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True, text=True).stdout
    entries = json.loads(text)["tests"]
    missing = [entry["name"] for entry in entries if entry["name"].endswith("_NOT_BUILT")]
    if missing and not label:
        raise SystemExit(f"not built: {', '.join(missing)}")
    tests = [Test(entry) for entry in entries if entry["name"] not in missing]
    return [t for t in tests if not label or any(re.search(label, one) for one in t.labels)]


def run(tests):
    """Run tests of one program in one process: ({name: outcome}, what it printed). A test that was not reached has no outcome."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        command = [tests[0].program, "--gtest_filter=" + ":".join(t.filter for t in tests), f"--gtest_output=xml:{results}",
                   "--gtest_also_run_disabled_tests", "--gtest_brief=1"]
        try:
            done = subprocess.run(command, cwd=tests[0].folder, env={**os.environ, **tests[0].environment}, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", timeout=TIMEOUT, check=False)
            status, said = done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            status, said = "timeout", (late.stdout or b"").decode(errors="replace") + f"\nno end after {TIMEOUT} s\n"
        found = {}
        if results.is_file():
            for case in ET.parse(results).getroot().iter("testcase"):
                found[f"{case.get('classname')}.{case.get('name')}"] = (
                    "failed" if case.find("failure") is not None else "skipped" if case.get("result") == "skipped" else "passed")
        outcomes = {t.name: found[t.filter] for t in tests if t.filter in found}
    if status and "failed" not in outcomes.values():
        return {}, f"{said}\nexit status {status}\n"     # a crash, or a leak that is found at the end: nobody knows whose it is
    return outcomes, said


def batches(tests):
    by_program = {}
    for test in tests:
        by_program.setdefault(test.program, []).append(test)
    return [many[i:i + BATCH] for many in by_program.values() for i in range(0, len(many), BATCH)]


def main():
    build, label = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    tests = listed(build, label)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    again, done, begin = [], 0, time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(run, batch): batch for batch in batches(tests)}
        for future in as_completed(running):
            batch = running[future]
            outcomes, said = future.result()
            again += [(t, said) for t in batch if outcomes.get(t.name, "failed") == "failed"]
            for outcome in outcomes.values():
                counts[outcome] += outcome != "failed"
            done += len(batch)
            print(f"[{done}/{len(tests)}] {time.monotonic() - begin:.0f} s  {Path(batch[0].program).name}", flush=True)
    for test, first in again:
        said, outcome = first, "failed"
        for turn in range(2, TRIES + 1):
            outcomes, said = run([test])
            outcome = outcomes.get(test.name, "failed")
            if outcome != "failed":
                print(f"{outcome} at try {turn}: {test.name}; at first:\n{first[-4000:]}", flush=True)
                break
        counts[outcome] += 1
        if outcome == "failed":
            print(f"{said[-8000:]}\nfailed {TRIES} times: {test.name}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())

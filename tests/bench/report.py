#!/usr/bin/env python3
"""Google Benchmark's JSON on standard input, a Markdown table on standard output.

Times are CPU time, the median of the repetitions: a machine that does other work besides does not change what is measured
much. Exits 1 when a benchmark failed or a target is missed.
"""
import json
import sys

# name -> (what was measured, target in the unit of the value; None: no target, counter; None: CPU time in ms)
ROWS = {
    "BM_ViewMemory": [("memory of the view with its store, heap", 30, "heap_MB"), ("the same, resident", 30, "rss_MB")],
    "BM_NodeUpdate": [("a node changes: parsed, stored, judged, a new view", 1, None)],
    "BM_PolicyChange": [("the policy changes: all nodes judged anew", None, None)],
    "BM_PodMemory": [("what 100,000 pods reserve, where the policy measures what is free", 30, "heap_MB")],
    "BM_PodUpdate": [("a pod is resized: read, sums, in the view", 5, None)],
    "BM_EvaluateFree": [("Evaluate on what is free", 2, None)],
    "BM_Evaluate": [("Evaluate, 3 masters + 50 workers + monitor, anywhere", 1, None)],
    "BM_EvaluateSelector": [("the same with a node selector", 1, None)],
    "BM_EvaluateAffinity": [("with required node affinity and a toleration", 1, None)],
    "BM_EvaluateSpread": [("with a hard spread over zones", 1, None)],
    "BM_EvaluateSpreadUnlike": [("the same where no two nodes have as much memory", None, None)],
    "BM_EvaluateSpreadHosts": [("with a hard spread over hosts", 1, None)],
    "BM_EvaluateMastersApart": [("with masters that must be in zones of their own", 1, None)],
    "BM_EvaluateWorkersApart": [("with workers that must be, and are too many", 1, None)],
    "BM_EvaluateTooLarge": [("with pods that fit no node", 1, None)],
    "BM_EvaluateShared": [("with 600 workers that must share nodes (packing is tried)", None, None)],
    "BM_ReviewUpdate": [("a whole update at admission: both specs rendered and judged", None, None)],
    "BM_JudgeAllClusters": [("continuous checking of 200 clusters after a change", None, None)],
}


def median(values: list[float]) -> float:
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def main() -> int:
    data = json.load(sys.stdin)
    runs: dict[str, list[dict]] = {}
    failed = False
    for entry in data["benchmarks"]:
        if entry.get("run_type") == "aggregate":
            continue
        if entry.get("error_occurred"):
            print(f"{entry['name']}: {entry.get('error_message')}", file=sys.stderr)
            failed = True
            continue
        runs.setdefault(entry["name"].split("/")[0], []).append(entry)
    context = data["context"]
    load = ", ".join(f"{one:.1f}" for one in context.get("load_avg", []))
    print(f"{context['num_cpus']} CPUs of {context['mhz_per_cpu']} MHz, load {load}\n")
    print("| what | median | target |\n|---|---|---|")
    scale = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
    for name, rows in ROWS.items():
        for what, target, counter in rows:
            if name not in runs:
                continue
            if counter:
                value, unit = median([run[counter] for run in runs[name]]), "MB"
            else:
                value, unit = median([run["cpu_time"] * scale[run["time_unit"]] for run in runs[name]]), "ms"
            missed = target is not None and value >= target
            failed = failed or missed
            goal = "" if target is None else f"< {target} {unit}" + (" **missed**" if missed else "")
            print(f"| {what} | {value:.3g} {unit} | {goal} |")
    return 1 if failed or not runs else 0


if __name__ == "__main__":
    sys.exit(main())

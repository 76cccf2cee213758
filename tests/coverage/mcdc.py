#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Modified condition/decision coverage of hv/ by the unit tests of core, personality and guest processor, which
clang 19 counts: each condition of a decision shown to change its outcome alone. The files that decide
on access must be covered whole.

The report is build/coverage/mcdc.txt."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import run

REPORT = run.OUT / "mcdc.txt"
WHOLE = ["hv/core/policy.c"]  # who may do what to whom: nothing else decides
KINDS = {"core": "core", "xen": "xen", "x86": "guest"}  # unit tests that share their objects, and their names
LEFT_OUT = {"core_growth"}  # counts basic blocks itself


def programs(kind):
    """Those of tests/unit/KIND, by the names of their sources."""
    sources = sorted((run.ROOT / "tests" / "unit" / kind).glob("test_*.c"))
    names = [f"{KINDS[kind]}_{path.stem[len('test_'):]}" for path in sources]
    return [f"build/unit/{name}" for name in names if name not in LEFT_OUT]


def count(tree, kind):
    """By path: (combinations shown, all), and the text that shows the others."""
    built = programs(kind)
    subprocess.run(["make", "-s", f"CC={tree}/tests/coverage/cc-mcdc", *built], cwd=tree, check=True)
    for program in built:
        profile = {**os.environ, "LLVM_PROFILE_FILE": f"{tree}/{program}.profraw"}
        subprocess.run([tree / program], cwd=tree, env=profile, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    data = tree / f"{kind}.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-o", data, *(f"{program}.profraw" for program in built)], cwd=tree,
                   check=True)
    objects = [built[0], *(word for program in built[1:] for word in ("-object", program))]
    report = subprocess.run(["llvm-cov-19", "export", "-summary-only", "-instr-profile", data, *objects], cwd=tree,
                            check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = {}
    for file in json.loads(report.stdout)["data"][0]["files"]:
        summary = file["summary"]["mcdc"]
        path = str(Path(file["filename"]).relative_to(tree))
        if summary["count"] and path.startswith("hv/"):
            found[path] = (summary["covered"], summary["count"])
    return found


def best(counts):
    """Each file from the set of tests that shows most of it."""
    merged = {}
    for found in counts:
        for path, (covered, there) in found.items():
            known = merged.get(path, (0, 1))
            if covered / there >= known[0] / known[1]:
                merged[path] = (covered, there)
    return merged


def main():
    tree = run.OUT / "mcdc-tree"
    shutil.rmtree(tree, ignore_errors=True)
    run.copy_tree(tree)
    files = best(count(tree, kind) for kind in KINDS)
    with open(REPORT, "w", encoding="utf-8") as out:
        for path, (covered, there) in sorted(files.items()):
            print(f"{path:48} {covered:4} of {there:4}", file=out)
    covered, there = (sum(column) for column in zip(*files.values()))
    whole = [path for path in WHOLE if path in files and files[path][0] == files[path][1]]
    print(f"coverage.mcdc\t{100 * covered / there:.1f}\t%\ncoverage.mcdc_whole\t{len(whole)}\tfiles")
    print(f"mcdc: {len(whole)} passed, {len(WHOLE) - len(whole)} failed")
    return 0 if len(whole) == len(WHOLE) else 1


if __name__ == "__main__":
    sys.exit(main())

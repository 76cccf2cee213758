#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The long tests of the promises, one stage after the other, and at the end a table of what each
has measured. A stage is a command; what counts of its output are the lines `NAME<TAB>VALUE<TAB>UNIT`
and `figure: NAME VALUE UNIT`, and its status.

    assure.py [--continue] [STAGE...]      all, if none is named

--continue: a stage that was good on this commit, with nothing changed in the tree, is not run again but joins
the table with what it measured then (build/assure/STAGE.json)."""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "logs"
KEPT = ROOT / "build" / "assure"
PYTHON = sys.executable
FIGURE = re.compile(r"^(?:([\w.@=/-]+)\t(-?[\d.]+)\t([^\t\n]+)|.*\bfigure: (\S+) (\S+) (\S+))$")


def make(*goals):
    return [os.environ.get("MAKE", "make"), "-s", "--no-print-directory", "CONFIG=default", *goals]


# By stage: what prints the figures of it that stand in `make figures` too (tools/figures.py).
FIGURES = {
    "trace": [PYTHON, "tests/safety/trace.py", "--figures"],
    "models": [PYTHON, "tests/models/run.py", "--figures"],
    "proof": [PYTHON, "tests/proof/run.py", "build/default/include/generated/autoconf.h", "--figures"],
    "faults": make("faults"),
    "fuzz": make("fuzz-figures"),
    "misra": [PYTHON, "tests/static/misra.py", "build/default", "--figures"],
    "stack": [PYTHON, "tests/static/stack.py", "build/default/skerry-hv64.elf", "--figures"],
    "audit": make("audit-figures"),
    "hostile": [PYTHON, "tests/guest/hostile.py", "--calls", "200000", "--seconds", "300"],
    "mcdc": [PYTHON, "tests/coverage/mcdc.py"],
    "coverage": [PYTHON, "tests/coverage/run.py", "--figures"],
}

# What takes longer instead of it, or before it.
STAGES = {
    "build": make("hv", "tool", "guests", "services", "audit-offsets"),
    "lint": make("lint"),
    "fuzz-search": make("fuzz", "TIME=300"),
    "fuzz-planted": make("fuzz-planted"),
    **FIGURES,
    "guests": [PYTHON, "tests/guest/run.py", "scrub", "silo", "event_matrix", "grant_matrix", "entry_fields"],
    "audit": [PYTHON, "tests/audit/run.py", "--samples", "100000", "--xen", "--mutants"],
    "hostile": [PYTHON, "tests/guest/hostile.py", "--calls", "10000000"],
    "coverage": make("coverage"),
}


def tree_name():
    """The commit, of 40 digits; with a mark behind it if the tree differs from it."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def kept(name, tree):
    """What the stage measured when it was good on this very tree, or None."""
    path = KEPT / f"{name}.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    return result if result.get("good") and result["tree"] == tree and "dirty" not in tree else None


def execute(name, command):
    """Shows and keeps the stage's output; returns (its status, figures)."""
    figures = []
    with open(LOGS / f"assure-{name}.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=ROOT, text=True, errors="replace", stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        for line in process.stdout:
            sys.stdout.write(line)
            log.write(line)
            match = FIGURE.match(line)
            if match:
                figures.append([word for word in match.groups() if word])
    return process.wait(), figures


def run(name, command):
    """Its result, which is kept for --continue too, unless the tree has changed meanwhile."""
    print(f"--- {name}", flush=True)
    tree, start = tree_name(), time.monotonic()
    status, figures = execute(name, command)
    result = {"tree": tree, "good": status == 0, "seconds": round(time.monotonic() - start), "figures": figures}
    if tree_name() == tree:
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / f"{name}.json").write_text(json.dumps(result))
    print(f"--- {name}: {'good' if result['good'] else 'FAILED'}, {result['seconds']} s", flush=True)
    return result


def table(results):
    print(f"\nwhat was measured, on {tree_name()}")
    for name, result in results.items():
        print(f"{name:12} {'good' if result['good'] else 'FAILED':6} {result['seconds']:32} s")
        for figure, value, unit in result["figures"]:
            print(f"             {figure:28} {value:>14} {unit}")


def main():
    parser = argparse.ArgumentParser(description="The long tests of the promises.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=" ".join(STAGES))
    parser.add_argument("--continue", action="store_true", dest="go_on", help="without what was good on this commit")
    options = parser.parse_args()
    names = options.stages or list(STAGES)
    unknown = set(names) - set(STAGES)
    if unknown:
        parser.error(f"no such stage: {' '.join(sorted(unknown))}; there are {' '.join(STAGES)}")
    LOGS.mkdir(parents=True, exist_ok=True)
    tree = tree_name()
    results = {name: (kept(name, tree) if options.go_on else None) or run(name, STAGES[name]) for name in names}
    table(results)
    failed = sum(not result["good"] for result in results.values())
    print(f"assure: {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The long tests of the promises, one stage after the other, and at the end a table of what each
has measured. A stage is a command; what counts of its output are the lines `NAME<TAB>VALUE<TAB>UNIT`
and `figure: NAME VALUE UNIT`, and its status.

    assure.py [STAGE...]      all, if none is named"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "logs"
PYTHON = sys.executable
FIGURE = re.compile(r"^(?:(\S+)\t(\S+)\t(\S+)|.*\bfigure: (\S+) (\S+) (\S+))$")


def make(*goals):
    return [os.environ.get("MAKE", "make"), "-s", "--no-print-directory", "CONFIG=default", *goals]


# By stage: what prints the figures of it that stand in `make figures` too (tools/figures.py).
FIGURES = {
    "trace": [PYTHON, "tests/safety/trace.py", "--figures"],
    "models": [PYTHON, "tests/models/run.py", "--figures"],
    "proof": [PYTHON, "tests/proof/run.py", "build/default/include/generated/autoconf.h", "--figures"],
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
    "audit": [PYTHON, "tests/audit/run.py", "--samples", "100000", "--xen", "--mutants"],
    "hostile": [PYTHON, "tests/guest/hostile.py", "--calls", "10000000"],
    "coverage": make("coverage"),
}


def run(name, command):
    """Shows and keeps the stage's output; returns (good, figures)."""
    print(f"--- {name}", flush=True)
    figures, start = [], time.monotonic()
    with open(LOGS / f"assure-{name}.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=ROOT, text=True, errors="replace", stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        for line in process.stdout:
            sys.stdout.write(line)
            log.write(line)
            match = FIGURE.match(line)
            if match:
                figures.append([word for word in match.groups() if word])
    good = process.wait() == 0
    print(f"--- {name}: {'good' if good else 'FAILED'}, {time.monotonic() - start:.0f} s", flush=True)
    return good, figures


def main():
    names = sys.argv[1:] or list(STAGES)
    unknown = set(names) - set(STAGES)
    if unknown:
        sys.exit(f"no such stage: {' '.join(sorted(unknown))}; there are {' '.join(STAGES)}")
    LOGS.mkdir(parents=True, exist_ok=True)
    results = {name: run(name, STAGES[name]) for name in names}
    print("\nwhat was measured")
    for name, (good, figures) in results.items():
        print(f"{name:10} {'good' if good else 'FAILED'}")
        for figure, value, unit in figures:
            print(f"           {figure:32} {value:>14} {unit}")
    failed = sum(not good for good, _ in results.values())
    print(f"assure: {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

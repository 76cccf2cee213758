#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs all that tries to break the promises of SECURITY.md, longer than `make check` does,
and ends with the table of its figures. Each stage goes on whatever the others did; the
exit status says whether all passed.

    tools/assure.py [STAGE...]"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "logs"
FIGURE = re.compile(r"^([a-z_]+\.\S+)\t(\S+)\t(\S+)$")

# What a stage makes, and the seconds that its fuzzers or random calls get.
STAGES = {
    "lint": ["lint"],
    "trace": ["trace"],
    "unit": ["unit"],
    "models": ["models"],
    "proof": ["proof"],
    "fuzz-replay": ["fuzz-replay"],
    "fuzz": ["fuzz", "TIME=300"],
    "fuzz-planted": ["fuzz-planted"],
    "audit": ["audit", "AUDIT_MUTANTS="],
    "hostile": ["hostile"],
    "coverage": ["coverage"],
}
FIGURES = [["make", "-s", "CONFIG=default", "fuzz-figures"], ["make", "-s", "CONFIG=default", "audit-figures"],
           ["tests/models/run.py", "--figures"], ["tests/static/misra.py", "build/default", "--figures"],
           ["tests/static/stack.py", "build/default/skerry-hv64.elf", "--figures"],
           ["tests/safety/trace.py", "--figures"], ["tests/coverage/run.py", "--figures"],
           ["tests/proof/run.py", "build/default/include/generated/autoconf.h", "--figures"]]


def exists(goal):
    return not subprocess.run(["make", "-n", "-s", goal], cwd=ROOT, check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode


def run(stage):
    """(stage, whether it passed, seconds)."""
    start = time.monotonic()
    print(f"--- {stage}", flush=True)
    with open(LOGS / f"assure-{stage}.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(["make", "--no-print-directory", "CONFIG=default", *STAGES[stage]], cwd=ROOT,
                                   text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in process.stdout:
            sys.stdout.write(line)
            log.write(line)
    return stage, process.wait() == 0, time.monotonic() - start


def figures():
    for command in FIGURES:
        if command[0] != "make":
            command = [sys.executable, *command]
        said = subprocess.run(command, cwd=ROOT, text=True, check=False, stdout=subprocess.PIPE).stdout
        yield from (match.groups() for match in map(FIGURE.match, said.split("\n")) if match)


def main():
    LOGS.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONUNBUFFERED"] = "1"
    wanted = sys.argv[1:] or [stage for stage in STAGES if exists(STAGES[stage][0])]
    results = [run(stage) for stage in wanted]
    print("\n" + "".join(f"{name:32} {value:>14} {unit}\n" for name, value, unit in figures()))
    for stage, good, seconds in results:
        print(f"{stage:32} {'passed' if good else 'FAILED':>14} {seconds:.0f} s")
    failed = sum(not good for _, good, _ in results)
    print(f"assure: {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every stage of `make check`, the later ones too when one fails, and ends
with the line `N passed, N failed` over all of them.

    tools/check.py [--all|--quick] [STAGE...]

Each stage is a command whose output holds its counts: a line `STAGE: N passed,
N failed`, or else what all its test programs print, added up. A stage that ends
badly without counting a failure, or that counts nothing at all, is a failure."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "logs"
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-rf"]

# What test programs print: pytest, cmocka, and our own.
COUNTS = [
    (re.compile(r"^(\d+) passed, (\d+) failed\s*$"), (1, 2)),
    (re.compile(r"^(?:(\d+) failed)?(?:, )?(?:(\d+) passed)?.* in [\d.]+s"), (2, 1)),
    (re.compile(r"^\[  PASSED  \] (\d+) test"), (1, None)),
    (re.compile(r"^\[  FAILED  \] (\d+) test"), (None, 1)),
]


def make(*goals):
    return [os.environ.get("MAKE", "make"), "--no-print-directory", *goals]


def stages(everything):
    slow = ["--slow"] if everything else []
    return [
        ("build", make("CONFIG=default", "hv", "tool", "guests", "linux", "linux32", "services",
                       "xen", *(["bench-ready"] if everything else ["bench-guests"]))),
        ("build-minimal", make("CONFIG=minimal", "hv")),
        ("lint", [*PYTEST, "tests/lint"]),
        ("unit", make("CONFIG=default", "unit")),
        ("fuzz", make("CONFIG=default", "fuzz-replay")),
        *[(name, make("CONFIG=default", name)) for name in ("types", "stack", "misra", "analyse", "sizes",
                                                                 "trace")],
        ("models", make("CONFIG=default", "models")),
        ("bench-tools", [*PYTEST, *slow, "tests/bench"]),
        ("bench", make("CONFIG=default", "bench-gate")),
        ("audit", make("CONFIG=default", "audit")),
        ("guests", make("CONFIG=default", "check-guests")),
        ("guests-intel", make("CONFIG=default", "check-guests-intel")),
        ("hostile", ["tests/guest/hostile.py", "--calls", "200000", "--seconds", "110"]),
        ("system", [*PYTEST, "--durations=10", *slow, "tests/system"]),
        ("process", [*PYTEST, *slow, "tests/process"]),
    ]


QUICK_GUESTS = ["hello", "evtchn_basic", "memory_map", "cpuid_xen", "sched_block"]


def quick_stages():
    """What every commit must pass, in a minute or two and without a download."""
    return [
        ("build", make("CONFIG=default", "hv", "tool", "guests", "services")),
        ("build-minimal", make("CONFIG=minimal", "hv")),
        ("lint", [*PYTEST, "tests/lint"]),
        ("unit", make("CONFIG=default", "unit")),
        ("guests", ["tests/guest/run.py", *QUICK_GUESTS]),
    ]


def count(line):
    for pattern, (passed, failed) in COUNTS:
        match = pattern.match(line)
        if match and any(match.groups()):
            return tuple(int(match.group(g) or 0) if g else 0 for g in (passed, failed))
    return 0, 0


def stage_total(name, line):
    match = re.match(rf"{name}: (\d+) passed, (\d+) failed\s*$", line)
    return tuple(map(int, match.groups())) if match else None


def run(name, command):
    """Runs one stage, shows and keeps its output; returns (passed, failed)."""
    print(f"--- {name}", flush=True)
    counts, total, start = [], None, time.monotonic()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with open(LOGS / f"check-{name}.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=ROOT, text=True, env=environment, errors="replace",
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in process.stdout:
            sys.stdout.write(line)
            log.write(line)
            counts.append(count(line))
            total = stage_total(name, line) or total
    status = process.wait()
    passed, failed = total or tuple(map(sum, zip(*counts or [(0, 0)])))
    if name.startswith("build"):
        passed = 1 if status == 0 else 0
    if (status or not passed) and not failed:
        failed = 1
    seconds = time.monotonic() - start
    print(f"--- {name}: {passed} passed, {failed} failed, {seconds:.0f} s", flush=True)
    return passed, failed


def main():
    LOGS.mkdir(parents=True, exist_ok=True)
    arguments = sys.argv[1:]
    chosen = quick_stages() if "--quick" in arguments else stages("--all" in arguments)
    names = [word for word in arguments if not word.startswith("--")]
    if unknown := set(names) - {name for name, _ in chosen}:
        sys.exit(f"check: no such stage: {', '.join(sorted(unknown))}")
    chosen = [(name, command) for name, command in chosen if not names or name in names]
    totals = [run(name, command) for name, command in chosen]
    passed, failed = (sum(column) for column in zip(*totals))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the hostile guest until it has made so many hypercalls: one machine after the other, each with
a seed of its own and for CALLS calls, since what a run has done to itself makes it slow in the end.

    tests/guest/hostile.py [--calls N] [--seed FIRST] [--seconds N]     or so many seconds have passed

Each line says what a seed has brought and how far all are. Ends with the figures and with
`hostile: N passed, N failed`, in seeds."""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CALLS = 20000
FIGURE = re.compile(r"^\s*figure: (hostile\.\w+) (\d+) ", re.MULTILINE)


def run(seed):
    """(figures by name, what the runner said, whether all was well)"""
    command = [sys.executable, "tests/guest/run.py", "hostile", "--set", f"SEED={seed}", "--set", f"CALLS={CALLS}"]
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    figures = {name: int(value) for name, value in FIGURE.findall(done.stdout)}
    return figures, done.stdout, done.returncode == 0 and figures.get("hostile.calls", 0) >= CALLS


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--calls", type=int, default=200000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    totals, passed, failed, seed, end = {}, 0, 0, options.seed, time.monotonic() + options.seconds
    while totals.get("hostile.calls", 0) < options.calls and failed < 10 and time.monotonic() < end:
        figures, said, good = run(seed)
        for name, value in figures.items():
            totals[name] = totals.get(name, 0) + value
        passed, failed = passed + good, failed + (not good)
        print(f"seed {seed}: {'good' if good else 'FAILED'}, {figures.get('hostile.lives', 0)} lives; "
              f"{totals.get('hostile.calls', 0)} of {options.calls} calls", flush=True)
        if not good:
            print(said, flush=True)
        seed += 1
    for name, value in {**totals, "hostile.seeds": passed, "hostile.failures": failed}.items():
        print(f"{name}\t{value}\t{name.split('.')[1]}")
    print(f"hostile: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

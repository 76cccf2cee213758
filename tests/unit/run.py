#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs unit test programs (cmocka) and adds up what they report. Output is shown
of those that fail; one that crashes counts as a failed test."""

import re
import subprocess
import sys

SECONDS = 120


def run(program):
    """(passed, failed) of one program."""
    try:
        done = subprocess.run([program], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              errors="replace", timeout=SECONDS, check=False)
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, status = f"{late.stdout or ''}\nnot done after {SECONDS} s\n", 1
    passed, failed = (sum(map(int, re.findall(rf"^\[  {word}  \] (\d+) test", output, re.MULTILINE)))
                      for word in ("PASSED", "FAILED"))
    if (status or not passed) and not failed:
        failed = 1
    print(f"{program}: {passed} passed, {failed} failed", flush=True)
    if failed:
        print(output, flush=True)
    return passed, failed


def main():
    totals = [run(program) for program in sys.argv[1:]] or [(0, 1)]
    passed, failed = (sum(column) for column in zip(*totals))
    print(f"unit: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks hv/ against MISRA C:2012 as docs/process/misra.md adopts it, with
cppcheck's add-on: every finding must be under one of the deviations there.

    tests/static/misra.py CONFIG [--figures]     CONFIG: a built configuration's folder"""

import os
import re
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "process" / "misra.md"
# ENABLED asks whether a macro is defined to 1 by pasting, which cppcheck cannot expand: a call to it.
OPTIONS = ["--addon=misra", "--std=c11", "--platform=unix64", "-q", "--enable=style", "--max-configs=1",
           "-D__x86_64__", "-D__KERNEL_HV__", "-UENABLED", "-UENABLED_PASTE", "-UENABLED_EXPAND",
           "--template={file}:{line}: {id}: {message}", "-Ihv/include", "-Ihv/arch/x86_64/include", "-Ihv",
           "-I."]
NOT_READ = re.compile(r"preprocessorErrorDirective|syntaxError|internalError|internalAstError")


def sources():
    files = subprocess.run(["git", "ls-files", "hv/*.c"], cwd=ROOT, check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    return [file for file in files if not file.startswith("hv/arch/fake/")]


def findings(config):
    """Lines of cppcheck that count."""
    memory = ROOT / "build" / "misra"  # what cppcheck found in files that have not changed
    memory.mkdir(parents=True, exist_ok=True)
    command = ["cppcheck", *OPTIONS, f"-j{os.cpu_count()}", f"--cppcheck-build-dir={memory}",
               f"--include={config}/include/generated/autoconf.h", *sources()]
    output = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, check=False).stderr
    return [line for line in output.splitlines() if "misra-c2012-" in line or NOT_READ.search(line)]


def deviations():
    """(number, rule, pattern of files) of each row of the page's table."""
    rows = re.findall(r"^\| D(\d+) \| ([\d., ]+) \| `([^`]+)` \|", PAGE.read_text(), re.MULTILINE)
    return [(int(number), rule, where) for number, rules, where in rows for rule in rules.split(", ")]


def explains(deviation, line):
    match = re.match(r"(\S+?):\d+: misra-c2012-([\d.]+):", line)
    return match and match.group(2) == deviation[1] and fnmatch(match.group(1), deviation[2])


def main():
    found, table = findings(sys.argv[1]), deviations()
    used = Counter()
    unexplained = []
    for line in found:
        row = next((d for d in table if explains(d, line)), None)
        if row:
            used[row] += 1
        else:
            unexplained.append(line)
    if "--figures" in sys.argv:
        print(f"misra.unexplained\t{len(unexplained)}\tfindings\nmisra.deviations\t{len(table)}\trules")
        return 0
    for line in unexplained:
        print(line)
    for number, rule, where in table:
        if not used[number, rule, where]:
            print(f"D{number}: nothing in {where} deviates from rule {rule} any more")
    print(f"{len(found)} findings in {len(sources())} files, {len(unexplained)} of them unexplained")
    print(f"misra: {0 if unexplained else 1} passed, {1 if unexplained else 0} failed")
    return 1 if unexplained or not used else 0


if __name__ == "__main__":
    sys.exit(main())

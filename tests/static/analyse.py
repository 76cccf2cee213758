#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads hv/ with clang-tidy and with cppcheck's own checks (MISRA's: misra.py).
Every finding must stand under a row of docs/process/lint.md, and every row must
still explain one.

    tests/static/analyse.py CONFIG      CONFIG: a built configuration's folder"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

import misra

PAGE = misra.ROOT / "docs" / "process" / "lint.md"
CHECKS = ["-*", "bugprone-*", "clang-analyzer-*", "cert-*", "misc-redundant-expression", "misc-misplaced-const",
          "readability-suspicious-call-argument", "readability-misleading-indentation",
          # what MISRA's rules and deviations decide already, or the tree's own conventions
          "-bugprone-easily-swappable-parameters", "-bugprone-reserved-identifier", "-cert-dcl37-c",
          "-cert-dcl51-cpp", "-bugprone-suspicious-string-compare", "-cert-err33-c",
          "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"]
FINDING = re.compile(r"^(?:\S*?/)?((?:hv|abi)/\S+?):(\d+)(?::\d+)?: (.*)$")


def run(command):
    done = subprocess.run(command, cwd=misra.ROOT, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    return done.stdout.split("\n"), done.stderr.split("\n")


def tidy(config, file):
    """(path, line, check, text) of each finding."""
    include = subprocess.run(["clang", "-print-resource-dir"], text=True, check=True, stdout=subprocess.PIPE).stdout
    flags = ["-std=gnu11", "-ffreestanding", "-nostdinc", "-isystem", f"{include.strip()}/include",
             "-mno-red-zone", "-mgeneral-regs-only", "-D__KERNEL_HV__", "-include",
             f"{config}/include/generated/autoconf.h", "-Ihv/include", "-Ihv/arch/x86_64/include", "-Ihv", "-I."]
    lines, _ = run(["clang-tidy", "--quiet", "--checks=" + ",".join(CHECKS), file, "--", *flags])
    for line in lines:
        match = FINDING.match(line)
        if match and (what := re.match(r"(?:warning|error): (.*) \[(\S+)\]$", match.group(3))):
            yield match.group(1), match.group(2), what.group(2).removesuffix(",-warnings-as-errors"), what.group(1)


def cppcheck(config):
    options = [o for o in misra.OPTIONS if not o.startswith(("--addon", "--enable"))]
    _, lines = run(["cppcheck", *options, "--enable=warning,performance,portability",
                    f"--include={config}/include/generated/autoconf.h", *misra.sources()])
    for line in lines:
        match = FINDING.match(line)
        if match and (what := re.match(r"(\S+): (.*)", match.group(3))):
            yield match.group(1), match.group(2), what.group(1), what.group(2)


def findings(config):
    """Once each: headers are read with every file that includes them."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        lists = pool.map(lambda file: list(tidy(config, file)), misra.sources())
        return sorted({finding for found in lists for finding in found} | set(cppcheck(config)))


def accepted():
    """(check, pattern of files) of each row of the page's table."""
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| .+ \|$", PAGE.read_text(), re.MULTILINE)


def main():
    config, rows, used, bad = sys.argv[1], accepted(), set(), 0
    for path, line, check, text in findings(config):
        row = next((r for r in rows if fnmatch(check, r[0]) and fnmatch(path, r[1])), None)
        used.add(row)
        if not row:
            bad += 1
            print(f"{path}:{line}: {text} [{check}]")
    stale = [row for row in rows if row not in used]
    for check, where in stale:
        print(f"docs/process/lint.md: nothing in {where} is found by {check} any more")
    print(f"analyse: {len(misra.sources()) - bool(bad) - bool(stale)} passed, {bad + len(stale)} failed")
    return 1 if bad or stale else 0


if __name__ == "__main__":
    sys.exit(main())

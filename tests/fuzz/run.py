#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzz targets of build/fuzz: their corpora once, or fuzzing proper.

    tests/fuzz/run.py TARGET...               every input of tests/fuzz/corpus/TARGET, once
    tests/fuzz/run.py --seconds N TARGET...   so long each; what is new is kept in build/fuzz/corpus,
                                              an input that breaks something in build/fuzz/found
    tests/fuzz/run.py --figures TARGET...     what the corpora hold and reach

Replaying counts each input as a test and ends with `fuzz: N passed, N failed`."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
BUILD = ROOT / "build" / "fuzz"
ENVIRONMENT = {**os.environ, "CMOCKA_TEST_ABORT": "1",
               "ASAN_OPTIONS": "handle_abort=1:detect_leaks=1:allocator_may_return_null=0"}
LIMITS = ["-timeout=20", "-rss_limit_mb=3000", "-malloc_limit_mb=2500"]


def corpus(target):
    return CORPUS / {"secrets": "hypercall"}.get(target, target)


def start(target, *arguments):
    run = subprocess.run([BUILD / target, *LIMITS, *map(str, arguments)], cwd=ROOT, text=True,
                         env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         errors="replace", check=False)
    return run.returncode, run.stdout


def inputs(target):
    return sorted(path for path in corpus(target).iterdir() if path.is_file())


def replay(target):
    """(passed, failed): one process for all; when it ends badly, one for each tells which."""
    files = inputs(target)
    status, output = start(target, *files)
    failed = 0
    for file in files if status else []:
        status, output = start(target, file)
        if status:
            failed += 1
            print(output)
            print(f"{target}: {file.relative_to(ROOT)} fails", flush=True)
    print(f"{target}: {len(files) - failed} passed, {failed} failed", flush=True)
    return len(files) - failed, failed


def fuzz(target, seconds):
    """True if nothing was found."""
    work, found = BUILD / "corpus" / target, BUILD / "found"
    work.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    status, output = start(target, f"-max_total_time={seconds}", f"-artifact_prefix={found}/{target}-",
                           "-max_len=32768", "-len_control=20", work, corpus(target))
    if status:
        print(output[-8000:])
    last = re.findall(r"^#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+)", output, re.MULTILINE)
    runs, edges, _ = last[-1] if last else (0, 0, 0)
    print(f"{target}: {'BROKEN' if status else 'nothing found'}, {runs} runs, {edges} edges", flush=True)
    return not status


def edges_of(target):
    """(edges that the corpus reaches, edges that there are)."""
    _, output = start(target, "-runs=0", corpus(target))
    reached = re.findall(r"\scov: (\d+)", output)
    there = re.findall(r"\((\d+) inline 8-bit counters\)", output)
    return int(reached[-1]), int(there[-1])


def figures(targets):
    pairs = [edges_of(target) for target in targets]
    print(f"fuzz.targets\t{len(targets)}\ttargets")
    print(f"fuzz.inputs\t{len({path for target in targets for path in inputs(target)})}\tinputs")
    print(f"fuzz.edges\t{sum(reached for reached, _ in pairs)}\tedges")
    for target, (reached, there) in zip(targets, pairs):
        print(f"fuzz.{target}.edges\t{100 * reached // there}\t%")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--figures", action="store_true")
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    if options.figures:
        figures(options.targets)
        return 0
    if options.seconds:
        return 0 if all([fuzz(target, options.seconds) for target in options.targets]) else 1
    passed, failed = (sum(column) for column in zip(*map(replay, options.targets)))
    print(f"fuzz: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

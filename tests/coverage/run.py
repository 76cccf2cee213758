#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What of hv/ the tests run: builds it and the unit tests with counters in a copy of the
tree, runs unit tests and machines there, and reports.

    tests/coverage/run.py [--keep] [--figures] [--only STAGE,STAGE]

--keep: go on with the copy and the runs that are there. --figures: those of the last report, if it is
of this commit and nothing has changed since; else all is run for them.
The report is build/coverage/report.txt."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import counters
import report

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import assure

OUT = ROOT / "build" / "coverage"
MEASURED = OUT / "measured.txt"  # the tree that the last report is of, if all has run for it
TREE = OUT / "tree"
KEPT = TREE / "build" / "coverage"  # the runs' counters
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
CONFIGS = ["default", "debug"]  # the second is the first with panics on request
STAGES = {
    "unit": ["make", "-k", "unit"],
    "fuzz": ["make", "-k", f"FUZZ_CC={TREE}/tests/coverage/cc", "FUZZ_MAIN=tests/fuzz/replay.c", "FUZZ_WARN=-w",
             "FUZZ_TARGETS=acpi decode hypercall manifest", "fuzz-replay"],
    "guests": ["tests/guest/run.py", "--timeout", "200"],
    "guests-intel": ["tests/guest/run.py", "--machine", "bochs", "--timeout", "300"],
    "system": [*PYTEST, "tests/system"],
}


def copy_tree(tree=TREE):
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    for name in files.stdout.decode().split("\0")[:-1]:
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    (tree / "build" / "coverage").mkdir(parents=True, exist_ok=True)
    for folder in ("kernels", "packages"):
        if (ROOT / "build" / folder).exists() and not (tree / "build" / folder).exists():
            (tree / "build" / folder).symlink_to(ROOT / "build" / folder)


def counted(command):
    """A make of the copy's with its compiler."""
    return [*command, f"CC={TREE}/tests/coverage/cc", "LD=ld --defsym=__gcov_merge_add=0"]


def build_hv(number, config):
    script = KEPT / f"{config}.lds"
    with open(script, "w", encoding="utf-8") as out:
        subprocess.run([sys.executable, "tests/coverage/counted.py", "hv/arch/x86_64/boot/hv.lds", str(number)],
                       cwd=TREE, check=True, stdout=out)
    subprocess.run(counted(["make", "-s", f"CONFIG={config}", f"HV_LDS={script}", "hv"]), cwd=TREE, check=True,
                   stdout=subprocess.DEVNULL)
    shutil.copy2(TREE / "build" / config / "skerry-hv64.elf", KEPT / f"{config}.image")


def build():
    for number, config in enumerate(CONFIGS):
        build_hv(number, config)
    subprocess.run(["make", "-s", "tool", "guests", "services", "linux", "linux32"], cwd=TREE, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", KEPT / "keep.so", "tests/coverage/keep.c"], cwd=TREE,
                   check=True)


def run(stage):
    """Tests may fail where time is counted twice over; what they ran counts all the same."""
    command = STAGES[stage]
    path = f"{TREE}/tests/coverage/bin:{os.environ['PATH']}"
    environment = {"SKERRY_TIMEOUT_SCALE": "4", **os.environ, "SKERRY_COVERAGE": str(KEPT), "PATH": path}
    with open(OUT / f"{stage}.log", "w", encoding="utf-8") as log:
        status = subprocess.run(counted(command) if command[0] == "make" else command, cwd=TREE, check=False,
                                env=environment, stdout=log, stderr=subprocess.STDOUT).returncode
    print(f"coverage: {stage} has run{'' if not status else ', and failed (build/coverage/' + stage + '.log)'}",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--figures", action="store_true")
    parser.add_argument("--only", default=",".join(STAGES))
    options = parser.parse_args()
    tree = assure.tree_name()
    if options.figures and MEASURED.exists() and MEASURED.read_text() == tree and "dirty" not in tree:
        sys.stdout.write((OUT / "figures.txt").read_text())
        return 0
    MEASURED.unlink(missing_ok=True)
    if not options.keep:
        shutil.rmtree(TREE, ignore_errors=True)
        copy_tree()
        build()
    for stage in filter(None, options.only.split(",")):
        run(stage)
    memories = [path.read_bytes() for path in KEPT.glob("*.data")]
    runs = sum(counters.write(image, memories) for image in counters.images_in(KEPT))
    status = report.make(TREE, OUT, runs)
    if not options.keep and options.only == ",".join(STAGES):
        MEASURED.write_text(tree)
    return status


if __name__ == "__main__":
    sys.exit(main())

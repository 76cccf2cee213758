#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Absence of run-time errors by abstract interpretation (Frama-C's Eva): each eva_NAME.c
drives real sources; Eva must raise no alarm, and reach what is driven.

    tests/proof/run.py AUTOCONF [--figures]"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def analyse(path, autoconf):
    """(alarms, statements reached, all, what Eva said)."""
    include = subprocess.run(["gcc", "-print-file-name=include"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.strip()
    flags = (f"-ffreestanding -nostdinc -I{include} -D__KERNEL_HV__ -I{HERE}/include -Ihv/include -Ihv -I."
             f" -Ihv/arch/fake/include -include {autoconf}")
    command = ["frama-c", "-c11", "-eva", "-eva-precision", "0", "-eva-slevel", "5000", "-eva-auto-loop-unroll", "64",
               "-machdep", "gcc_x86_64", f"-cpp-extra-args={flags}", "-no-frama-c-stdlib", path]
    said = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False).stdout
    alarms = re.search(r"^  (\d+) alarms? generated", said, re.MULTILINE)
    reached = re.search(r"(\d+) statements reached \(out of (\d+)\)", said)
    errors = re.search(r"by the Eva analyzer: +(\d+) error", said)
    if not alarms or not reached or (errors and errors.group(1) != "0"):
        return None, 0, 0, said
    return int(alarms.group(1)), int(reached.group(1)), int(reached.group(2)), said


def main():
    autoconf, passed, alarms_of_all, statements = sys.argv[1], 0, 0, 0
    drivers = sorted(HERE.glob("eva_*.c"))
    for path in drivers:
        alarms, reached, there, said = analyse(path, autoconf)
        if "--figures" not in sys.argv:
            print(f"{path.name}: {alarms} alarms, {reached} of {there} statements reached", flush=True)
        if alarms != 0:
            print("\n".join(line for line in said.split("\n") if "Computing" not in line)[-3000:], file=sys.stderr)
        passed += alarms == 0
        alarms_of_all += alarms or 0
        statements += reached
    if "--figures" in sys.argv:
        print(f"proof.alarms\t{alarms_of_all}\talarms\nproof.drivers\t{len(drivers)}\tdrivers\n"
              f"proof.statements\t{statements}\tstatements")
        return 0
    print(f"proof: {passed} passed, {len(drivers) - passed} failed")
    return 0 if passed == len(drivers) else 1


if __name__ == "__main__":
    sys.exit(main())

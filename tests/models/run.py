#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the SPIN models: each as it stands has no error in any order of steps,
and each of its mutants (a barrier or a step left out) has one.

    tests/models/run.py [--figures]"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build" / "models"


def mutants(model):
    """How many its opening comment lists."""
    comment = model.read_text().split("*/")[1]
    return max(map(int, re.findall(r"\b(\d):\s", comment[comment.index("MUTANT"):])))


def explore(model, mutant):
    """(errors, states), over all orders of steps."""
    folder = BUILD / f"{model.stem}-{mutant}"
    folder.mkdir(parents=True, exist_ok=True)
    for file in (model, HERE / "tso.h"):
        shutil.copy(file, folder)
    subprocess.run(["spin", f"-DMUTANT={mutant}", "-a", model.name], cwd=folder, check=True,
                   stdout=subprocess.PIPE)
    subprocess.run(["gcc", "-O1", "-w", "-o", "pan", "pan.c"], cwd=folder, check=True)
    done = subprocess.run(["./pan", "-m1000000"], cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=300)
    errors = re.search(r"errors: (\d+)", done.stdout)
    states = re.search(r"(\d+) states, stored", done.stdout)
    if not errors or not states or "max search depth too small" in done.stdout:
        sys.exit(f"{model.name}: not searched whole:\n{done.stdout}")
    return int(errors.group(1)), int(states.group(1))


def main():
    passed = failed = total = 0
    for model in sorted(HERE.glob("*.pml")):
        for mutant in range(mutants(model) + 1):
            errors, states = explore(model, mutant)
            total += states if not mutant else 0
            good = (errors == 0) == (mutant == 0)
            passed, failed = passed + good, failed + (not good)
            if "--figures" not in sys.argv:
                print(f"{model.stem}{f', mutant {mutant}' if mutant else ''}: {states} states, "
                      f"{errors} errors{'' if good else ': WRONG'}", flush=True)
    if "--figures" in sys.argv:
        print(f"models.states\t{total}\tstates")
        print(f"models.mutants_caught\t{passed - len(list(HERE.glob('*.pml')))}\tmutants")
    else:
        print(f"models: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

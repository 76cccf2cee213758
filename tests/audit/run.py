#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Audits the hypervisor as it is built, which must keep every rule, and mutants of it, each of which
must be caught at the rule that it breaks.

    run.py [--samples N] [--seed N] [--mutants [NAME...]] [--xen] [--figures]"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "audit"
AUDIT = [sys.executable, ROOT / "tests" / "audit" / "audit.py"]

XEN, XEN_GUEST = ROOT / "build/cache/xen", ROOT / "build/guests/hello.elf"

# The rule that says what is wrong with it; another may say so as well.
MUTANTS = {
    "window-left-open": "a window stands at guest entry",
    "shared-heap": "a frame of another in sight",
    "unmap-forgotten": "a frame of another in sight",
    "registers-kept": "another guest's canary in a register",
    "writable-code": "writable and executable",
    "not-scrubbed": "audited.scrubbed",
}


def make_image():
    text = (ROOT / "tests/guest/systems/audited.yaml").read_text()
    guest = ROOT / "build/guests/audited.elf"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "system.yaml").write_text(text.replace("$GUEST", str(guest)).replace("$ROLE", "endless"))
    subprocess.run([ROOT / "build/tools/skerry", "build", FOLDER / "system.yaml", "-o", FOLDER / "system.img"],
                   check=True)


def make_mutant(name):
    """The tree with the patch, built with the objects that are there: one file is compiled anew."""
    tree = FOLDER / "mutants" / name
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "build").mkdir(parents=True)
    for part in ("hv", "abi", "tools", "configs", "Makefile", "Kconfig", "libos", "services", "tests"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, tree / part)
    shutil.copytree(ROOT / "build/default", tree / "build/default")
    patch = ROOT / "tests/audit/mutants" / f"{name}.patch"
    subprocess.run(["patch", "-s", "-p1", "-i", patch], cwd=tree, check=True)
    subprocess.run(["make", "-s", "CONFIG=default", "hv"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
    return tree / "build/default/skerry-hv64.elf"


def audit(samples, *options):
    """(the auditor's lines and those of the guests, status)"""
    log = FOLDER / "console.log"
    log.unlink(missing_ok=True)
    command = [*AUDIT, FOLDER / "system.img", "--samples", samples, "--log", log, *options]
    run = subprocess.run(list(map(str, command)), text=True, stdout=subprocess.PIPE, check=False)
    console = log.read_text(errors="replace") if log.exists() else ""
    return run.stdout + "".join(line + "\n" for line in console.splitlines() if "FAIL" in line or "PANIC" in line), \
        run.returncode


def figure(text, name):
    return next((int(line.split("\t")[1]) for line in text.splitlines() if line.startswith(name + "\t")), -1)


def check_itself(samples, seed):
    text, status = audit(samples, "--seed", seed)
    print(text, end="")
    return [("audit.rules", status == 0 and figure(text, "audit.foreign_bytes") == 0 and "FAIL" not in text),
            ("audit.saw_enough", figure(text, "audit.samples") >= samples),
            ("audit.saw_grants", figure(text, "audit.granted_bytes") > 0)]


def check_mutant(name, samples):
    text, _ = audit(samples, "--hv", make_mutant(name), "--until", MUTANTS[name])
    shutil.rmtree(FOLDER / "mutants" / name)
    if MUTANTS[name] not in text:
        print(text, end="")
    return f"audit.mutant.{name}", MUTANTS[name] in text


def check_xen():
    """The same question to a hypervisor that maps all memory: the auditor must see that."""
    run = subprocess.run([*AUDIT, XEN_GUEST, "--xen", XEN], text=True, stdout=subprocess.PIPE, check=False)
    print(run.stdout, end="")
    return "audit.xen_sees_memory", figure(run.stdout, "audit.xen_foreign_bytes") > 0.9 * figure(
        run.stdout, "audit.xen_others_bytes")


def print_figures(samples, seed):
    text, status = audit(samples, "--seed", seed)
    run = subprocess.run([*AUDIT, XEN_GUEST, "--xen", XEN], text=True, stdout=subprocess.PIPE, check=True)
    for line in (text + run.stdout).splitlines():
        if line.count("\t") == 2:
            print(line)
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=3000)
    parser.add_argument("--mutant-samples", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", nargs="*", choices=sorted(MUTANTS), help="all, if none is named")
    parser.add_argument("--xen", action="store_true", help="and Xen, which must be seen to map all memory")
    parser.add_argument("--figures", action="store_true", help="the figures of it and of Xen alone")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    make_image()
    if arguments.figures:
        return print_figures(arguments.samples, arguments.seed)
    results = check_itself(arguments.samples, arguments.seed) if arguments.samples else []
    if arguments.mutants is not None:
        results += [check_mutant(name, arguments.mutant_samples) for name in arguments.mutants or MUTANTS]
    if arguments.xen:
        results.append(check_xen())
    for name, good in results:
        print(f"{'PASS' if good else 'FAIL'} {name}")
    bad = sum(not good for _, good in results)
    print(f"audit: {len(results) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

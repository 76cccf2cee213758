#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the kinds of addresses cannot be mixed up: each MISUSE is a function body
that the compiler must refuse, and becomes right by the change behind it. Frame numbers,
addresses and guest pointers are types of their own (hv/lib/types.h), in every build; this
is what `sparse` would be asked for, which does not read structs as such.

    tests/static/types.py AUTOCONF"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = """#include <arch/arch.h>
#include <guest.h>
#include <lib/lib.h>
#include <p2m.h>
enum status f(struct domain *d, mfn_t mfn, gfn_t gfn, maddr_t maddr, gpa_t gpa, gva_t gva, uint64_t n, void *p);
enum status f(struct domain *d, mfn_t mfn, gfn_t gfn, maddr_t maddr, gpa_t gpa, gva_t gva, uint64_t n, void *p) {
"""
# (what, wrong, right)
MISUSES = [
    ("a guest's frame number for the machine's", "frame_free(gfn, 0);", "frame_free(mfn, 0);"),
    ("a machine frame number for the guest's", "(void)p2m_lookup(d, mfn);", "(void)p2m_lookup(d, gfn);"),
    ("a bare number for a frame", "frame_free(n, 0);", "frame_free(MFN(n), 0);"),
    ("a frame for a bare number", "n = mfn;", "n = mfn.v;"),
    ("a machine address for a frame", "frame_free(maddr, 0);", "frame_free(maddr_to_mfn(maddr), 0);"),
    ("a guest-physical address for a guest-linear one", "return guest_write(gpa, p, n);",
     "return guest_write(gva, p, n);"),
    ("a guest-linear address for a guest-physical one", "return guest_write_phys(gva, p, n);",
     "return guest_write_phys(gpa, p, n);"),
    ("a guest pointer read like ours", "n = *(uint64_t *)gva;", "return guest_read(&n, gva, 8);"),
    ("a pointer of ours for a guest's", "return guest_read(p, p, n);", "return guest_read(p, gva, n);"),
    ("arithmetic on a frame", "mfn++;", "mfn.v++;"),
    ("a guest's address for a frame in a window", "(void)arch_window_open(gpa, false);",
     "(void)arch_window_open(mfn, false);"),
    ("the map changed without its lock", "return p2m_add(d, gfn, mfn, 0, P2M_RAM);",
     "struct p2m_locked l = p2m_lock(d); enum status s = p2m_add(l, gfn, mfn, 0, P2M_RAM); p2m_unlock(l);"
     " return s;"),
    ("the status of a guest's memory thrown away", "guest_write(gva, p, n);", "return guest_write(gva, p, n);"),
]


def compiles(body, autoconf):
    command = ["gcc", "-std=gnu11", "-ffreestanding", "-Wall", "-Werror", "-Wno-unused-parameter",
               "-Wno-unused-but-set-parameter", "-S", "-o", "/dev/null", "-D__KERNEL_HV__", "-include", autoconf,
               "-Ihv/include", "-Ihv/arch/x86_64/include", "-Ihv", "-I.", "-xc", "-"]
    run = subprocess.run(command, cwd=ROOT, input=f"{HEAD}  {body}\n  return STATUS_OK;\n}}\n", text=True,
                         stderr=subprocess.PIPE, check=False)
    return run.returncode == 0, run.stderr


def main():
    failed = 0
    for what, wrong, right in MISUSES:
        refused, (taken, why) = not compiles(wrong, sys.argv[1])[0], compiles(right, sys.argv[1])
        if not refused or not taken:
            failed += 1
            print(f"{what}: " + ("the compiler takes it" if not refused else f"the right form is refused:\n{why}"))
    print(f"types: {len(MISUSES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

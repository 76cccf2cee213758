#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/abi/hypercalls.md from the table of hypercalls. With --check it
writes nothing and fails when the page is not what it would write."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/abi/hypercalls.md"
TABLE = ROOT / "hv/xen/hypercalls.def"
NUMBERS = ROOT / "abi/xen/xen.h"
HEADER = """# Hypercalls

Made by `tools/hypercall-page.py` from `hv/xen/hypercalls.def`; change it there. The calls are Xen 4.17's, as
Debian's `libxen-dev` describes them; how they come in and are answered is in
[the design](../design/hypercalls.md).

| nr | call | arguments | who may call | length | option | unit tests | micro-guests |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
REFUSED = """
## Refused

| nr | call | answer | why |
| --- | --- | --- | --- |
"""
FOOTER = """
Every other number is answered with -ENOSYS, the interrupts of a machine's devices (`physdev_op`, 33) among them.
"""
CALLERS = {"ANY": "any domain", "WATCHER": "a domain that watches the others (a store)"}
LENGTHS = {"LONG": "long, gives way", "BOUNDED": "bounded"}


def numbers():
    found = re.findall(r"#define __HYPERVISOR_(\w+)\s+(\d+)", NUMBERS.read_text())
    return {name: int(number) for name, number in found}


def test_links(text):
    """The cells for unit tests and micro-guests; each test must exist."""
    units, _, guests = text.partition(":")
    cells = []
    for names, folder, prefix in ((units, "tests/unit/xen", "test_"), (guests, "tests/guest", "")):
        links = []
        for name in names.split():
            path = f"{folder}/{prefix}{name}.c"
            if not (ROOT / path).exists():
                sys.exit(f"{TABLE.name}: there is no {path}")
            links.append(f"[{name}](../../{path})")
        cells.append(" ".join(links))
    return cells


def rows():
    """(number, refused, cells) of each line of the table."""
    number, option = numbers(), ""
    for line in re.sub(r"/\*.*?\*/", "", TABLE.read_text(), flags=re.S).splitlines():
        if match := re.match(r"#ifdef CONFIG_(\w+)", line):
            option = match.group(1)
        elif line.startswith(("#else", "#endif")):
            option = ""
        elif match := re.match(r'HYPERCALL\((\w+), (\d), (\w+), (\w+), "([^"]*)"\)', line):
            name, arguments, callers, length, tests = match.groups()
            yield number[name], False, [f"`{name}`", arguments, CALLERS[callers], LENGTHS[length],
                                        option and f"`{option}`", *test_links(tests)]
        elif match := re.match(r'REFUSED\((\w+), (\w+), "([^"]*)"\)', line):
            name, error, why = match.groups()
            yield number[name], True, [f"`{name}`", f"-{error}", why]
        elif line.strip():
            sys.exit(f"{TABLE.name}: cannot read: {line}")


def page():
    table = sorted(rows())
    body = {refused: "".join(f"| {n} | {' | '.join(cells)} |\n" for n, r, cells in table if r == refused)
            for refused in (False, True)}
    return HEADER + body[False] + REFUSED + body[True] + FOOTER


def main():
    text = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text() != text:
            sys.exit(f"{PAGE.relative_to(ROOT)} is not what {TABLE.name} says: run tools/hypercall-page.py")
        return
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text)


if __name__ == "__main__":
    main()

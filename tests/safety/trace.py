#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the safety requirements together: every one leads to a section of the design, to a
function of the source and to a test, and every section, source and test of the kernel is
led to by one or is exempt with a reason. Fails on any gap.

    tests/safety/trace.py [--write]     --write: write docs/safety/requirements.md anew"""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SAFETY = ROOT / "docs" / "safety"
PAGE = SAFETY / "requirements.md"
DESIGN = ["memory.md", "grants.md", "events.md", "hypercalls.md", "boot.md", "scheduling.md", "exits.md",
          "vendor-seam.md", "speculation.md"]
SOURCES = ["hv/core/*.c", "hv/xen/*.c", "hv/builder/*.c", "hv/arch/x86_64/mm/*.c"]
TESTS = ["tests/unit/core/test_*.c", "tests/unit/xen/test_*.c", "tests/faults/test_*.c", "tests/models/*.pml"]
HEAD = """# Requirements of the partitioning kernel

Written by `tests/safety/trace.py --write` from [requirements.yaml](requirements.yaml), which `make check` (stage `trace`)
holds against design, sources and tests in both directions. What the requirements rest on is the
[fault model](fault-model.md).

| | requirement | design | source | tests |
| --- | --- | --- | --- | --- |
"""


def listed(patterns):
    return subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()


def anchor(heading):
    """As GitHub and GitLab make it of a heading's text."""
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return text.replace(" ", "-")


def headings(name):
    text = (ROOT / "docs" / "design" / name).read_text()
    return re.findall(r"^#{1,2} (.*)$", text, re.MULTILINE)


def sections():
    """By FILE#ANCHOR, the heading of each section; the page's title counts only where it is named."""
    return {f"{name}#{anchor(h)}": h for name in DESIGN for h in headings(name)}


def has(reference):
    """FILE, or FILE:NAME with the name in it as a word."""
    path, _, name = reference.partition(":")
    file = ROOT / path
    return file.is_file() and (not name or re.search(rf"\b{re.escape(name)}\b", file.read_text()))


def forward(data):
    known, seen = sections(), set()
    for r in data["requirements"]:
        if r["id"] in seen:
            yield f"{r['id']} is there twice"
        seen.add(r["id"])
        if not r["text"].endswith(".") or ". " in r["text"]:
            yield f"{r['id']} is not one sentence"
        for kind in ("design", "source", "tests"):
            if not r.get(kind):
                yield f"{r['id']} has no {kind}"
        yield from (f"{r['id']}: there is no section {d}" for d in r["design"] if d not in known)
        yield from (f"{r['id']}: there is no {s}" for s in r["source"] + r["tests"] if not has(s))


def backward(data):
    named = {x.partition(":")[0] for r in data["requirements"] for x in r["source"] + r["tests"]}
    designed = {d for r in data["requirements"] for d in r["design"]}
    titles = {f"{name}#{anchor(headings(name)[0])}" for name in DESIGN}
    for place, heading in sections().items():
        if place not in designed | titles and heading not in data["sections_without"]:
            yield f"no requirement leads to docs/design/{place}"
    for patterns, exempt in ((SOURCES, data["sources_without"]), (TESTS, data["tests_without"])):
        for path in listed(patterns):
            if path not in named and not any(fnmatch(path, "*" + e if e.startswith("*") else e) for e in exempt):
                yield f"no requirement leads to {path}"


def links(references):
    text = []
    for reference in references:
        path, _, name = reference.partition(":")
        text.append(f"[{name or Path(path).name}](../../{path})")
    return ", ".join(text)


def page(data):
    rows = []
    for r in data["requirements"]:
        design = ", ".join(f"[{d.partition('#')[0].removesuffix('.md')}](../design/{d})" for d in r["design"])
        rows.append(f"| {r['id']} | {r['text']} | {design} | {links(r['source'])} | {links(r['tests'])} |")
    return HEAD + "\n".join(rows) + "\n"


def main():
    data = yaml.safe_load((SAFETY / "requirements.yaml").read_text())
    text = page(data)
    if "--write" in sys.argv:
        PAGE.write_text(text)
    gaps = [*forward(data), *backward(data)]
    if not PAGE.exists() or PAGE.read_text() != text:
        gaps.append("docs/safety/requirements.md is not what --write writes")
    if "--figures" in sys.argv:
        print(f"safety.requirements\t{len(data['requirements'])}\trequirements\nsafety.gaps\t{len(gaps)}\tgaps")
        return 0
    for gap in gaps:
        print(gap)
    print(f"trace: {len(data['requirements']) if not gaps else 0} passed, {len(gaps)} failed")
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws who includes whom, folder by folder, from the #include lines of the tree:
docs/design/code-map.md and its picture's source. With --check it only says whether
they are up to date."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE, PICTURE = ROOT / "docs/design/code-map.md", ROOT / "docs/design/pictures/code-map.dot"
AREAS = ("abi/manifest", "abi/xen", "abi", "hv/lib", "hv/include", "hv/core", "hv/xen", "hv/builder", "hv/drivers",
         "hv/arch/fake", "hv/arch/x86_64/svm", "hv/arch/x86_64/vmx", "hv/arch/x86_64", "libos", "services",
         "tools/skerry")
PATHS = ("", "hv/", "hv/include/", "hv/arch/x86_64/include/", "libos/include/", "libos/", "services/")
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)
HEAD = """# The map of the code

Made by `tools/code-map.py` from the `#include` lines of the tree; a test says when it is out of date. What may include
what is a rule of the lint, which reads the same lines: `abi` below `lib` below `core` (with the
contracts of `hv/include`) below `xen` below `builder`; `svm` and `vmx` never see each other
([the rules](../../tests/lint/rules.py)).

![Who includes whom](pictures/code-map.svg)

| folder | includes | is included by |
| --- | --- | --- |
"""


def area_of(path):
    return next((a for a in AREAS if path.startswith(a + "/")), None)


def resolve(source, name, files):
    """The file of the tree that an #include means, or None for the compiler's and the system's."""
    folder = str(Path(source).parent)
    for candidate in [f"{folder}/{name}", *(p + name for p in PATHS)]:
        parts = []
        for part in candidate.split("/"):
            parts = parts[:-1] if part == ".." and parts else parts + [part]
        if "/".join(parts) in files:
            return "/".join(parts)
    return None


def edges():
    """{(from, to)} over all areas."""
    listed = subprocess.run(["git", "ls-files", "*.c", "*.h", "*.S"], cwd=ROOT, text=True, check=True,
                            stdout=subprocess.PIPE).stdout.split()
    files, found = set(listed), set()
    for file in filter(area_of, listed):
        for name in INCLUDE.findall((ROOT / file).read_text(errors="replace")):
            target = resolve(file, name, files)
            if target and area_of(target) and area_of(target) != area_of(file):
                found.add((area_of(file), area_of(target)))
    return found


def page(found):
    rows = []
    for area in sorted(AREAS):
        out, into = (sorted({pair[1 - end] for pair in found if pair[end] == area}) for end in (0, 1))
        rows.append(f"| `{area}` | {', '.join(f'`{o}`' for o in out) or 'nothing'} | "
                    f"{', '.join(f'`{i}`' for i in into) or 'nobody'} |")
    return HEAD + "\n".join(rows) + "\n"


def picture(found):
    lines = ["// SPDX-License-Identifier: Apache-2.0", "// Written by tools/code-map.py.", "digraph code {",
             "  rankdir=BT; concentrate=true;", '  node [shape=box, style=rounded, fontname="sans-serif", fontsize=11];']
    lines += [f'  "{a}" -> "{b}";' for a, b in sorted(found)]
    return "\n".join([*lines, "}"]) + "\n"


def main(arguments):
    found = edges()
    wanted = {PAGE: page(found), PICTURE: picture(found)}
    if "--check" in arguments:
        stale = [str(f.relative_to(ROOT)) for f, text in wanted.items() if not f.exists() or f.read_text() != text]
        if stale:
            sys.exit(f"{', '.join(stale)}: not what the code says; run `make code-map`")
        return
    for file, text in wanted.items():
        file.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])

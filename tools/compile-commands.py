#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes compile_commands.json, for clangd and its like, from what make would do:

    make -nB hv tool guests | tools/compile-commands.py OUTPUT"""

import json
import re
import shlex
import sys
from pathlib import Path

COMPILE = re.compile(r"(?:^|; *)(gcc|cc|clang) (.*-c .*)$")


def commands(lines):
    """One entry a source file; of several, the last."""
    found = {}
    for line in lines:
        match = COMPILE.search(line.strip())
        words = shlex.split(" ".join(match.groups())) if match else []
        sources = [w for w in words if w.endswith((".c", ".S")) and Path(w).exists()]
        if sources:
            found[sources[0]] = {"directory": str(Path.cwd()), "file": sources[0], "arguments": words}
    return list(found.values())


def main(output):
    entries = commands(sys.stdin)
    if not entries:
        sys.exit("compile-commands: no compiler was called")
    Path(output).write_text(json.dumps(entries, indent=1) + "\n")
    print(f"{output}: {len(entries)} files")


if __name__ == "__main__":
    main(sys.argv[1])

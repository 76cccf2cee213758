#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the hypervisor's size against the budgets of docs/process/lint.md.

    tests/static/sizes.py CONFIG..."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "process" / "lint.md"
sys.path.insert(0, str(ROOT / "tools"))

import figures  # noqa: E402


def budgets():
    """By configuration: (lines of code, bytes of the image as it is loaded)."""
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) KiB \|$", PAGE.read_text(), re.MULTILINE)
    return {name: (int(lines), int(kib)) for name, lines, kib in rows}


def loaded_kib(config):
    text = subprocess.run(["size", f"build/{config}/skerry-hv64.elf"], cwd=ROOT, check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return int(text.split("\n")[1].split()[3]) // 1024


def main():
    failed = 0
    for config in sys.argv[1:]:
        lines, _ = figures.count_lines(config)
        kib, (most_lines, most_kib) = loaded_kib(config), budgets()[config]
        good = lines <= most_lines and kib <= most_kib
        failed += not good
        print(f"{'ok' if good else 'WRONG'}: {config}: {lines} lines of {most_lines}, {kib} KiB of {most_kib}")
    print(f"sizes: {len(sys.argv) - 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Merges what unit tests and machines have run of hv/ into one report, and holds
it against the reasons that docs/process/coverage.yaml gives for the rest.

A line's branches are counted from one build where both have as many of them;
elsewhere from the build that shows more of them taken."""

import json
import subprocess
import sys
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LEAST = 90.0  # percent of branches
REASONS = ROOT / "docs" / "process" / "coverage.yaml"


class Line:
    def __init__(self):
        self.count, self.kinds, self.function = 0, {}, ""

    def take(self, line):
        self.count += line["count"]
        self.function = line.get("function_name", self.function)
        counts = [branch["count"] for branch in line["branches"]]
        known = self.kinds.setdefault(len(counts), [0] * len(counts))
        self.kinds[len(counts)] = [a + b for a, b in zip(known, counts)]

    def branches(self):
        """(taken, all)."""
        pairs = [(sum(map(bool, counts)), n) for n, counts in self.kinds.items() if n]
        return max(pairs, key=lambda pair: (pair[0] / pair[1], pair[1]), default=(0, 0))


def compiled(tree):
    """What the default configuration makes objects of; files of hv/ that others alone compile do not count."""
    return {str(note.relative_to(tree / "build" / "default").with_suffix("")) for note in
            (tree / "build" / "default").glob("**/*.gcno")}


def units(tree):
    """What gcov says of each counted object; of one that never ran too."""
    for note in sorted(tree.glob("build/**/*.gcno")):
        run = subprocess.run(["gcov", "--branch-probabilities", "--json-format", "--stdout", note], cwd=tree, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        for text in filter(None, run.stdout.split("\n")):
            yield json.loads(text)


def merge(tree):
    """By path, by number: Line."""
    files = defaultdict(lambda: defaultdict(Line))
    sources = compiled(tree)
    for unit in units(tree):
        for file in unit["files"]:
            path = Path(file["file"])
            path = path.relative_to(tree) if path.is_absolute() and path.is_relative_to(tree) else path
            header = path.suffix == ".h" and not path.is_relative_to("hv/arch/fake")
            if path.parts[0] == "hv" and (header or str(path.with_suffix("")) in sources):
                for line in file["lines"]:
                    files[str(path)][line["line_number"]].take(line)
    return files


class Reasons:
    def __init__(self, path):
        self.rows = yaml.safe_load(path.read_text()) if path.exists() else []
        self.used = set()

    def of(self, path, text, function):
        for number, row in enumerate(self.rows):
            if (fnmatch(path, row["file"]) and function in row.get("functions", [function])
                    and row.get("text", "") in text):
                self.used.add(number)
                return row["why"]
        return None


def line_report(path, number, line, text, reasons):
    taken, there = line.branches()
    if line.count and taken == there:
        return None
    what = f"{there - taken} of {there} branches" if line.count else "never run"
    return f"{path}:{number}: {what}: {text.strip()}", reasons.of(path, text, line.function)


def tables(files, reasons):
    rows, missing, totals = [], [], [0, 0, 0, 0]
    for path in sorted(files):
        source = (ROOT / path).read_text().split("\n")
        numbers = [0, 0, 0, 0]
        for number, line in sorted(files[path].items()):
            pair = line.branches()
            numbers = [a + b for a, b in zip(numbers, (line.count > 0, 1, *pair))]
            missing.append(line_report(path, number, line, source[number - 1], reasons))
        rows.append((path, numbers))
        totals = [a + b for a, b in zip(totals, numbers)]
    return rows, list(filter(None, missing)), totals


def percent(part, whole):
    return round(100 * part / whole, 1) if whole else 100.0


def write(output, rows, missing, totals):
    with open(output, "w", encoding="utf-8") as out:
        for path, (lines, all_lines, branches, all_branches) in [*rows, ("all", totals)]:
            print(f"{path:48} lines {percent(lines, all_lines):5} %  branches {percent(branches, all_branches):5} %"
                  f"  ({branches}/{all_branches})", file=out)
        for text, why in missing:
            print(f"\n{text}\n    {why or 'NO REASON GIVEN'}", file=out)


def make(tree, folder, runs):
    """Writes the report and the figures; fails on a line without a reason, or a reason for none."""
    reasons = Reasons(REASONS)
    rows, missing, totals = tables(merge(tree), reasons)
    write(folder / "report.txt", rows, missing, totals)
    unexplained = [text for text, why in missing if not why]
    gaps = sum(why.startswith("open") for _, why in missing if why)
    figures = [("lines", percent(*totals[:2]), "%"), ("branches", percent(*totals[2:]), "%"),
               ("unexplained", len(unexplained), "lines"), ("open", gaps, "lines"), ("machines", runs, "machines")]
    text = "".join(f"coverage.{name}\t{value}\t{unit}\n" for name, value, unit in figures)
    (folder / "figures.txt").write_text(text)
    print(*unexplained, sep="\n")
    sys.stdout.write(text)
    stale = [row for number, row in enumerate(reasons.rows) if number not in reasons.used]
    for row in stale:
        print(f"docs/process/coverage.yaml: all of {row['file']} {row.get('text', '')} is covered now")
    least = percent(*totals[2:]) >= LEAST
    print(f"coverage: {int(least) + (not unexplained)} passed, {(not least) + bool(unexplained)} failed")
    return 0 if least and not unexplained else 1

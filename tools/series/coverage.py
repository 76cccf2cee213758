# SPDX-License-Identifier: Apache-2.0
"""How much of the files that a series touches its unit tests run, at the base and with the
series, by gcc's counters; and which lines it adds that none of them runs. Not the whole
picture, which `make coverage` draws with machines too."""

import json
import re

SHOWN = 8  # lines of a file that are named

# The unit test programs whose names start so ($1), as make knows them.
PROGRAMS = """programs=$(make -s --eval='names: ; @printf "%s\\n" $(UNIT_TESTS)' names | grep -E "^build/unit/($1)")
"""

# Builds them anew with counters, runs them, and asks gcov about the sources named behind. What a
# program prints or how it ends was judged before.
COUNT = PROGRAMS + """shift
rm -rf build/unit build/obj
make -s -k CC='gcc --coverage' HOSTCC='gcc --coverage' $programs > /dev/null 2>&1
for program in $programs; do timeout 120 "$program" > /dev/null 2>&1; done
for source; do
  find build -path "*/${source%.c}.gcno" -exec gcov --json-format --stdout {} ';' 2> /dev/null
done"""
HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def lines_run(text, sources):
    """{source: {line: times}} of what gcov printed, added over the programs that it is part of."""
    found = {}
    for document in filter(lambda line: line.startswith("{"), text.splitlines()):
        for file in json.loads(document)["files"]:
            if file["file"] in sources:
                lines = found.setdefault(file["file"], {})
                for line in file["lines"]:
                    lines[line["line_number"]] = lines.get(line["line_number"], 0) + line["count"]
    return found


def added_lines(diff):
    """The numbers of the lines that a diff without context adds."""
    spans = (HUNK.match(line) for line in diff.splitlines())
    return [n for m in spans if m for n in range(int(m.group(1)), int(m.group(1)) + int(m.group(2) or 1))]


def count(cell, revision, sources, unit):
    cell.run("git", "checkout", "-q", "-f", "--detach", revision)
    return lines_run(cell.run("bash", "-c", COUNT, "bash", "|".join(unit), *sources, seconds=900).output, sources)


def share(lines):
    """(run, all) of a file's lines."""
    return sum(map(bool, lines.values())), len(lines)


def compare(cell, base, sources, unit):
    """{source: {"before": (run, all), "after": (run, all), "idle": [lines added that nothing runs]}}; the cell's tree
    ends on the commit that it was on."""
    head = cell.run("git", "rev-parse", "HEAD").output.strip()
    before, after = count(cell, base, sources, unit), count(cell, head, sources, unit)
    facts = {}
    for source, lines in sorted(after.items()):
        diff = cell.run("git", "diff", "-U0", base, head, "--", source).output
        idle = [n for n in added_lines(diff) if lines.get(n) == 0]
        facts[source] = {"before": share(before.get(source, {})), "after": share(lines), "idle": idle[:SHOWN]}
    return facts

# SPDX-License-Identifier: Apache-2.0
"""Judges one series: applies, builds and boots each patch, then runs the lint rules, the
tests that its paths call for, the exact gate, and counts what unit tests run of it. Every
step is a function of the base and of the patches so far, so that one which was cut short
is done again from its start."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

import coverage
import source
from cell import Cell

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "bench"))

import gate  # noqa: E402  (ours: how figures are judged is not for a series to say)

TEXT = (".md", ".txt", ".svg", ".dot")
BASES = 60        # how many commits back a series without base-commit is tried on
BUDGETS = "tests/bench/budgets.yaml"
FIND_BASE = """for c in $(git rev-list -n "$1" origin/HEAD); do
  git checkout -q -f --detach $c && git am -q /mail/all.mbox > /dev/null 2>&1 && echo base $c && exit 0
  git am --abort > /dev/null 2>&1
done; echo 'applies to none of the newest commits'; exit 1"""


CUT = "--- taken apart ---\n"
TAKE = f"b4 am -n series -o /tmp -m /mail/thread.mbox --no-cover && echo '{CUT.strip()}' && cat /tmp/*.mbx"

# Under icount a guest's time is a function of instructions: a loaded machine changes no verdict.
GUESTS = ("python3", "tests/guest/run.py", "--icount", "2", "--timeout", "60")
INTEL = ("python3", "tests/guest/run.py", "--machine", "bochs", "--timeout", "120")
GUEST_PATH = re.compile(r"tests/guest/(\w+)\.c")  # one that a series brings or touches runs itself

# Builds the unit tests that a change calls for, and runs them.
UNIT_PROGRAMS = "set -e\n" + coverage.PROGRAMS + "make -s $programs"
UNIT_TESTS = UNIT_PROGRAMS + """
for program in $programs; do "$program"; done"""

# What the exact gate measures of this tree (make bench-record without its installing).
MEASURE = "make -s tool hv bench-guests && /usr/bin/python3 tools/bench gate --record"


class Judge:
    """One series at work. `folder` holds one tree a series; `repository` is what it is for."""

    def __init__(self, state, repository, folder, series):
        self.state, self.repository, self.series = state, Path(repository), series
        self.folder = Path(folder)
        self.tree, self.mail = self.folder / f"tree-{series}", self.folder / f"mail-{series}"
        self.mail.mkdir(parents=True, exist_ok=True)
        ccache = self.folder / "ccache"
        ccache.mkdir(parents=True, exist_ok=True)
        self.cell = Cell(series, self.tree, self.mail, ccache)

    # --- Steps ---

    def step(self, patch, name, work):
        """Does a step unless it is recorded; returns whether it passed."""
        done = self.state.step(self.series, patch, name)
        if done is None:
            start = time.monotonic()
            try:
                passed, log, facts = work()
            except (ValueError, TypeError, LookupError, AttributeError, yaml.YAMLError) as error:  # a patch's tools print anything
                passed, log, facts = False, f"error: what this step printed makes no sense: {error!r}", {}
            self.state.record(self.series, patch, name, passed, time.monotonic() - start, log, facts)
            return passed
        return bool(done["passed"])

    def run(self, *words, seconds=600):
        result = self.cell.run(*words, seconds=seconds)
        return result.status == 0, result.output, {}

    def fresh_tree(self):
        """A clone that shares nothing with the repository, given to the cell's user."""
        shutil.rmtree(self.tree, ignore_errors=True)
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", "--no-local", str(self.repository), str(self.tree)],
                       check=True)
        shutil.copy(self.state.get(self.series)["mbox"], self.mail / "thread.mbox")
        self.cell.own()

    # --- What comes first: the patches and their base ---

    def take(self):
        """b4 takes the thread apart: the newest version, with trailers, in order."""
        passed, log, _ = self.run("sh", "-c", TAKE, seconds=120)
        log, _, patches = log.partition(CUT)
        (self.mail / "all.mbox").write_text(patches)
        count = self.split() if passed and "ERROR: missing" not in log else 0
        text = Path(self.state.get(self.series)["mbox"]).read_text(errors="replace")
        said = re.search(r"^base-commit: ([0-9a-f]{40})", text, re.MULTILINE)
        return count > 0, log, {"base": said.group(1) if said else None}

    def find_base(self):
        said = json.loads(self.state.step(self.series, 0, "take")["facts"])["base"]
        if said:
            passed = self.cell.run("git", "cat-file", "-e", f"{said}^{{commit}}").status == 0
            log = f"base-commit {said}" + ("" if passed else " is not in this repository")
            base = said
        else:
            result = self.cell.run("sh", "-c", FIND_BASE, "sh", str(BASES), seconds=300)
            match = re.search(r"^base ([0-9a-f]{40})", result.output, re.MULTILINE)
            passed, log, base = bool(match), result.output, match.group(1) if match else None
        if passed:
            self.state.update(self.series, base=base)
        return passed, log, {}

    # --- Each patch ---

    def apply(self, patch):
        return self.run("git", "am", "-q", f"/mail/patch-{patch}.mbox", seconds=60)

    def build(self):
        return self.run("make", "-s", "tool", "hv", "guests", seconds=420)

    def boot(self):
        return self.run(*GUESTS, "hello", seconds=90)

    def split(self):
        """One file a patch, as b4 ordered them; keeps their subjects, returns how many there are."""
        messages = [m for m in source.mailbox.mbox(self.mail / "all.mbox", create=False) if "diff --git" in str(m)]
        for number, message in enumerate(messages, 1):
            (self.mail / f"patch-{number}.mbox").write_bytes(source.as_mbox([message]))
        names = [source.MARK.sub(r"\3", source.subject_of(m)) for m in messages]
        self.state.update(self.series, patches=json.dumps(names))
        return len(messages)

    def each_patch(self, base, count):
        self.cell.run("git", "am", "--abort")
        self.cell.run("git", "checkout", "-q", "-f", "--detach", base)
        self.cell.run("git", "clean", "-xdffq")
        for patch in range(1, count + 1):
            if not self.step(patch, "apply", lambda patch=patch: self.apply(patch)):
                return False
            if self.is_behind(patch):
                self.apply(patch)
            if self.only_text(base):
                continue
            for name, work in (("build", self.build), ("boot", self.boot)):
                if not self.step(patch, name, work):
                    return False
        return True

    def is_behind(self, patch):
        """Whether the tree lacks a patch whose step was recorded by a life before this one."""
        count = self.cell.run("git", "rev-list", "--count", f"{self.state.get(self.series)['base']}..HEAD").output
        return int(count.strip() or 0) < patch

    # --- The whole series ---

    def changed(self, base):
        """Paths; of those that are gone, their folders alone."""
        lines = self.cell.run("git", "diff", "--name-status", "--no-renames", base, "HEAD").output.splitlines()
        rows = (line.split(None, 1) for line in lines)
        return [f"{Path(row[1]).parent}/" if row[0] == "D" else row[1] for row in rows if len(row) == 2]

    def only_text(self, base):
        return all(path.endswith(TEXT) for path in self.changed(base))

    def lint(self):
        return self.run("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short",
                        "tests/lint", seconds=240)

    def minimal(self):
        return self.run("make", "-s", "CONFIG=minimal", "hv", seconds=420)

    def tests(self, changed):
        wanted = tests_of(changed)
        runs = [(*GUESTS, *wanted["guests"])]
        if wanted["intel"]:
            runs.append((*INTEL, *wanted["intel"]))
        if wanted["unit"]:
            runs.append(("sh", "-c", UNIT_TESTS, "sh", "|".join(wanted["unit"])))
        passed, logs = True, []
        for words in runs:
            passed, log, _ = self.run(*words, seconds=900) if passed else (False, "", {})
            logs.append(log)
        return passed, "".join(logs), {}

    def budgets(self, revision):
        """The gate's figures as a file of the tree has them; of the working tree where `revision` is empty."""
        words = ("git", "show", f"{revision}:{BUDGETS}") if revision else ("cat", BUDGETS)
        return yaml.safe_load(self.cell.run(*words).output) or {}  # read in the cell: it may be a link to anywhere

    def figures(self):
        """({name: value}, log): instructions an operation, and the hypervisor's size. None: it did not come to its end."""
        passed, log, _ = self.run("sh", "-c", MEASURE, seconds=900)
        return self.budgets("") if passed else None, log

    def size(self):
        """Of the hypervisor's objects: the linked image's parts are rounded to pages."""
        text = self.cell.run("sh", "-c", "size -t $(cat build/default/objects.txt)").output
        totals = re.search(r"^ *(\d+)\s+(\d+)\s+(\d+) .*TOTALS", text, re.MULTILINE)
        code, data, zero = map(int, totals.groups()) if totals else (0, 0, 0)
        return {"hv.text_bytes": code, "hv.data_bytes": data + zero}

    def measured(self):
        """(all that a reply compares, log)."""
        found, log = self.figures()
        return {**(found or {}), **self.size()}, log

    def gate(self, base):
        """Against the series' own budgets, as in `make bench-gate`: to raise one is a change that can be reviewed. Where
        the base is over a budget already, a series that adds nothing is not to blame."""
        before, (after, log) = self.state.base(base) or {}, self.measured()
        figures = {name: value for name, value in after.items() if not name.startswith("hv.")}
        if not figures:
            return False, log, {}
        rises, _, unknown, missing = gate.compare(self.budgets("HEAD"), figures)
        worse = [line for line in rises for name in [line.split(":")[0]] if figures[name] > before.get(name, 0)]
        lines = [*worse, *(f"{name} has no budget" for name in unknown), *(f"{name} was not measured" for name in missing)]
        changes = {name: (before[name], after[name]) for name in before if before[name] != after.get(name, before[name])}
        return not lines, "\n".join(f"error: {line}" for line in lines) or log, changes

    def coverage(self, base, changed):
        """What unit tests run of the files touched, before and after: it says, and fails nothing."""
        unit = tests_of(changed)["unit"]
        return (True, "", coverage.compare(self.cell, base, [f for f in changed if f.endswith(".c")], unit)) if unit else (True, "", {})

    def prepare_base(self, base):
        """Measures the base once, and fills the compiler's cache from it: it is trusted code."""
        if self.state.base(base) is None:
            mine, self.cell = self.cell, Cell(self.series, self.tree, self.mail, self.cell.ccache, trusted=True)
            subprocess.run(["chmod", "-R", "a+rwX", str(self.cell.ccache)], check=True)
            self.cell.run("git", "checkout", "-q", "-f", "--detach", base)
            self.build()
            self.minimal()
            self.cell.run("sh", "-c", UNIT_PROGRAMS, "sh", ".")
            self.state.set_base(base, self.measured()[0])
            self.cell = mine
            subprocess.run(["chmod", "-R", "a+rX", str(self.cell.ccache)], check=True)

    def whole(self, base):
        changed = self.changed(base)
        steps = [("lint", self.lint)]
        if not self.only_text(base):
            steps += [("minimal", self.minimal), ("tests", lambda: self.tests(changed)), ("gate", lambda: self.gate(base)),
                      ("coverage", lambda: self.coverage(base, changed))]
        return all(self.step(0, name, work) for name, work in steps)

    def judge(self):
        """Goes through all steps; records the verdict: green or red."""
        self.fresh_tree()
        good = self.step(0, "take", self.take)
        good = good and self.step(0, "base", self.find_base)
        if good:
            row = self.state.get(self.series)
            base, count = row["base"], len(json.loads(row["patches"]))
            self.prepare_base(base)
            good = self.each_patch(base, count) and self.whole(base)
        self.state.update(self.series, verdict="green" if good else "red", ended=time.time())
        shutil.rmtree(self.tree, ignore_errors=True)


def tests_of(changed):
    """What paths call for: {guests, intel: micro-guests on either machine; unit: how unit tests' names start}."""
    rules = yaml.safe_load((HERE / "paths.yaml").read_text())
    wanted = {"guests": list(rules["always"]["guests"]), "intel": [], "unit": []}
    wanted["guests"] += [m.group(1) for m in map(GUEST_PATH.fullmatch, changed) if m]
    for prefix, wants in rules["paths"].items():
        if any(path.startswith(prefix + "/") for path in changed):
            for kind, names in wants.items():
                wanted[kind] += names
    return {kind: sorted(set(names)) for kind, names in wanted.items()}

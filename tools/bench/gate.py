# SPDX-License-Identifier: Apache-2.0
"""The exact gate: figures that an emulated machine gives in every digit each time, against the
budgets that tests/bench/budgets.yaml holds. It judges counts of instructions, nothing that a
clock of the host has measured."""

import yaml

import peers

BUDGETS = peers.ROOT / "tests" / "bench" / "budgets.yaml"
RISE = 0.01  # more than this part of the budget is a failure

HEAD = """\
# SPDX-License-Identifier: Apache-2.0
# What Skerry's operations cost on the emulated AMD machine, in instructions of the machine or
# nanoseconds of its clock, which are the same. `make check` fails where one has risen by more than
# 1 %; `make bench-record` writes what is measured now. A change here is a decision: say why in the
# commit.
"""


def load(path=BUDGETS):
    if not path.exists():
        return {}
    return yaml.safe_load(path.read_text()) or {}


def save(figures, path=BUDGETS):
    lines = [f"{name}: {value}" for name, value in sorted(figures.items())]
    path.write_text(HEAD + "\n".join(lines) + "\n")


def change(old, new):
    return f"{100 * (new - old) / old:+.1f} %" if old else "from 0"


def compare(budgets, figures):
    """Returns (rises, falls, unknown, missing): lines that say which measure, old and new."""
    rises, falls = [], []
    for name in sorted(set(budgets) & set(figures)):
        old, new = budgets[name], figures[name]
        line = f"{name}: {old} -> {new} ({change(old, new)})"
        if new > old * (1 + RISE):
            rises.append(line)
        elif new < old * (1 - RISE):
            falls.append(line)
    return (rises, falls, sorted(set(figures) - set(budgets)), sorted(set(budgets) - set(figures)))


def judge(budgets, figures):
    """Prints what changed; returns how many passed and failed."""
    rises, falls, unknown, missing = compare(budgets, figures)
    for line in rises:
        print(f"bench: FAIL {line}: more than {100 * RISE:.0f} % above its budget")
    for name in unknown:
        print(f"bench: FAIL {name}: has no budget (it is {figures[name]}); `make bench-record`")
    for name in missing:
        print(f"bench: FAIL {name}: has a budget and was not measured")
    for line in falls:
        print(f"bench: {line}: cheaper; record it with `make bench-record`")
    failed = len(rises) + len(unknown) + len(missing)
    return len(figures) - len(rises) - len(unknown), failed

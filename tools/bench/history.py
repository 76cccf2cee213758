# SPDX-License-Identifier: Apache-2.0
"""What was measured before: a line of JSON for each campaign. It stands outside build/ if
SKERRY_BENCH_HISTORY says where, so that `make clean` leaves it."""

import datetime
import json
import os
import subprocess
from pathlib import Path

import peers

PATH = Path(os.environ.get("SKERRY_BENCH_HISTORY", peers.OUT / "history.jsonl"))


def commit():
    run = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"],
                         cwd=peers.ROOT, text=True, stdout=subprocess.PIPE, check=False)
    return run.stdout.strip() or "unknown"


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M")


def load(path=PATH):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def append(results, path=PATH):
    """Keeps Skerry's own figures, without profiles."""
    own = {name: value for name, value in results["figures"].get("skerry", {}).items()
           if not name.startswith(("profile.", "none."))}
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as out:
        line = {"commit": results["commit"], "when": results["when"], "figures": own}
        out.write(json.dumps(line, sort_keys=True) + "\n")


def series(entries, name):
    """[(commit, value)], oldest first, of those campaigns that measured it."""
    return [(entry["commit"], entry["figures"][name]) for entry in entries
            if name in entry["figures"]]

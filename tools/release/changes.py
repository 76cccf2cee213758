# SPDX-License-Identifier: Apache-2.0
"""The change log of a release, from its commits. What a commit does to the formats
that others depend on (abi/) is read from its diff, or from its trailer
`ABI: none|adds|breaks`, where its author knows better than the diff shows."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ("none", "adds", "breaks")
AUDIENCES = (("abi/manifest/", "compiled images"), ("abi/", "guests"))
COMMENT = re.compile(r"/\*.*?\*/|^\s*\*.*|/\*.*|//.*")


def git(*words, folder=ROOT):
    return subprocess.run(["git", "-C", str(folder), *words], stdout=subprocess.PIPE, text=True, check=True).stdout


def last_release(folder=ROOT):
    """The newest tag before HEAD, or nothing."""
    run = subprocess.run(["git", "-C", str(folder), "describe", "--abbrev=0", "--tags", "--match", "v*", "HEAD^"], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return run.stdout.strip()


def level_of_diff(diff):
    """How much the changed lines may break: comments and blank lines do nothing."""
    level = 0
    for line in diff.splitlines():
        if line[:1] in "+-" and not line.startswith(("+++", "---")) and COMMENT.sub("", line[1:]).strip():
            level = max(level, 2 if line[0] == "-" else 1)
    return LEVELS[level]


def abi_of(commit, folder=ROOT):
    """(level, whom) of one commit."""
    files = git("diff-tree", "--root", "-r", "--no-commit-id", "--name-only", commit, "--", "abi", folder=folder).split()
    if not files:
        return "none", []
    whom = sorted({next(who for prefix, who in AUDIENCES if f.startswith(prefix)) for f in files})
    said = git("log", "-1", "--format=%(trailers:key=ABI,valueonly)", commit, folder=folder).split()
    if said and said[0] in LEVELS:
        return said[0], whom
    return level_of_diff(git("show", "--format=", "-U0", "--no-renames", commit, "--", "abi", folder=folder)), whom


def change_log(version, since, folder=ROOT):
    """Text: what may break first, then what is added, then all else by its subject."""
    rows = {level: [] for level in LEVELS}
    for line in git("log", "--no-merges", "--format=%H %h %s", f"{since}..HEAD" if since else "HEAD",
                    folder=folder).splitlines():
        commit, short, subject = line.split(" ", 2)
        level, whom = abi_of(commit, folder)
        rows[level].append(f"- {subject} ({short})" + (f": {', '.join(whom)}" if level != "none" else ""))
    heads = {"breaks": "ABI: may break", "adds": "ABI: additions", "none": "Changes"}
    parts = [f"# Skerry {version}", f"Since {since}." if since else "The first release."]
    for level in reversed(LEVELS):
        if rows[level]:
            parts.append(f"## {heads[level]}\n\n" + "\n".join(rows[level]))
    return "\n\n".join(parts) + "\n"

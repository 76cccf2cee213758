#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `make check-quick` on each commit since a base, oldest first, and stops at
the first that fails: a series is bisectable or it is not done. Where there is none
(a pipeline of the base itself), the head is checked.

    tools/check-each.py BASE [HEAD]

Each commit is checked out into one clean worktree, build/each/tree, whose path
is always the same so that ccache knows what it has compiled before. It is the
commit's own Makefile that says what it must pass."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(subprocess.run(["git", "rev-parse", "--show-toplevel"], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.strip())
FOLDER = ROOT / "build" / "each"
TREE = FOLDER / "tree"
CCACHE = "/usr/lib/ccache"  # compilers' names, each a link to ccache
STAGE = re.compile(r"^--- (\S+): \d+ passed, (\d+) failed")
SIGN = re.compile(r"error|\*\*\*|^FAILED|^ *FAIL |Traceback|did not", re.IGNORECASE)


def git(*words, folder=ROOT):
    return subprocess.run(["git", "-C", str(folder), *words], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


def clean_tree(commit):
    if not TREE.exists():
        git("worktree", "prune")
        git("worktree", "add", "-q", "--detach", str(TREE), commit)
    git("checkout", "-q", "--force", "--detach", commit, folder=TREE)
    git("clean", "-xdffq", folder=TREE)


def why(text):
    """The first stage of check.py that failed, with the first line that looks like the reason."""
    stage, lines = None, []
    for line in text.splitlines():
        match = STAGE.match(line)
        if match and int(match.group(2)):
            stage = match.group(1)
            break
        lines = [] if match else lines + [line]
    signs = [line.strip() for line in lines if SIGN.search(line)] or lines[-1:]
    return f"{stage or 'make'}: {signs[0] if signs else 'no output'}"


def environment():
    path = os.environ["PATH"]
    keep = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS")}
    return {**keep, "PATH": f"{CCACHE}:{path}" if Path(CCACHE).is_dir() else path}


def check(commit):
    """None, or why the commit fails."""
    clean_tree(commit)
    log = FOLDER / f"{commit}.log"
    with open(log, "w", encoding="utf-8") as out:
        status = subprocess.run(["make", "--no-print-directory", "check-quick"], cwd=TREE, stdin=subprocess.DEVNULL,
                                stdout=out, stderr=subprocess.STDOUT, env=environment(), check=False).returncode
    return why(log.read_text(errors="replace")) + f"\n     (all of it: {log.relative_to(ROOT)})" if status else None


def main(base, head="HEAD"):
    commits = git("rev-list", "--reverse", f"{base}..{head}").split() or [git("rev-parse", head)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    for commit in commits:
        start, title = time.monotonic(), git("log", "-1", "--format=%h %s", commit)
        reason = check(commit)
        print(f"{'FAIL' if reason else 'ok  '} {title} ({time.monotonic() - start:.0f} s)", flush=True)
        if reason:
            print(f"     {reason}")
            return 1
    print(f"{len(commits)} commits since {base}: each builds, boots and passes")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["origin/main"])))

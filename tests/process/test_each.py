# SPDX-License-Identifier: Apache-2.0
"""make check-each: the first commit that fails is named, with the reason, and the
checkout that it started from stays as it is."""

import subprocess
import sys

import pytest

from repository import ROOT

# Stands for the tree's own: what passes is decided by the commit that is checked.
MAKEFILE = "check-quick:\n\t@test ! -e leftover\n\t@touch leftover; echo '--- lint'; cat verdict\n\t@! grep -q error verdict\n"
GOOD = "--- lint: 3 passed, 0 failed, 1 s\n"
BAD = "a.c:7: error: no such thing\n--- lint: 2 passed, 1 failed, 1 s\n"


def each(repository, base, *head):
    return subprocess.run([sys.executable, ROOT / "tools/check-each.py", base, *head], cwd=repository.path, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


@pytest.fixture
def base(repository):
    return repository.commit("Start", Makefile=MAKEFILE, verdict=GOOD, DOTgitignore="build\n")


def test_good_series(repository, base):
    repository.commit("One", verdict=GOOD, a="a")
    repository.commit("Two", verdict=GOOD, b="b")
    run = each(repository, base)
    assert run.returncode == 0, run.stdout
    assert "2 commits since" in run.stdout and "ok  " in run.stdout


def test_names_the_first_that_fails(repository, base):
    repository.commit("One", verdict=GOOD, a="a")
    repository.commit("Two breaks", verdict=BAD)
    repository.commit("Three mends", verdict=GOOD)
    (repository.path / "verdict").write_text("not committed")
    run = each(repository, base)
    assert run.returncode == 1
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 1 and "Two breaks" in failed[0]
    assert "lint: a.c:7: error: no such thing" in run.stdout and "Three" not in run.stdout
    assert (repository.path / "verdict").read_text() == "not committed"


def test_each_commit_is_clean(repository, base):
    """What one commit leaves behind is not there for the next."""
    repository.commit("One", verdict=GOOD, a="a")
    repository.commit("Two", verdict=GOOD, b="b")
    assert "FAIL" not in each(repository, base).stdout
    assert (repository.path / "build/each/tree/leftover").exists()


def test_head_alone(repository, base):
    """A pipeline of the base itself checks something too."""
    assert each(repository, base).returncode == 0
    repository.commit("Bad", verdict=BAD)
    assert each(repository, "HEAD").returncode == 1


@pytest.mark.slow
def test_this_commit():
    run = subprocess.run(["make", "-s", "check-each", "BASE=HEAD~1"], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    assert run.returncode == 0, run.stdout

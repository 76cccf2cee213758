# SPDX-License-Identifier: Apache-2.0
"""The build environment: the list, the lock file and what images record agree."""

import re
import subprocess

import pytest

import environment
from repository import ROOT


def test_lock_covers_the_list():
    """After a change of tools/packages.txt: make environment-lock."""
    names = {name.split(":")[0] for name in environment.locked()}
    assert len(names) > 100 and set(environment.wanted()) <= names


def test_lock_says_when():
    assert re.search(r"at \d{8}T\d{6}Z ", environment.LOCK.read_text())


def test_differences_are_named():
    have = {"gcc:amd64": "12", "make:amd64": "4"}
    assert environment.differences(have, have) == []
    assert environment.differences({"gcc:amd64": "13", "ld:amd64": "1"}, have) == [
        "gcc:amd64: 12, not 13", "ld:amd64: absent, not 1"]


def test_stamp_is_stable(tmp_path):
    header = tmp_path / "environment.h"
    environment.stamp(header)
    before = header.stat().st_mtime_ns
    environment.stamp(header)
    assert header.stat().st_mtime_ns == before
    assert '"skerry ' in header.read_text() and "packages " in header.read_text()


def test_report_shows_it(tmp_path):
    tool, image = ROOT / "build/tools/skerry", tmp_path / "pulse.img"
    subprocess.run(["make", "-s", "tool", "services"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([tool, "build", ROOT / "systems/pulse/system.yaml", "-o", image], check=True)
    report = subprocess.run([tool, "report", image], stdout=subprocess.PIPE, text=True, check=True).stdout
    built = report.split("Built with")[1]
    assert subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines() == \
        environment.description()
    for line in environment.description():
        assert line in built


@pytest.mark.slow
def test_quick_suite_inside():
    """Makes the root file system where it is not cached: some minutes and 1.3 GB."""
    run = subprocess.run(["make", "-s", "check-environment"], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    assert run.returncode == 0, run.stdout[-4000:]

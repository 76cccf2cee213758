# SPDX-License-Identifier: Apache-2.0
"""The wall-clock tier's sampling, with processes that take no time."""

import subprocess

import pytest

import compare
import stats


def test_order_of_samples():
    ran = []

    def take(command):
        ran.append(command)
        return 1.0

    assert len(compare.sample("a", "b", 2, take)) == 8
    assert "".join(ran) == "ab" + stats.order(2).lower()  # one of each is not counted


def test_a_slower_command_is_called_so():
    """By the clock on which it is: here it waits longer and computes as long."""
    taken = {"a": compare.Sample(cpu=1.0, wall=2.0), "b": compare.Sample(cpu=1.0, wall=2.2)}
    found = compare.compare("a", "b", 6, taken.get)
    assert found["wall"].verdict == "slower" and found["wall"].value == pytest.approx(1.1)
    assert found["cpu"].verdict == "no difference shown"


def test_fresh_processes_are_timed():
    taken = compare.seconds(["/bin/sleep", "0.05"])
    assert 0.05 < taken.wall < 5 and taken.cpu < 0.05


def test_children_count():
    loop = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"
    assert compare.seconds(["/bin/sh", "-c", f"sh -c '{loop}'; true"]).cpu > 0.005


def test_a_failing_command_is_no_sample():
    with pytest.raises(subprocess.CalledProcessError):
        compare.seconds(["/bin/false"])

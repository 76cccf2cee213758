# SPDX-License-Identifier: Apache-2.0
"""The wall-clock tier's sampling, with processes that take no time."""

import subprocess

import pytest

import compare


def test_order_of_samples():
    ran = []

    def take(command):
        ran.append(command)
        return 1.0

    assert len(compare.sample("a", "b", 2, take)) == 8
    assert "".join(ran) == "ab" + "abbaabba"  # one of each is not counted


def test_a_slower_command_is_called_so():
    found = compare.compare("a", "b", 6, {"a": 1.0, "b": 1.1}.get)
    assert found.verdict == "slower" and found.value == pytest.approx(1.1)


def test_fresh_processes_are_timed():
    assert 0.05 < compare.seconds(["/bin/sleep", "0.05"]) < 5


def test_a_failing_command_is_no_sample():
    with pytest.raises(subprocess.CalledProcessError):
        compare.seconds(["/bin/false"])

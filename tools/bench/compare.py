# SPDX-License-Identifier: Apache-2.0
"""The statistical tier: two commands, each sample a fresh process, interleaved A B B A, timed by
the wall clock and by the CPU at once. What the samples say is decided in stats.py, from the
interval alone."""

import os
import subprocess
import time
from typing import NamedTuple

import stats

BLOCKS = 60  # of four samples; with fewer the interval is too narrow for its level


class Sample(NamedTuple):
    """Seconds of one process, from its start until it has ended."""

    cpu: float  # its own and its children's, in user and system mode: not what others made it wait
    wall: float


CLOCKS = Sample._fields


def seconds(command):
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)
    if status:
        raise subprocess.CalledProcessError(status, command)
    return Sample(used.ru_utime + used.ru_stime, time.perf_counter() - start)


def sample(command_a, command_b, blocks, take=seconds):
    """Samples of both in the order of stats.order; each was run once before, unmeasured."""
    commands = {"A": command_a, "B": command_b}
    for command in commands.values():
        take(command)
    return [take(commands[side]) for side in stats.order(blocks)]


def ratios(samples):
    """Clock to ratio. Both look at the same processes."""
    return {clock: stats.ratio(taken) for clock, taken in zip(CLOCKS, zip(*samples))}


def compare(command_a, command_b, blocks=BLOCKS, take=seconds):
    return ratios(sample(command_a, command_b, blocks, take))

# SPDX-License-Identifier: Apache-2.0
"""The wall-clock tier: two commands, each sample a fresh process, interleaved A B B A. What the
samples say is decided in stats.py, from the interval alone."""

import os
import subprocess
import time

import stats


def seconds(command):
    """Wall clock of one process, from its start until it has ended."""
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    status = os.waitpid(process, 0)[1]
    if status:
        raise subprocess.CalledProcessError(status, command)
    return time.perf_counter() - start


def sample(command_a, command_b, blocks, take=seconds):
    """Samples of both in the order of stats.order; each was run once before, unmeasured."""
    commands = {"A": command_a, "B": command_b}
    for command in commands.values():
        take(command)
    return [take(commands[side]) for side in stats.order(blocks)]


def compare(command_a, command_b, blocks=20, take=seconds):
    return stats.ratio(sample(command_a, command_b, blocks, take))

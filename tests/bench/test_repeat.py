# SPDX-License-Identifier: Apache-2.0
"""Exact means exact: two complete runs of the deterministic tier agree in every digit, though the
host has something else to do in the second."""

import contextlib
import subprocess

import pytest

import jobs
import peers
import plan


@contextlib.contextmanager
def busy():
    """A loop on a core of the host, for as long."""
    with subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"]) as process:
        try:
            yield
        finally:
            process.kill()


def complete_run():
    names = [name for name, peer in peers.PEERS.items() if peers.present(peer)]
    work = plan.bench_jobs(names, plan.MATRIX)
    return {job.title: jobs.run(job)[0] for job in work}


@pytest.mark.slow
def test_two_runs_agree_in_every_digit():
    first = complete_run()
    with busy():
        second = complete_run()
    assert first == second
    assert sum(map(len, first.values())) > 500

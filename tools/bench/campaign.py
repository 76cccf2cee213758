# SPDX-License-Identifier: Apache-2.0
"""Runs jobs here, one after the other, and gathers their figures. On a cluster slurm.py does."""

import subprocess
import sys

import jobs
import measures
from machine import MachineFailed
from progress import Progress


def run_all(work):
    """All figures of these jobs, one peer's: name to value, without reasons for what has none."""
    figures, progress = {}, Progress(work)
    for job in work:
        with progress.running(job):
            figures.update(jobs.run(job)[0])
    return {name: value for name, value in figures.items() if measures.is_public(name)}


def run(work, progress):
    """(peer to figures, titles of the jobs that failed): one that fails stops no other, and what it
    had measured by then counts."""
    figures, failed = {}, []
    for job in work:
        own = figures.setdefault(job.peer, {})
        try:
            with progress.running(job):
                own.update(jobs.run(job)[0])
        except jobs.Unfinished as error:
            print(f"bench: {job.title}: {error}", file=sys.stderr)
            own.update(error.figures)
            failed.append(f"{job.title} ({error.reason})")
        except (MachineFailed, subprocess.CalledProcessError, ValueError) as error:
            print(f"bench: {job.title}: {error}", file=sys.stderr)
            failed.append(job.title)
    return figures, failed

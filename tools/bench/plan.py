# SPDX-License-Identifier: Apache-2.0
"""Which jobs a campaign has: the suite on each peer, what only one peer can say, and the matrix
of tests/bench/matrix.yaml. How a job is run stands in jobs.py."""

from jobs import Job


def pair_jobs(peer):
    return [Job("suite", peer, "switch", vcpus=2, cpus=1), Job("suite", peer, "sibling", vcpus=2, cpus=2)]


def gate_jobs():
    """Skerry alone, half a minute: what `make check` runs."""
    return [Job("suite", "skerry"), *pair_jobs("skerry"), Job("restart", "skerry", "restart")]

# SPDX-License-Identifier: Apache-2.0
"""Which jobs a campaign has: the suite on each peer, what only one peer can say, and the matrix
of tests/bench/matrix.yaml. How a job is run stands in jobs.py."""

import yaml

import peers
import table
from jobs import Job

MATRIX = peers.ROOT / "tests" / "bench" / "matrix.yaml"


def pair_jobs(peer, kind="suite"):
    return [Job(kind, peer, "switch", vcpus=2, cpus=1), Job(kind, peer, "sibling", vcpus=2, cpus=2)]


def domain_pair(peer, kind="suite"):
    """Two domains on one CPU."""
    return Job(kind, peer, "pair", domains=2, mixed=("granter",))


def gate_jobs():
    """Skerry alone, half a minute: what `make check` runs."""
    return [Job("suite", "skerry"), *pair_jobs("skerry"), domain_pair("skerry"), Job("restart", "skerry", "restart")]


def peer_jobs(name):
    peer = peers.PEERS[name]
    if isinstance(peer, peers.Bochs):
        return [Job("plain", name)]
    work = [Job("suite", name)]
    if isinstance(peer, (peers.Skerry, peers.Xen)):
        work += pair_jobs(name)
    if name in ("skerry", table.BASE):
        work += [Job("profile", name), *pair_jobs(name, "profile")]
    if peer.many:
        work += [domain_pair(name), domain_pair(name, "profile"), Job("devices", name)]
    if name in ("skerry", "bare", table.BY_XL):
        work.append(Job("workload", name))
    if isinstance(peer, peers.Skerry):
        work += [Job("restart", name, "restart"), Job("own", name), Job("exits", name, config="stats")]
    return work


def grown_jobs(axis, values):
    """The suite in the first domain, one axis away from a single domain with one vCPU."""
    return [Job("suite", "skerry", variant=f"{axis}={value}", **{axis: value}) for value in values]


def matrix_jobs(path):
    """Along each axis of `grow`, and the `systems` as the file describes them."""
    matrix = yaml.safe_load(path.read_text())
    work = [job for axis, values in matrix.get("grow", {}).items()
            for job in grown_jobs(axis, values)]
    return work + [Job("suite", "skerry", row.get("group", ""), domains=row["domains"],
                       memory_mib=row.get("memory_mib", 64), mixed=tuple(row.get("others", ())),
                       variant="system=" + row["name"]) for row in matrix.get("systems", [])]


def figure_jobs():
    """For `make figures`: Skerry, Xen and the floor, and what sixteen domains cost."""
    names = ("skerry", "xen417", table.BY_XL, "floor", "skerry-ryzen", "xen417-ryzen", "skerry-intel",
             "xen417-intel")
    return [job for name in names for job in peer_jobs(name)
            if job.kind not in ("workload", "exits")] + grown_jobs("domains", [1, 16])


def bench_jobs(names, matrix):
    work = [job for name in names for job in peer_jobs(name)]
    return work + (matrix_jobs(matrix) if "skerry" in names and matrix else [])

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


def devices_jobs(name):
    """Disk and network of a driver domain; of Skerry those of services too."""
    kinds = ("devices", "devices-profile")
    work = [Job(kind, name, group) for kind in kinds for group in ("", "between")]
    if name == "skerry":
        work += [Job(kind, name, group, variant="service") for kind in kinds for group in ("disk", "between")]
    return work


def domain_jobs(name):
    return [Job("restart", name, "restart"), Job("boots", name, "stamp", domains=3, mixed=("stamp",))]


# The groups of measures that a kind of job gives; a suite's or a profile's are the first.
SUITE = {"exit", "hypercall", "event", "switch", "timer", "memory", "grant", "pair", "boot"}
GIVES = {"workload": {"workload"}, "devices": {"disk", "network"}, "devices-profile": {"disk", "network"}, "crowd": {"workload"}, "exits": {"workload"},
         "restart": {"domain"}, "boots": {"domain"}, "own": {"memory", "boot"}}


def wanted(work, patterns):
    """The jobs that these measures or groups need."""
    groups = {pattern.partition(".")[0] for pattern in patterns}
    return [job for job in work if not groups or groups & GIVES.get(job.kind, SUITE)]


def gate_jobs():
    """Skerry alone, less than a minute: what `make check` runs. Of what grows, the ends."""
    return [Job("suite", "skerry"), *pair_jobs("skerry"), domain_pair("skerry"), *domain_jobs("skerry"),
            *grown_jobs("domains", [17], "calls"), *grown_jobs("vcpus", [64], "interrupts")]


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
        work += [domain_pair(name), domain_pair(name, "profile"), *domain_jobs(name), *devices_jobs(name)]
    if name in ("skerry", "bare", table.BY_XL):
        work.append(Job("workload", name))
    if isinstance(peer, peers.Skerry):
        work += [Job("own", name), Job("exits", name, config="stats"),
                 Job("exits", name, "boot", config="stats")]
    return work


def grown_jobs(axis, values, group=""):
    """The suite in the first domain, one axis away from a single domain with one vCPU."""
    return [Job("suite", "skerry", group, variant=f"{axis}={value}", **{axis: value}) for value in values]


def system_job(row):
    """A row of the matrix's `systems`: the suite in the first domain, or stock kernels in all."""
    size = row.get("memory_mib", 64)
    fields = {"domains": row["domains"], "cpus": row.get("cpus", 1), "variant": "system=" + row["name"],
              "memory_mib": tuple(size) if isinstance(size, list) else size}
    if "work" in row:
        return Job("crowd", "skerry", mixed=tuple(row["work"]), **fields)
    return Job("suite", "skerry", row.get("group", ""), mixed=tuple(row.get("others", ())), **fields)


def matrix_jobs(path):
    """Along each axis of `grow`, and the `systems` as the file describes them."""
    matrix = yaml.safe_load(path.read_text())
    grown = [job for axis, values in matrix.get("grow", {}).items() for job in grown_jobs(axis, values)]
    return grown + [system_job(row) for row in matrix.get("systems", [])]


def figure_jobs():
    """For `make figures`: Skerry, Xen and the floor, and what sixteen other domains cost."""
    names = ("skerry", "xen417", table.BY_XL, "floor", "skerry-ryzen", "xen417-ryzen", "skerry-intel",
             "xen417-intel")
    return [job for name in names for job in peer_jobs(name)] + grown_jobs("domains", [1, 17])


def bench_jobs(names, matrix):
    work = [job for name in names for job in peer_jobs(name)]
    return work + (matrix_jobs(matrix) if "skerry" in names and matrix else [])

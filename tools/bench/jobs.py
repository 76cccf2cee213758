# SPDX-License-Identifier: Apache-2.0
"""One job: a guest on a peer, in a machine of its own, and the figures that came out. Jobs do not
depend on one another and can be written down, so that another machine may run them. Which jobs
there are stands in plan.py."""

import dataclasses
import json
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import peers
from machine import BUILD, Machine, MachineFailed

MEASURE = re.compile(r"^measure: (\S+) (\d+|-) (\S+)$")
STAMP = re.compile(r"^stamp: (start|end) (\d+)$")
OWN_FIGURE = re.compile(r"^figure: (\S+) (\S+) (\S+)$")


@dataclass(frozen=True)
class Job:
    """`kind` names a function below. Its figures are named after the job's variant, if it has one:
    exit.cpuid@domains=16."""

    kind: str
    peer: str
    group: str = ""  # of the suite; all when empty
    domains: int = 1
    vcpus: int = 1
    cpus: int = 1
    memory_mib: int = 64
    variant: str = ""
    config: str = "default"

    @property
    def title(self):
        words = [self.peer, self.kind, self.group, self.variant]
        return " ".join(word for word in words if word)

    def guest(self, **fields):
        return peers.Guest(peers.SUITE, self.group, domains=self.domains, vcpus=self.vcpus,
                           cpus=self.cpus, memory_mib=self.memory_mib, config=self.config, **fields)


def to_json(job):
    return json.dumps(dataclasses.asdict(job))


def from_json(text):
    return Job(**json.loads(text))


def log_of(job):
    return BUILD / "logs" / ("bench-" + re.sub(r"[^\w.=-]+", "-", job.title) + ".log")


def guest_lines(machine, peer):
    return machine.texts(peer.origin)


def suite(job, folder):
    """The suite's groups: name to value, for those that it could measure."""
    peer = peers.PEERS[job.peer]
    with Machine(peer.command(job.guest(), folder), log_of(job)) as machine:
        failed = machine.wait(r"^DONE \d+ (\d+)$", peer.origin, 300)[0].group(1)
        found = filter(None, map(MEASURE.match, guest_lines(machine, peer)))
        if failed != "0":
            raise MachineFailed(f"{job.title}: the suite failed")
        return {m.group(1): int(m.group(2)) for m in found if m.group(2) != "-"}


def restart(job, folder):
    """From a domain's last words to the next life's first."""
    peer = peers.PEERS[job.peer]
    with Machine(peer.command(job.guest(), folder), log_of(job)) as machine:
        machine.wait(r"^stamp: start", peer.origin, 300)
        end = machine.wait(r"^stamp: end (\d+)", peer.origin, 300)[0].group(1)
        start = machine.wait(r"^stamp: start (\d+)", peer.origin, 300)[0].group(1)
    return {"domain.restart": int(start) - int(end)}


def own_figures(job, folder):
    """What the hypervisor says of its boot and of its memory."""
    peer = peers.PEERS[job.peer]
    with Machine(peer.command(job.guest(options="figures"), folder), log_of(job)) as machine:
        machine.wait(r"^DONE", peer.origin, 300)
        found = filter(None, map(OWN_FIGURE.match, machine.texts("skerry")))
        return {"own." + m.group(1): int(m.group(2)) for m in found}


KINDS = {"suite": suite, "restart": restart, "own": own_figures}


def run(job):
    """Runs it; returns its figures and the seconds that it took."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="skerry-bench-") as folder:
        figures = KINDS[job.kind](job, Path(folder))
    suffix = f"@{job.variant}" if job.variant else ""
    return {name + suffix: value for name, value in figures.items()}, time.monotonic() - start

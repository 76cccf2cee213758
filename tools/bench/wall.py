# SPDX-License-Identifier: Apache-2.0
"""The suite, pairs of domains, the stock kernel's work and its devices by the clock: the same guests on
Skerry and on Xen, each sample a machine of its own, in blocks A B B A. The guest says on its console when a measure
begins and has ended, and the host takes the time: no guest knows what CPU time it took."""

import dataclasses
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import compare
import history
import jobs
import peers
import plan
import stats
import table
from machine import Machine, MachineFailed
from progress import Steps

RESULTS = peers.OUT / "wall.json"
OWN = "skerry"
BLOCKS = 6  # of four machines
LEAST = 3  # of them: their extremes then hold the median in 3 of 4 runs
TURNS = 6  # of what a stock kernel does
SECONDS = 900  # that a machine may take
SHORTEST = 0.001  # seconds: below, a sample is the console's delay and no measure


def cpu_clock(pid):
    """The clock of what CPU time a process has used, with all its threads: clock_getcpuclockid(3)."""
    return ~pid << 3 | 2


class Clocked(Machine):
    """Knows of each line when it came, and what CPU time the emulator had used by then."""

    def __init__(self, arguments, log):
        super().__init__(arguments, log)
        self._samples = []

    def _add(self, text):
        super()._add(text)
        if self._process.poll() is None:
            now = compare.Sample(time.clock_gettime(cpu_clock(self._process.pid)), time.monotonic())
            self._samples += [now] * (len(self.lines) - len(self._samples))

    def stamped(self, origin):
        """[(text, sample)] of that domain's lines."""
        return [(line.text, at) for line, at in zip(self.lines, self._samples) if line.origin == origin]


def sections(stamped):
    """Measure to what went by until its line, from the line that tells of its beginning or of the
    end of the measure before; the sum where it was taken several times."""
    found, last = {}, None
    for text, at in stamped:
        measure = jobs.MEASURE.match(text)
        if measure and last:
            name = measure.group(1)
            spent = found.get(name, compare.Sample(0, 0))
            found[name] = compare.Sample(*(s + b - a for s, a, b in zip(spent, last, at)))
        if measure or text.startswith("begin: "):
            last = at
    return found


def suite_guest():
    return peers.Guest(peers.SUITE, "all long", icount=False)


def workload_guest():
    return dataclasses.replace(jobs.linux(jobs.Job("workload", OWN)), icount=False)


def pair_guest():
    guest = plan.domain_pair(OWN).guest(icount=False)
    return dataclasses.replace(guest, command_line=guest.command_line + " long")


def devices_guest():
    return jobs.devices_guest(f"skerry.turns={TURNS}", icount=False)


def take(peer, guest):
    """One sample of each of the guest's measures."""
    peer = peers.PEERS[peer]
    log = jobs.BUILD / "logs" / f"bench-wall-{peer.name}.log"
    with tempfile.TemporaryDirectory(prefix="skerry-bench-") as folder:
        with Clocked(peer.command(guest, Path(folder)), log) as machine:
            jobs.wait_last(machine, r"^DONE \d+ 0$", peer.origin, SECONDS)
            return sections(machine.stamped(peer.origin))


# By kind: the peer that Skerry is compared with, the guest, and the groups of its measures.
KINDS = {"suite": (table.BASE, suite_guest, {"exit", "hypercall", "grant", "event"}),
         "pair": (table.BY_XL, pair_guest, {"pair"}),
         "workload": (table.BY_XL, workload_guest, {"workload"}),
         "devices": (table.BY_XL, devices_guest, {"disk", "network"})}


def wanted(names, patterns):
    """Kinds whose two peers are among these names, and of whose measures some are asked for."""
    groups = {pattern.partition(".")[0] for pattern in patterns}
    return [kind for kind, (base, _, own) in KINDS.items()
            if {base, OWN} <= set(names) and (not groups or groups & own)]


def judge(samples):
    """[{name, clock, the samples' interval and what it says}] of samples in the order of stats.order; what
    is over too soon for the clock on either side is left out."""
    found = []
    for name in samples[0]:
        if min(min(sample[name]) for sample in samples) < SHORTEST:
            print(f"bench: {name}: too short for the clock", file=sys.stderr)
            continue
        for clock in compare.CLOCKS:
            ratio = stats.interval([getattr(sample[name], clock) for sample in samples])
            found.append({"name": name, "clock": clock, "verdict": ratio.verdict, **dataclasses.asdict(ratio)})
    return found


def run_kind(kind, blocks, step):
    base, guest, _ = KINDS[kind]

    def taken(peer):
        found = take(peer, guest())
        step()
        return found

    return [{"kind": kind, "base": base, **row} for row in judge(compare.sample(base, OWN, blocks, taken))]


def others(kinds, blocks, commit):
    """What was measured of other kinds on this very commit before, in as many blocks."""
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if (before.get("commit"), before.get("blocks")) != (commit, blocks) or "dirty" in commit:
        return []
    return [row for row in before["rows"] if row["kind"] not in kinds]


def run(blocks, kinds=tuple(KINDS)):
    """All measures of these kinds; writes and returns them, beside what was taken of others on the same commit,
    with the kinds that did not finish."""
    commit = history.commit()
    rows, failed, step = others(kinds, blocks, commit), [], Steps(len(kinds) * (4 * blocks + 2), seldom=4)
    for kind in kinds:
        try:
            rows += run_kind(kind, blocks, step)
        except MachineFailed as error:
            print(f"bench: {kind} by the clock: {error}", file=sys.stderr)
            failed.append(f"{kind} by the clock")
    results = {"commit": commit, "when": history.now(), "blocks": blocks, "cpus": os.cpu_count(),
               "load": round(os.getloadavg()[0], 1), "rows": rows}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    return results, failed


def pairs(results):
    """[(measure, the peer compared with, CPU time's row, wall clock's row)]"""
    by_name = {}
    for row in results["rows"]:
        by_name.setdefault((row["name"], row["base"]), {})[row["clock"]] = row
    return [(name, peers.PEERS[base].title, rows["cpu"], rows["wall"]) for (name, base), rows in by_name.items()]

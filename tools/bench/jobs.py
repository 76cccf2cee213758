# SPDX-License-Identifier: Apache-2.0
"""One job: a guest on a peer, in a machine of its own, and the figures that came out. Jobs do not
depend on one another and can be written down, so that another machine may run them. Which jobs
there are stands in plan.py."""

import dataclasses
import json
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import peers
import counting
import measures
from machine import BUILD, Machine, MachineFailed

MEASURE = re.compile(r"^measure: (\S+) (\d+|-) (\S+)$")
STAMP = re.compile(r"^stamp: (start|end) (\d+)$")
LINUX_MIB = 256
EXITS = re.compile(r'^skerry_exits_total\{.*reason="(\w+)"\} (\d+)$', re.MULTILINE)
TOP = 12  # functions of a profile
FAILED = re.compile(r"^(FAIL\b|DONE \d+ [1-9])")
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
    memory_mib: int | tuple = 64  # of all domains, or of each in turn
    variant: str = ""
    config: str = "default"
    mixed: tuple = ()  # what the other domains do, in turn

    @property
    def title(self):
        words = [self.peer, self.kind, self.group, self.variant]
        return " ".join(word for word in words if word)

    def guest(self, **fields):
        pair = self.group == "pair"
        return peers.Guest(peers.SUITE, self.group, domains=self.domains, vcpus=self.vcpus,
                           cpus=self.cpus, memory_mib=self.memory_mib, config=self.config,
                           mixed=tuple(self.mixed), pair=pair,
                           cpu=peers.PV_CPU if pair else peers.CPU, **fields)


def to_json(job):
    return json.dumps(dataclasses.asdict(job))


def from_json(text):
    fields = json.loads(text).items()
    return Job(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields})


def log_of(job):
    return BUILD / "logs" / ("bench-" + re.sub(r"[^\w.=-]+", "-", job.title) + ".log")


class Unfinished(MachineFailed):
    """A job that the peer did not bring to its end; `figures` holds what it had measured by then."""

    def __init__(self, figures, error):
        super().__init__(str(error))
        self.figures = figures

    @property
    def reason(self):
        taken_last = [name for name in self.figures if measures.is_public(name)][-1:]
        return f"stopped behind {taken_last[0]}" if taken_last else "measured nothing"


def measured(machine, origin):
    """name to value, of those measures that this domain could take; of the others none.NAME to the
    reason that it gave."""
    found = list(filter(None, map(MEASURE.match, machine.texts(origin))))
    figures = {m.group(1): int(m.group(2)) for m in found if m.group(2) != "-"}
    return {**figures, **{"none." + m.group(1): m.group(3).replace("-", " ") for m in found
                          if m.group(2) == "-" and m.group(3) != "no-hypervisor"}}


def wait_last(machine, last, origin, seconds):
    """Waits for the guest's last line; one by which it says that it has failed ends the wait as well."""
    said = machine.wait(f"{last}|{FAILED.pattern}", origin, seconds)[1].text
    if FAILED.match(said):
        raise MachineFailed(f"{origin} says: {said}")


def taken(job, guest, folder, last, seconds):
    """What the measured domain prints until its line `last`."""
    peer = peers.PEERS[job.peer]
    with Machine(peer.command(guest, folder), log_of(job)) as machine:
        try:
            wait_last(machine, last, peer.origin, seconds)
        except MachineFailed as error:
            raise Unfinished(measured(machine, peer.origin), error) from error
        return measured(machine, peer.origin)


def suite(job, folder):
    """The suite's groups."""
    return taken(job, job.guest(), folder, r"^DONE \d+ 0$", 300)


def without_interrupts(job, folder):
    """The suite as far as it comes where none are delivered."""
    return taken(job, job.guest(), folder, r"^measure: grant.copy_4k", 400)


def restart(job, folder):
    """From a domain's last words to the next life's first."""
    peer = peers.PEERS[job.peer]
    with Machine(peer.command(job.guest(), folder), log_of(job)) as machine:
        machine.wait(r"^stamp: start", peer.origin, 300)
        end = machine.wait(r"^stamp: end (\d+)", peer.origin, 300)[0].group(1)
        start = machine.wait(r"^stamp: start (\d+)", peer.next_life, 300)[0].group(1)
    return {"domain.restart": int(start) - int(end)}


def boots(job, folder):
    """From a domain's first words to those of the one that is built next: the hypervisor's option
    `figures` has them start one after the other."""
    peer = peers.PEERS[job.peer]
    with Machine(peer.command(job.guest(options="figures"), folder), log_of(job)) as machine:
        first, second = (int(machine.wait(r"^stamp: start (\d+)", name, 300)[0].group(1))
                         for name in peer.origins(2))
    return {"domain.boot": second - first}


def own_figures(job, folder):
    """What the hypervisor says of its boot and of its memory."""
    peer = peers.PEERS[job.peer]
    with Machine(peer.command(job.guest(options="figures"), folder), log_of(job)) as machine:
        machine.wait(r"^DONE", peer.origin, 300)
        found = filter(None, map(OWN_FIGURE.match, machine.texts("skerry")))
        figures = {"own." + m.group(1): int(m.group(2)) for m in found}
    kinds = [value for name, value in figures.items()
             if name.startswith("own.memory.") and name != "own.memory.payload_kib"]
    return {**figures, "memory.hypervisor": sum(kinds)}


def profile_sections(job, folder):
    """The suite under the counting plugin: (the boot's section, measure to section)."""
    peer = peers.PEERS[job.peer]
    command = peer.command(job.guest(), folder) + counting.plugin_arguments(peer, folder, peers.SUITE)
    with Machine(command, log_of(job)) as machine:
        machine.wait(r"^DONE", peer.origin, 600)
        found = filter(None, map(MEASURE.match, machine.texts(peer.origin)))
        names = [m.group(1) for m in found]
    boot, *marked = counting.parse((folder / "counts").read_text())
    return boot, dict(zip(names, marked, strict=True))


def boot_parts(peer, boot):
    """Of our own boot: instructions by the folder of hv/ whose code they are, waits and all."""
    if not isinstance(peer, peers.Skerry):
        return {}
    folders, found = counting.folders(BUILD / "default"), {}
    for function, count in boot.functions.items():
        name = "own.boot_part." + folders.get(function, "other")
        found[name] = found.get(name, 0) + count
    return found


def profiled(job, folder):
    """What only counting by function can tell, and each function's count itself."""
    boot, marked = profile_sections(job, folder)
    figures = {} if job.group else {"boot.wait": boot.in_waits, "boot.work": boot.work,
                                    **boot_parts(peers.PEERS[job.peer], boot)}
    for name, section in marked.items():
        if section.lengths:
            figures["length." + name] = round(section.in_lengths / section.lengths)
            figures["lengths." + name] = section.lengths
    for name, section in {**({} if job.group else {"boot": boot}), **marked}.items():
        for count, function in section.top(TOP):
            figures[f"profile.{name}.{function}"] = count
    return figures


def linux(job):
    console = "hvc0" if peers.PEERS[job.peer].many else "ttyS0"
    work = f" work={job.group}" if job.group else ""
    return peers.Guest(peers.LINUX, f"console={console} quiet mem={LINUX_MIB}M{work}",
                       memory_mib=LINUX_MIB, ramdisk=peers.USER_SPACE, config=job.config,
                       cpu=peers.PV_CPU)


def crowd(job, folder):
    """Stock kernels at the same time, each with the work that `mixed` has for it in turn: figures
    of each domain, by its own clock, so that what the others took is in them."""
    peer = peers.PEERS[job.peer]
    lines = [f"console=hvc0 quiet work={job.mixed[n % len(job.mixed)]}" for n in range(job.domains)]
    guest = peers.Guest(peers.LINUX, lines[0], domains=job.domains, cpus=job.cpus, memory_mib=job.memory_mib,
                        ramdisk=peers.USER_SPACE, mixed=tuple(lines[1:]), cpu=peers.PV_CPU)
    names = peer.origins(job.domains)
    with Machine(peer.command(guest, folder), log_of(job)) as machine:
        for name in names:
            wait_last(machine, r"^DONE \d+ 0", name, 900)
        return {f"{measure}@{job.variant}/{name}": value for name in names
                for measure, value in measured(machine, name).items()}


def workload(job, folder):
    """The stock kernel to its user space, and what that does there; in the machine's time."""
    return taken(job, linux(job), folder, r"^DONE 4 0", 900)


def devices_guest(words="", back="linux", **fields):
    return peers.Guest(peers.LINUX, f"console=hvc0 quiet skerry.name=d0 {words}".strip(), memory_mib=LINUX_MIB,
                       ramdisk=peers.DEVICES_USER_SPACE, cpu=peers.PV_CPU, devices=back,
                       reserve_mib=peers.BOOT_MIB, **fields)


def devices_of(job):
    """The group `between` has two guests, one of which sends to the other, `disk` no network's work; the variant
    `service` has services for back ends."""
    words, fields = f"skerry.work={job.group}" if job.group else "", {}
    if job.group == "between":
        fields = {"domains": 2, "mixed": ("console=hvc0 quiet skerry.name=d1 skerry.work=sink",)}
    return devices_guest(words, job.variant or "linux", **fields)


def devices(job, folder):
    """The stock kernel with a disk and a network that a stock kernel in another domain drives, or a service."""
    return taken(job, devices_of(job), folder, r"^DONE 3 0", 900)


def section_parts(name, section):
    """Of a measure with other domains: an operation's instructions in the hypervisor, those of it that find
    lengths, and all others."""
    count = measures.find(name).operations
    own = {"hypervisor": section.hypervisor, "decoding": section.in_lengths, "domains": section.functions["-"]}
    figures = {f"part.{part}.{name}": round(value / count) for part, value in own.items()}
    return figures | {f"profile.{name}.{function}": n for n, function in section.top(TOP)}


def devices_profile(job, folder):
    """The same under the counting plugin: whose the instructions are."""
    peer = peers.PEERS[job.peer]
    command = peer.command(devices_of(job), folder) + counting.plugin_arguments(peer, folder, peers.IO)
    with Machine(command, log_of(job)) as machine:
        wait_last(machine, r"^DONE 3 0", peer.origin, 900)
        names = list(measured(machine, peer.origin))
    found = [s for s in counting.parse((folder / "counts").read_text()) if s.name == "mark"]
    figures = {}
    for name, section in zip(names, found, strict=True):
        figures |= section_parts(name, section)
    return figures


def exits(job, folder):
    """The same with exit accounting: how often the guest left its CPU until it ended, and why. The
    group `boot` has it do no work."""
    peer, console = peers.PEERS[job.peer], folder / "console"
    with Machine(peer.command(linux(job), folder), log_of(job)) as machine:
        wait_last(machine, r"^DONE 4 0", peer.origin, 900)
        machine.wait_end(120)
        console.write_text("".join(f"skerry: {text}\n" for text in machine.texts("skerry")))
    run = subprocess.run([BUILD / "tools" / "skerry", "stat", "--prometheus", console], text=True,
                         stdout=subprocess.PIPE, check=True)
    kind = f"own.exits_{job.group}." if job.group else "own.exits."
    return {kind + m.group(1): int(m.group(2)) for m in EXITS.finditer(run.stdout)}


KINDS = {"suite": suite, "plain": without_interrupts, "restart": restart, "boots": boots, "own": own_figures,
         "profile": profiled, "workload": workload, "devices": devices, "devices-profile": devices_profile, "crowd": crowd, "exits": exits}


def named(job, figures):
    """After its variant."""
    suffix = f"@{job.variant}" if job.variant else ""
    return {name if "@" in name else name + suffix: value for name, value in figures.items()}


def run(job):
    """Runs it; returns its figures and the seconds that it took."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="skerry-bench-") as folder:
        try:
            figures = KINDS[job.kind](job, Path(folder))
        except Unfinished as error:
            error.figures = named(job, error.figures)
            raise
    return named(job, figures), time.monotonic() - start

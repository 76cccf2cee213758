# SPDX-License-Identifier: Apache-2.0
"""What is measured: each measure's name, what it means in a line, and which of them an emulated
machine must let an instruction's length be found for. How they are taken stands in the guest
(tests/bench/guest) and in jobs.py."""

from dataclasses import dataclass

INSTRUCTIONS = "instructions"


@dataclass(frozen=True)
class Measure:
    name: str
    text: str
    unit: str = INSTRUCTIONS
    aim: float = 0.0  # at most this part of Xen's figure less the length decoding; 0: none is set
    operations: int = 2048  # between the guest's two marks
    clocks: int = 8  # readings of the clock between them, which may be exits too
    beside: str = ""  # the measure of Xen's that stands beside it, if not the same

    @property
    def group(self):
        return self.name.split(".", maxsplit=1)[0]


THIRD = 1 / 3
HALF = 1 / 2

ALL = [
    Measure("exit.cpuid", "CPUID leaf 0", aim=THIRD),
    Measure("exit.rdmsr", "RDMSR of the APIC base", aim=THIRD),
    Measure("exit.wrmsr", "WRMSR of EFER with the value it has", aim=THIRD),
    Measure("exit.port_read", "IN from a port that nobody has", aim=THIRD),
    Measure("exit.port_write", "OUT to a port that nobody has", aim=THIRD),
    Measure("exit.apic_read", "local APIC: task priority read", aim=THIRD),
    Measure("exit.apic_write", "local APIC: task priority written", aim=THIRD),
    Measure("exit.apic_ipi", "local APIC: an IPI to itself, with its handler and EOI", aim=THIRD),
    Measure("exit.hlt_pending", "IPI to itself, then HLT: wakes at once, handler and EOI", aim=THIRD),
    Measure("exit.rdtsc", "RDTSC (no exit, unless somebody intercepts it)"),
    Measure("exit.unbacked_read", "a read of an address without memory (nested page fault)",
            aim=THIRD),
    Measure("hypercall.null", "xen_version: nothing is copied", aim=THIRD),
    Measure("hypercall.unknown", "a number that nobody has", aim=THIRD),
    Measure("hypercall.yield", "sched_op yield, nobody else to run", aim=THIRD),
    Measure("hypercall.vcpu_state", "vcpu_op is_up", aim=THIRD),
    Measure("hypercall.memory_reservation", "a page given back and taken again (two calls)",
            aim=THIRD, operations=256),
    Measure("hypercall.console_write", "console_io of 16 bytes", aim=THIRD, operations=16),
    Measure("event.self_send", "event to itself, masked", aim=THIRD),
    Measure("event.self_upcall", "event to itself until its upcall has ended", aim=THIRD),
    Measure("event.sibling", "event to a vCPU that sleeps on another CPU, and back",
            operations=512),
    Measure("switch.two_vcpus", "the same on one CPU: two context switches", aim=THIRD,
            operations=512),
    Measure("timer.set", "single-shot timer set", aim=THIRD),
    Measure("timer.lateness_running", "deadline to handler, the vCPU running", "ns"),
    Measure("timer.lateness_halted", "deadline to handler, the vCPU halted", "ns"),
    Measure("memory.first_touch", "first write to a page of RAM (4: no fault is taken)"),
    Measure("grant.map_unmap_1", "a page of its own mapped and unmapped by grant", aim=THIRD, operations=4,
            clocks=16),
    Measure("grant.map_unmap_16", "16 pages in one call each", aim=THIRD, operations=4,
            clocks=16),
    Measure("grant.map_unmap_256", "256 pages in one call each", aim=THIRD, operations=4,
            clocks=16),
    Measure("grant.copy_4k", "4 KiB copied by grant", aim=THIRD, operations=64),
    Measure("pair.event_roundtrip", "event to a domain that sleeps on the same CPU, and back", aim=HALF,
            operations=512),
    Measure("pair.map_unmap_1", "a page of another domain's mapped and unmapped by grant", aim=HALF,
            operations=4, clocks=16),
    Measure("pair.map_unmap_16", "16 pages in one call each", aim=HALF, operations=4, clocks=16),
    Measure("pair.map_unmap_256", "256 pages in one call each", aim=HALF, operations=4, clocks=16),
    Measure("pair.copy_4k", "4 KiB of another domain's copied by grant", aim=HALF, operations=64),
    Measure("domain.boot", "a domain filled and started, until its first instructions (Skerry has handed out its memory "
            "before; on Xen, by xl with all that it does)",
            "ns"),
    Measure("domain.restart", "reboot of a 64 MiB domain, until its first instructions (on Xen, by xl)", "ns"),
    Measure("workload.boot", "the stock kernel's own start to its user space", "ns"),
    Measure("workload.fork_exec", "its user space: 200 times fork and exec", "ns"),
    Measure("workload.memory", "32 MiB written to a tmpfs and read, three times", "ns"),
    Measure("workload.timer", "50 sleeps of 2 ms, less the time slept", "ns"),
    Measure("disk.random_4k", "4 KiB read from a PV disk, past the guest's cache", "ns", aim=HALF,
            operations=256),
    Measure("disk.sequential_1m", "1 MiB read from it", "ns", aim=HALF, operations=32),
    Measure("network.send_16m", "16 MiB sent by TCP to the driver domain", "ns", aim=HALF, operations=1),
    Measure("network.between_16m", "16 MiB sent by TCP to another guest", "ns", aim=HALF, operations=1),
    Measure("disk.random_4k@service", "4 KiB read, services/block for the back end", "ns", aim=HALF,
            operations=256, beside="disk.random_4k"),
    Measure("disk.sequential_1m@service", "1 MiB read from it", "ns", aim=HALF, operations=32,
            beside="disk.sequential_1m"),
    Measure("network.between_16m@service", "16 MiB to another guest, services/net for the switch", "ns", aim=HALF,
            operations=1, beside="network.between_16m"),
    Measure("boot.work", "the hypervisor's start to the guest's, without waits", aim=0.2),
    Measure("boot.wait", "of the same, waiting (timers, other CPUs)"),
    Measure("memory.hypervisor", "memory that the hypervisor keeps, one domain on 512 MiB", "KiB",
            aim=0.5),
]

BY_NAME = {measure.name: measure for measure in ALL}


def plain(name):
    """Without its variant: exit.cpuid of exit.cpuid@domains=16."""
    return name.partition("@")[0]


def base_name(name):
    """Xen's measure that this one is compared with."""
    return find(name).beside or name


def find(name):
    """The measure of that name; one that stands in no list has its name for a text."""
    return BY_NAME.get(name) or Measure(name, name)


def is_public(name):
    """A figure of its own, and not a part of another's explanation."""
    return not name.startswith(("profile.", "length.", "lengths.", "own.", "none.", "part."))


def matches(name, patterns):
    """Is it one of these, or of a group that is named?"""
    return not patterns or any(name == p or name.startswith(p + ".") for p in patterns)


# --- What the machine makes Xen do -----------------------------------------------
#
# The emulated AMD machine reports no next RIP, so that Xen fetches and decodes the instruction at
# each exit that steps over one. The counting plugin tells how often and at what cost.


def decoding(name, figures):
    """Instructions of an operation that went into finding lengths, of the peer whose figures these
    are; None where it has not been counted."""
    measure, calls = find(name), figures.get("lengths." + name)
    if measure.unit == "ns":  # lateness: what is on its way is no whole number of exits
        return None
    if calls is None:
        return 0 if "boot.work" in figures and not name.startswith(("boot", "memory")) else None
    clock_exits = figures.get("lengths.exit.rdtsc", 0) >= BY_NAME["exit.rdtsc"].operations
    own = calls - (measure.clocks if clock_exits else 0)
    return round(max(own, 0) / measure.operations * figures["length." + name])


def less_decoding(name, figures):
    """The figure as it would be on a machine that reports the length; None if not known."""
    spent = decoding(name, figures)
    return None if spent is None or name not in figures else figures[name] - spent


def ratio(name, own, theirs):
    """Ours over theirs less the decoding; over theirs where that has not been counted."""
    base = less_decoding(name, theirs)
    base = theirs.get(base_name(name)) if base is None else base
    return own[name] / base if base and name in own else None

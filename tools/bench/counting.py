# SPDX-License-Identifier: Apache-2.0
"""A hypervisor's instructions by function, for its boot and for each measure of the suite, counted
inside the emulator (tests/bench/plugin). From the same run comes what Xen spends on finding the
length of the instruction that left the guest, which a machine that reports it would spare."""

import json
import re
import subprocess
from dataclasses import dataclass, field

import peers
from machine import BUILD

PLUGIN = peers.OUT / "count.so"
# Of Xen: called by each handler that must step over its instruction.
LENGTH = re.compile(r"^svm_get_insn_len$")
GUEST_FUNCTION = "-"
UPPER_HALF = 1 << 63  # where hypervisors stand; guests and code before paging are below

# What waits: for a timer to calibrate another by, for a device, for another CPU, or for nothing to
# do. What runs in these, and in what they call, is emulated time that goes by and no work.
WAITS = re.compile(r"^(lapic_calibrate|boot_wait\w*|\w*delay\w*|calibrate_\w+|try_platform_timer|"
                   r"_*get_cmos_time|mwait_idle\w*|default_idle|acpi_(processor|dead)_idle\w*)$")


@dataclass
class Section:
    name: str
    functions: dict = field(default_factory=dict)
    lengths: int = 0  # calls of the function that finds lengths
    in_lengths: int = 0  # instructions until it had returned
    in_waits: int = 0  # the same of the functions that wait

    @property
    def hypervisor(self):
        return sum(n for name, n in self.functions.items() if name != GUEST_FUNCTION)

    @property
    def work(self):
        return sum(self.functions.values()) - self.in_waits

    def top(self, count):
        own = [(n, name) for name, n in self.functions.items() if name != GUEST_FUNCTION]
        return sorted(own, reverse=True)[:count]


def parse(text):
    found = []
    for line in text.splitlines():
        word, *rest = line.split()
        if word == "section":
            found.append(Section(rest[0]))
        elif word == "function":
            found[-1].functions[rest[1]] = found[-1].functions.get(rest[1], 0) + int(rest[0])
        elif word == "length":
            found[-1].lengths, found[-1].in_lengths = map(int, rest)
        elif word == "wait":
            found[-1].in_waits = int(rest[1])
    return found


def symbols(path):
    run = subprocess.run(["nm", "-n", path], text=True, stdout=subprocess.PIPE, check=True)
    rows = (line.split() for line in run.stdout.splitlines())
    return [(int(row[0], 16), row[2]) for row in rows if len(row) == 3 and row[1] in "tT"]


def folders(build):
    """Function to the folder of hv/ that it was compiled from."""
    found = {}
    for path in (build / "hv").rglob("*.o"):
        for _, name in symbols(path):
            found[name.partition(".")[0]] = str(path.parent.relative_to(build / "hv"))
    return found


def address(table, name):
    return next((at for at, symbol in table if symbol == name), 0)


def return_addresses(path, pattern):
    """Function to where calls of it return to: the instruction after each."""
    run = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], text=True,
                         stdout=subprocess.PIPE, check=True)
    called, found = None, {}
    for line in run.stdout.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+(.*)", line)
        if called and match:
            found.setdefault(called, []).append(match.group(1))
        call = match and re.search(r"\bcall\b.*<([^>+]+)>", match.group(2))
        called = call.group(1) if call and pattern.match(call.group(1)) else None
    return found


def sites_of(path):
    """The same for the functions of this page, kept beside the file: looking takes seconds."""
    kept = peers.OUT / "sites" / (path.name + ".json")
    pattern = f"{LENGTH.pattern}|{WAITS.pattern}"
    if kept.exists() and kept.stat().st_mtime > path.stat().st_mtime:
        known = json.loads(kept.read_text())
        if known["pattern"] == pattern:
            return known["sites"]
    sites = return_addresses(path, re.compile(pattern))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"pattern": pattern, "sites": sites}))
    return sites


def extent_arguments(word, pattern, table, sites):
    """Where these functions begin, and where they have returned to."""
    enters = [f"{at:x}" for at, name in table if pattern.match(name) and name in sites]
    leaves = [at for name, found in sites.items() if pattern.match(name) for at in found]
    return [f"{word}={':'.join(enters)}", f"{word}end={':'.join(leaves)}"] if enters else []


def entry_of(elf):
    """The physical address of its first instruction, which a loader computes from the segments."""
    run = subprocess.run(["readelf", "-hlW", elf], text=True, stdout=subprocess.PIPE, check=True)
    entry = int(re.search(r"Entry point address:\s+0x([0-9a-f]+)", run.stdout).group(1), 16)
    for row in re.findall(r"LOAD\s+0x\w+ 0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)", run.stdout):
        virtual, physical, size = (int(number, 16) for number in row)
        if virtual <= entry < virtual + size:
            return entry - virtual + physical
    return entry


def named_file(peer):
    """(the ELF file that has the names, the one that is booted)"""
    if isinstance(peer, peers.Xen):
        return peer.symbols, peer.hypervisor
    return BUILD / "default" / "skerry-hv64.elf", BUILD / "default" / "skerry-hv.elf"


def end_of(elf):
    """The first address behind all of its segments: a guest's kernel may stand there."""
    run = subprocess.run(["readelf", "-lW", elf], text=True, stdout=subprocess.PIPE, check=True)
    return max(int(at, 16) + int(size, 16)
               for at, size in re.findall(r"LOAD\s+0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+)", run.stdout))


def plugin_arguments(peer, folder, marked):
    """`marked`: the program with the two marks."""
    named, booted = named_file(peer)
    table = [(at, name) for at, name in symbols(named) if at >= UPPER_HALF]
    table.append((end_of(named), GUEST_FUNCTION))
    guest = symbols(marked)
    (folder / "symbols").write_text("".join(f"{at:x} {name}\n" for at, name in table))
    words = [str(PLUGIN), f"symbols={folder}/symbols", f"out={folder}/counts",
             f"boot={entry_of(booted):x}", f"guest={entry_of(peers.SUITE):x}",
             f"begin={address(guest, 'mark_begin'):x}", f"end={address(guest, 'mark_end'):x}"]
    sites = sites_of(named)
    words += extent_arguments("length", LENGTH, table, sites)
    words += extent_arguments("wait", WAITS, table, sites)
    return ["-plugin", ",".join(words)]

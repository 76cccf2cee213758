#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stops a running machine at every guest entry and exit, switch of threads and window, at
random instructions and steps of root mode, and holds what each CPU has in sight against the rules.

    audit.py SYSTEM.img [--config default] [--hv FILE] [--samples N] [--seed N] [--log FILE] [--until RULE]
    audit.py GUEST.elf --xen XEN      how much of memory that hypervisor has in sight

Ends with the figures; status 1 if a rule was broken. docs/design/audit.md says what is checked."""

import argparse
import collections
import os
import random
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy

from books import Books, Manifest
from gdbstub import Stub, StubFailed
from rules import Judge
from tables import PAGE, Memory

ROOT = Path(__file__).resolve().parents[2]
VMRUN = bytes.fromhex("0f01d8")
VMCB_NESTED_CR3 = 0xb0  # AMD64 Architecture Programmer's Manual, vol. 2, appendix B
XEN_VIRTUAL = 0xffff82d040000000  # Xen's file has load addresses; it runs at these and this
RANDOM_POINTS = 48  # breakpoints at random instructions at one time,
EPOCH = 250  # samples until others are chosen
MEMORY_MIB = 256
XEN_SAMPLES = 20
ROOT_MODE = 1 << 63  # its addresses


@dataclass
class Cpu:
    number: int
    top_table: int
    domain: int = 0
    nested: int = 0  # the nested page table while it runs a guest
    in_guest: bool = False


class Emulator:
    """QEMU with its RAM in a file, stopped before the first instruction."""

    def __init__(self, folder, log, arguments):
        ram, gdb = os.path.join(folder, "ram"), os.path.join(folder, "gdb")
        command = ["qemu-system-x86_64", "-accel", "tcg,thread=single", "-machine", "q35,memory-backend=ram",
                   "-object", f"memory-backend-file,id=ram,size={MEMORY_MIB}M,mem-path={ram},share=on",
                   "-m", str(MEMORY_MIB), "-display", "none", "-no-reboot", "-monitor", "none",
                   "-serial", f"file:{log}", "-icount", "shift=0,sleep=off", "-rtc", "clock=vm", "-S",
                   "-chardev", f"socket,id=gdb,path={gdb},server=on,wait=off", "-gdb", "chardev:gdb", *arguments]
        self._errors = open(os.path.join(folder, "errors"), "w", encoding="utf-8")
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._errors,
                                         stderr=self._errors)
        try:
            self.stub = Stub(gdb)
            self.memory = Memory(ram)
        except BaseException:
            self.end()
            raise

    def end(self):
        self._process.kill()
        self._process.wait()
        self._errors.close()


def find_vmrun(elf):
    """The address of the one VMRUN, by the program headers: Xen's file has no symbols."""
    headers = subprocess.run(["readelf", "-lW", elf], text=True, stdout=subprocess.PIPE, check=True).stdout
    data = Path(elf).read_bytes()
    for line in headers.splitlines():
        match = re.match(r"\s*LOAD\s+(0x\w+)\s+(0x\w+)\s+0x\w+\s+(0x\w+)", line)
        if match:
            offset, va, size = (int(word, 16) for word in match.groups())
            at = data.find(VMRUN, offset, offset + size)
            if at >= 0:
                return va + at - offset + (XEN_VIRTUAL if va < 1 << 32 else 0)
    raise SystemExit(f"{elf}: no VMRUN in it")


class Program:
    """The hypervisor's ELF file: symbols, and where its instructions start."""

    def __init__(self, elf):
        self.vmrun = find_vmrun(elf)
        names = subprocess.run(["nm", elf], text=True, stdout=subprocess.PIPE, check=True).stdout
        self.symbols = {name: int(value, 16) for value, _, name in map(str.split, names.splitlines())}
        text = subprocess.run(["objdump", "-d", "-j", ".text", "--no-show-raw-insn", elf], text=True,
                              stdout=subprocess.PIPE, check=True).stdout
        self.instructions = [int(at, 16) for at in re.findall(r"^(ffffffff\w+):", text, re.M)]


class Auditor:
    def __init__(self, emulator, program, offsets, manifest, seed):
        self.stub, self.memory = emulator.stub, emulator.memory
        self.program, self.offsets, self.manifest = program, offsets, manifest
        self.random = random.Random(seed)
        self.cpus, self.judge = {}, None
        self.samples = collections.Counter()
        self._points = set()
        symbols = program.symbols
        self._kinds = {program.vmrun: "entry", program.vmrun + len(VMRUN): "exit",
                       symbols["thread_switch"]: "switch", symbols["arch_window_close"]: "window"}

    def run(self, count, until):
        """Takes so many samples, or fewer if the rule `until` is found broken."""
        self.stub.break_at(self.program.vmrun)
        self._arrive(self.stub.go())  # the first guest entry of all: boot is over
        for address in self._kinds:
            if address != self.program.vmrun:
                self.stub.break_at(address)
        while sum(self.samples.values()) < count and not self.judge.broken[until]:
            if sum(self.samples.values()) % EPOCH == 0:
                self._choose_points()
            self.stub.step()
            self._arrive(self.stub.go())
            if self.random.random() < 1 / 16:
                self._walk_on()

    def _choose_points(self):
        for address in self._points:
            self.stub.break_off(address)
        self._points = set(self.random.sample(self.program.instructions, RANDOM_POINTS)) - set(self._kinds)
        for address in self._points:
            self.stub.break_at(address)

    def _walk_on(self):
        """Some single steps, with a look in between; not where a guest would run them."""
        for _ in range(self.random.randrange(1, 40)):
            cpu = self.cpus.get(self.stub.thread)
            if not cpu or cpu.in_guest:
                return
            self.stub.step()
            if self.stub.registers()["rip"] in self._kinds:
                self._arrive(self.stub.thread)  # of its kind: behind VMRUN the next step would be a guest's
            elif self.random.random() < 1 / 8:
                self._arrive(self.stub.thread, "step")

    def _arrive(self, thread, kind=None):
        """Takes in what the stop says about the CPU, then takes the sample."""
        registers = self.stub.registers()
        rip = registers["rip"]
        kind = kind or self._kinds.get(rip, "random")
        if rip < ROOT_MODE:
            raise StubFailed(f"CPU {thread - 1} stopped at {rip:x}, which is not root mode's")
        if self.judge is None:
            books = Books(self.memory, registers["cr3"], self.offsets, self.program.symbols, self.manifest)
            self.judge = Judge(self.memory, books)
        cpu = self.cpus.setdefault(thread, Cpu(thread - 1, registers["cr3"]))
        self._follow(cpu, kind, registers)
        self.samples[kind] += 1
        self.judge.sample(self.cpus.values())
        if kind == "entry":
            self.judge.registers(cpu, registers)
        if kind == "random" and self.samples["random"] % 4 == 0:
            self._points.discard(rip)
            self.stub.break_off(rip)

    def _follow(self, cpu, kind, registers):
        if registers["cr3"] != cpu.top_table:
            self.judge.complain("a CPU that changed its top-level table", f"CPU {cpu.number}: {registers['cr3']:x}")
            cpu.top_table = registers["cr3"]
        cpu.in_guest, cpu.nested = False, 0
        if kind == "entry":
            vmcb = registers["rax"]
            cpu.in_guest, cpu.nested = True, self.memory.word(vmcb + VMCB_NESTED_CR3)
            cpu.domain = self.judge.books.owner(vmcb // PAGE)


def report(auditor):
    judge = auditor.judge
    for rule, count in sorted(judge.broken.items()):
        print(f"audit: BROKEN: {rule}: {count} times")
    for kind, count in sorted(auditor.samples.items()):
        print(f"audit.samples.{kind}\t{count}\tsamples")
    print(f"audit.samples\t{sum(auditor.samples.values())}\tsamples")
    print(f"audit.foreign_bytes\t{judge.foreign}\tbytes")
    print(f"audit.granted_bytes\t{judge.granted}\tbytes")
    print(f"audit.window_bytes\t{judge.windows}\tbytes")
    print(f"audit.rules_broken\t{len(judge.broken)}\trules")


def audit_skerry(arguments):
    build = ROOT / "build" / arguments.config
    elf = arguments.hv or build / "skerry-hv64.elf"
    offsets = dict(line.split() for line in (build / "audit-offsets.txt").read_text().splitlines())
    offsets = {name: int(value) for name, value in offsets.items()}
    kernel = str(elf).replace("skerry-hv64.elf", "skerry-hv.elf")
    with tempfile.TemporaryDirectory(prefix="skerry-audit-") as folder:
        emulator = Emulator(folder, arguments.log, ["-cpu", "EPYC,+svm", "-smp", str(arguments.cpus),
                                                    "-kernel", kernel, "-initrd", arguments.image])
        auditor = Auditor(emulator, Program(elf), offsets, Manifest(arguments.image), arguments.seed)
        try:
            auditor.run(arguments.samples, arguments.until)
        except StubFailed as error:
            print(f"audit: {error} after {sum(auditor.samples.values())} samples")
            return 1
        finally:
            emulator.end()
        report(auditor)
        return 1 if auditor.judge.broken else 0


def xen_sample(memory, registers):
    """Bytes of RAM in sight at this guest entry that are neither the guest's own nor Xen's image,
    and the guest's own."""
    host = memory.walk(registers["cr3"])
    image = (host.va >= XEN_VIRTUAL) & (host.va < XEN_VIRTUAL + (1 << 30))
    guest = memory.walk(memory.word(registers["rax"] + VMCB_NESTED_CR3))
    others = numpy.setdiff1d(host.mfn, numpy.concatenate((host.mfn[image], guest.mfn)))
    return int((others < len(memory.pages)).sum()) * PAGE, len(numpy.unique(guest.mfn)) * PAGE


def audit_xen(arguments):
    """No rule is checked: how much a hypervisor with a map of all memory has in sight."""
    line = "console=com1 noreboot dom0-iommu=none dom0=pvh dom0_mem=64M"
    with tempfile.TemporaryDirectory(prefix="skerry-audit-") as folder:
        emulator = Emulator(folder, arguments.log, ["-cpu", "qemu64,+svm,+npt", "-kernel", arguments.xen, "-initrd",
                                                    arguments.image, "-append", line])
        try:
            emulator.stub.break_at(find_vmrun(arguments.xen))
            seen = []
            while len(seen) < XEN_SAMPLES:
                emulator.stub.go()
                seen.append(xen_sample(emulator.memory, emulator.stub.registers()))
                emulator.stub.step()
        finally:
            emulator.end()
    print(f"audit.xen_samples\t{len(seen)}\tsamples")
    foreign, own = min(seen)
    print(f"audit.xen_others_bytes\t{(MEMORY_MIB << 20) - own}\tbytes")  # all but the guest's own
    print(f"audit.xen_foreign_bytes\t{foreign}\tbytes")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("image", help="a compiled system; with --xen: the guest")
    parser.add_argument("--config", default="default")
    parser.add_argument("--hv", help="the hypervisor's 64-bit ELF file")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--until", metavar="RULE")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--log", default="/dev/null", help="the machine's console")
    parser.add_argument("--xen", help="Xen's unpacked ELF file, in place of ours")
    arguments = parser.parse_args()
    sys.exit(audit_xen(arguments) if arguments.xen else audit_skerry(arguments))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""The machines that are compared: Skerry, two releases of Xen, no hypervisor, and a bare loop
around VMRUN. Each is the same emulated machine and, but for the loop, starts the same binary.
What is run on them stands in jobs.py."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from machine import BUILD, bochs_arguments, parallel_cpus, qemu_arguments  # noqa: E402

OUT = BUILD / "bench"
SUITE = OUT / "suite.elf"
FLOOR = OUT / "floor.elf"
LINUX = BUILD / "kernels" / "vmlinux-cloud"
USER_SPACE = OUT / "workload.cpio"
CPU = "EPYC,+svm,-monitor"  # without MWAIT, whose hint Xen gets a fault for (TCG)
ICOUNT = ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]
XEN_OPTIONS = "console=com1 noreboot loglvl=all dom0-iommu=none dom0=pvh"


@dataclass(frozen=True)
class Guest:
    """What the machine is to run: a kernel, its command line, and how many of what."""

    kernel: Path
    command_line: str = ""
    domains: int = 1  # the first is measured, the others idle
    vcpus: int = 1
    cpus: int = 1
    memory_mib: int = 64  # a domain's
    ramdisk: Path | None = None
    icount: bool = True
    options: str = ""  # words for the hypervisor's command line
    config: str = "default"
    mixed: tuple = ()  # the other domains' command lines, where they are not to idle

    @property
    def machine_mib(self):
        return max(512, 256 + self.domains * (self.memory_mib + 16))


def domain_lines(guest, number):
    name = f"d{number}"
    line = guest.command_line
    if number:
        line = guest.mixed[(number - 1) % len(guest.mixed)] if guest.mixed else "idle"
    fields = [f"name: {name}", f"kernel: {guest.kernel}", f"memory: {guest.memory_mib}MiB",
              f"vcpus: {guest.vcpus if not number else 1}"]
    if line:
        fields.append(f'command_line: "{line}"')
    if guest.ramdisk:
        fields.append(f"ramdisk: {guest.ramdisk}")
    else:
        fields += ["grant_frames: 1", "maptrack: 256"]
    if guest.command_line == "restart":
        fields.append("on_reboot: restart")
    return "  - {" + ", ".join(fields) + "}"


def skerry_image(guest, folder):
    lines = ["system: bench", "domains:"] + [domain_lines(guest, n) for n in range(guest.domains)]
    (folder / "system.yaml").write_text("\n".join(lines) + "\n")
    subprocess.run([BUILD / "tools" / "skerry", "build", folder / "system.yaml", "-o",
                    folder / "system.img"], check=True)
    return folder / "system.img"


class Peer:
    """A machine that guests run on. `origin` is whose lines on the console are the guest's."""

    name = ""
    title = ""
    origin = ""
    many = False  # can have several domains

    def boots(self, guest, folder):
        """The emulator's arguments that load this, and the number of CPUs."""
        raise NotImplementedError

    def command(self, guest, folder):
        arguments, cpus, accel = self.boots(guest, folder)
        clock = ICOUNT if guest.icount else []
        return qemu_arguments(cpus=cpus, memory_mib=guest.machine_mib, cpu=CPU, accel=accel,
                              extra=[*arguments, *clock])


class Skerry(Peer):
    name = "skerry"
    title = "Skerry"
    origin = "d0"
    many = True

    def boots(self, guest, folder):
        options, cpus, accel = guest.options, guest.cpus, "tcg,thread=single"
        if not guest.icount and guest.cpus > 1:
            fields, spare = parallel_cpus(guest.cpus)
            cpus, accel, options = fields["cpus"], fields["accel"], f"{options} {spare}"
        hypervisor = BUILD / guest.config / "skerry-hv.elf"
        return ["-kernel", hypervisor, "-initrd", skerry_image(guest, folder),
                "-append", options], cpus, accel


class Xen(Peer):
    def __init__(self, release):
        self.release = release
        self.name = "xen" + release.replace(".", "")
        self.title = f"Xen {release}"
        self.hypervisor = OUT / "peers" / f"xen-{release}"
        self.symbols = OUT / "peers" / f"xen-syms-{release}"

    def boots(self, guest, folder):
        initrd = f"{guest.kernel} {guest.command_line}".strip()
        append = f"{XEN_OPTIONS} dom0_max_vcpus={guest.vcpus} dom0_mem={guest.memory_mib}M"
        return ["-kernel", self.hypervisor, "-initrd", initrd, "-append", append], guest.cpus, \
            "tcg,thread=single"


class Bare(Peer):
    name = "bare"
    title = "no hypervisor"

    def boots(self, guest, folder):
        append = ["-append", guest.command_line] if guest.command_line else []
        ramdisk = ["-initrd", guest.ramdisk] if guest.ramdisk else []
        return ["-kernel", guest.kernel, *append, *ramdisk], guest.cpus, "tcg,thread=single"


class Floor(Bare):
    """Not the suite, but a loop around VMRUN that stands for the least there can be."""

    name = "floor"
    title = "bare VMRUN loop"

    def boots(self, guest, folder):
        return ["-kernel", FLOOR], 1, "tcg,thread=single"


class Bochs(Peer):
    """Another peer on Bochs's `ryzen`, whose CPU reports an instruction's length. It delivers no
    virtual interrupts, so that the suite does not come to its end."""

    def __init__(self, inner):
        self.inner = inner
        self.name = inner.name + "-ryzen"
        self.title = inner.title + " on ryzen"
        self.origin = inner.origin

    def command(self, guest, folder):
        options = f"{XEN_OPTIONS} dom0_mem={guest.memory_mib}M"
        hypervisor, image = getattr(self.inner, "hypervisor", None), guest.kernel
        if isinstance(self.inner, Skerry):
            options, hypervisor = "", BUILD / guest.config / "skerry-hv.elf"
            image = skerry_image(guest, folder)
        return [*bochs_arguments(hypervisor, image, cpus=1, memory_mib=512, options=options),
                "--model", "ryzen", "--ips", "1000000000"]


PEERS = {peer.name: peer for peer in (Skerry(), Xen("4.17"), Xen("4.20"), Bare(), Floor(),
                                      Bochs(Skerry()), Bochs(Xen("4.17")))}


def present(peer):
    """Xen's newer release is a peer only where its package could be had."""
    peer = getattr(peer, "inner", peer)
    return not isinstance(peer, Xen) or peer.hypervisor.exists()

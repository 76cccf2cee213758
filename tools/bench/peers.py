# SPDX-License-Identifier: Apache-2.0
"""The machines that are compared: Skerry, two releases of Xen, one of them with a boot domain too,
no hypervisor, and a bare loop around VMRUN. Each is the same emulated machine and, but for the
loop, starts the same binary. What is run on them stands in jobs.py."""

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import mkinitramfs  # noqa: E402
from machine import BUILD, bochs_arguments, parallel_cpus, qemu_arguments  # noqa: E402

OUT = BUILD / "bench"
SUITE = OUT / "suite.elf"
FLOOR = OUT / "floor.elf"
LINUX = BUILD / "kernels" / "vmlinux-cloud"
USER_SPACE = OUT / "workload.cpio"
IO = OUT / "io"
DEVICES_USER_SPACE = OUT / "io.cpio"
CPU = "EPYC,+svm,-monitor"  # without MWAIT, whose hint Xen gets a fault for (TCG)
# What a machine would take from its host otherwise: how time goes by, the date, and the random
# numbers of RDRAND, from which a stock kernel lays out its address spaces.
ICOUNT = ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm,base=2026-01-01T00:00:00", "-seed", "1"]
# What a PV boot domain cannot have on this machine is off for all who are compared with its guests.
PV_CPU = CPU + "".join(",-" + name for name in (
    "smap", "rdtscp", "xsave", "xsaveopt", "xsavec", "xgetbv1", "avx", "avx2", "fma", "f16c"))
XEN_OPTIONS = "console=com1 noreboot loglvl=all guest_loglvl=all dom0-iommu=none"
BOOT_MIB = 384  # of the boot domain that has xl, or for a driver domain and the store
BOOT_LINUX = f"{BUILD / 'kernels' / 'vmlinux-amd64'} console=hvc0 quiet"
XL = OUT / "xl.cpio"


@dataclass(frozen=True)
class Guest:
    """What the machine is to run: a kernel, its command line, and how many of what."""

    kernel: Path
    command_line: str = ""
    domains: int = 1  # the first is measured, the others idle
    vcpus: int = 1
    cpus: int = 1
    memory_mib: int | tuple = 64  # a domain's, or of each in turn
    ramdisk: Path | None = None
    icount: bool = True
    options: str = ""  # words for the hypervisor's command line
    config: str = "default"
    mixed: tuple = ()  # the other domains' command lines, where they are not to idle
    pair: bool = False  # the first may map what the second grants
    devices: str = ""  # it has a disk and a network: of a driver domain (linux), of services (service)
    cpu: str = CPU
    reserve_mib: int = 0  # for a boot domain, or one that drives

    def size(self, number):
        """Of one domain, in MiB."""
        sizes = self.memory_mib if isinstance(self.memory_mib, tuple) else (self.memory_mib,)
        return sizes[number % len(sizes)]

    @property
    def machine_mib(self):
        return max(512, 256 + sum(self.size(number) + 16 for number in range(self.domains))) + self.reserve_mib


def line_of(guest, number):
    """That domain's command line."""
    if not number:
        return guest.command_line
    return guest.mixed[(number - 1) % len(guest.mixed)] if guest.mixed else "idle"


def domain_lines(guest, number):
    name, line = f"d{number}", line_of(guest, number)
    fields = [f"name: {name}", f"kernel: {guest.kernel}", f"memory: {guest.size(number)}MiB",
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


# Domains behind the guests in a system file, and the disk that the first guest has of them.
DRIVERS = f"""\
  - {{name: drivers, kernel: {LINUX}, ramdisk: {OUT / 'back.cpio'}, memory: 256MiB,
     command_line: "console=hvc0 quiet skerry.name=drivers skerry.scratch=64M"}}
  - {{name: store, kernel: {BUILD / 'services' / 'store.elf'}, memory: 8MiB, service: store}}
channels:
  - disk: {{front: d0, back: drivers, source: /scratch.img}}"""
SERVICES = f"""\
  - {{name: disks, kernel: {BUILD / 'services' / 'block.elf'}, memory: 80MiB}}
  - {{name: switch, kernel: {BUILD / 'services' / 'net.elf'}, memory: 4MiB}}
  - {{name: store, kernel: {BUILD / 'services' / 'store.elf'}, memory: 8MiB, service: store}}
channels:
  - disk: {{front: d0, back: disks, source: "ram:64MiB"}}"""


def devices_lines(guest):
    """Of a system file: who drives, and what all guests have of them."""
    own, network = (DRIVERS, "back: drivers, bridge: br0") if guest.devices == "linux" else (SERVICES, "back: switch")
    return [own] + [f"  - network: {{front: d{number}, {network}}}" for number in range(guest.domains)]


def skerry_image(guest, folder):
    lines = ["system: bench", "domains:"] + [domain_lines(guest, n) for n in range(guest.domains)]
    lines += ["channels:", "  - store: {front: d1, back: d0}"] if guest.pair else []
    lines += devices_lines(guest) if guest.devices else []
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
    first = 0  # the number of the first of them

    def origins(self, count):
        """Whose lines are those of the domains in turn."""
        return [f"d{self.first + number}" for number in range(count)]

    @property
    def next_life(self):
        """Of the measured domain, when it has rebooted."""
        return self.origin

    def boots(self, guest, folder):
        """The emulator's arguments that load this, and the number of CPUs."""
        raise NotImplementedError

    def command(self, guest, folder):
        arguments, cpus, accel = self.boots(guest, folder)
        clock = ICOUNT if guest.icount else []
        return qemu_arguments(cpus=cpus, memory_mib=guest.machine_mib, cpu=guest.cpu, accel=accel,
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
        append = f"{XEN_OPTIONS} dom0=pvh dom0_max_vcpus={guest.vcpus} dom0_mem={guest.size(0)}M"
        return ["-kernel", self.hypervisor, "-initrd", initrd, "-append", append], guest.cpus, \
            "tcg,thread=single"


def xl_config(guest, number):
    """What xl is told of a domain; its numbers start at 1, after the boot domain's. One that has
    ended stays, so that its last words are read."""
    words = [line_of(guest, number) or "all", "console=port" if guest.kernel == SUITE else ""]
    on_reboot = "restart" if guest.command_line == "restart" else "destroy"
    fields = {"name": f"d{number + 1}", "type": "pvh", "kernel": "/guests/kernel",
              "cmdline": " ".join(words).strip(), "memory": guest.size(number),
              "vcpus": 1 if number else guest.vcpus, "tsc_mode": "native", "on_reboot": on_reboot,
              "on_poweroff": "preserve"}
    fields.update({"ramdisk": "/guests/ramdisk"} if guest.ramdisk else {})
    fields.update({"vif": ["bridge=br0"]} if guest.devices else {})
    fields.update({"disk": ["phy:/dev/loop0,xvda,w"]} if guest.devices and not number else {})
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


def xl_ramdisk(guest, folder):
    """The boot domain's user space, with what it is to start."""
    files = {"kernel": guest.kernel.read_bytes()}
    files.update({"ramdisk": guest.ramdisk.read_bytes()} if guest.ramdisk else {})
    files.update({f"d{n + 1}.cfg": xl_config(guest, n).encode() for n in range(guest.domains)})
    path = folder / "xl.cpio"
    path.write_bytes(XL.read_bytes() + mkinitramfs.archive_of("guests", files))
    return path


class XenByXl(Xen):
    """Guests as unprivileged PVH domains of a PV boot domain, in which Debian's xl starts them."""

    origin = "d1"
    many = True
    first = 1  # after the boot domain
    next_life = "d2"  # what reboots is a new domain there

    def __init__(self, release):
        super().__init__(release)
        self.name += "-xl"
        self.title += " by xl"

    def boots(self, guest, folder):
        append = f"{XEN_OPTIONS} dom0_max_vcpus=1 dom0_mem={BOOT_MIB}M"
        return ["-kernel", self.hypervisor, "-initrd", f"{BOOT_LINUX},{xl_ramdisk(guest, folder)}",
                "-append", append], guest.cpus, "tcg,thread=single"

    def command(self, guest, folder):
        return super().command(dataclasses.replace(
            guest, cpu=PV_CPU, reserve_mib=BOOT_MIB), folder)


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


INTEL = "corei7_skylake_x"


class Bochs(Peer):
    """Another peer on Bochs's `ryzen`, whose CPU reports an instruction's length, or on an Intel
    processor. The former delivers no virtual interrupts, so that the suite does not come to its end."""

    def __init__(self, inner, place="ryzen", model="ryzen"):
        self.inner = inner
        self.model = model
        self.name = f"{inner.name}-{place}"
        self.title = f"{inner.title} on {place}"
        self.origin = inner.origin

    def command(self, guest, folder):
        options = f"{XEN_OPTIONS} dom0=pvh dom0_mem={guest.size(0)}M"
        hypervisor, image = getattr(self.inner, "hypervisor", None), guest.kernel
        if isinstance(self.inner, Skerry):
            options, hypervisor = "", BUILD / guest.config / "skerry-hv.elf"
            image = skerry_image(guest, folder)
        return [*bochs_arguments(hypervisor, image, cpus=1, memory_mib=512, options=options),
                "--model", self.model, "--ips", "1000000000",
                *(["--ignore-msrs"] if isinstance(self.inner, Xen) else [])]


PEERS = {peer.name: peer for peer in (Skerry(), Xen("4.17"), XenByXl("4.17"), Xen("4.20"), Bare(), Floor(),
                                      Bochs(Skerry()), Bochs(Xen("4.17")),
                                      Bochs(Skerry(), "intel", INTEL), Bochs(Xen("4.17"), "intel", INTEL))}


def present(peer):
    """Xen's newer release is a peer only where its package could be had."""
    peer = getattr(peer, "inner", peer)
    if isinstance(peer, XenByXl) and not XL.exists():
        return False
    return not isinstance(peer, Xen) or peer.hypervisor.exists()

# SPDX-License-Identifier: Apache-2.0
"""A disk that a driver domain serves: ext4 filled, the guest rebooted, everything compared. Stock
kernels on both sides."""

import subprocess

import pytest

from machine import BUILD, ROOT
from systems import KERNEL

DRIVERS = BUILD / "systems" / "webserver" / "drivers.cpio"
GUEST = BUILD / "tests" / "disk.cpio"
STORE = BUILD / "services" / "store.elf"


def linux(name, ramdisk, memory_mib, options):
    return {"name": name, "kernel": str(KERNEL), "ramdisk": str(ramdisk), "memory": f"{memory_mib} MiB",
            "command_line": f"console=hvc0 loglevel=4 skerry.name={name} {options}"}


def boot(bench, guests, mib):
    """`guests` domains with a disk each, which they fill with so much; drivers and the store."""
    files = [str(path.relative_to(ROOT)) for path in (DRIVERS, GUEST, STORE)]
    subprocess.run(["make", "-s", "SYSTEM=webserver", *files], cwd=ROOT, check=True)
    memory = 256 + 3 * mib * len(guests)
    domains = [linux("drivers", DRIVERS, memory, f"skerry.scratch={mib + mib // 4}M"),
               *(linux(name, GUEST, 192, f"skerry.mib={mib}") for name in guests),
               {"name": "store", "kernel": str(STORE), "memory": "8 MiB", "service": "store"}]
    channels = [{"disk": {"front": name, "back": "drivers", "source": f"/disks/{name}.img"}} for name in guests]
    return bench.run(domains, channels=channels, memory_mib=memory + 192 * len(guests) + 512)


def check(machine, name, mib, at, seconds):
    """What the guest says next of its disk."""
    fact = machine.fact(name, "disk", seconds)
    assert (fact["at"], fact["files"], fact.get("bad", "0")) == (at, str(mib), "0")


@pytest.mark.both
@pytest.mark.parametrize("mib", [16, pytest.param(256, marks=pytest.mark.slow)])
def test_files_outlive_a_reboot(bench, mib):
    mib = min(mib, 32) if bench.emulator == "bochs" else mib  # 45 s a MiB of a busy host's time
    with boot(bench, ["guest"], mib) as machine:
        check(machine, "guest", mib, "first", 60 + 2 * mib)
        check(machine, "guest", mib, "again", 60 + 2 * mib)


@pytest.mark.slow
def test_eight_guests(bench):
    """One back end; all guests reboot at about the same time, and each finds what it wrote."""
    guests = [f"guest{number}" for number in range(8)]
    with boot(bench, guests, 8) as machine:
        for at in ("first", "again"):
            for name in guests:
                check(machine, name, 8, at, 300)

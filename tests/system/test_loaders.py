# SPDX-License-Identifier: Apache-2.0
"""The hypervisor starts from GRUB, on BIOS and on UEFI."""

import subprocess

import pytest

from machine import ROOT, qemu_arguments
from systems import hypervisor, linux

OVMF = "/usr/share/ovmf/OVMF.fd"


def boot_from_cd(bench, firmware):
    image = bench.image([linux("a", "cpus", vcpus=2), linux("b")])
    iso = bench.folder / "skerry.iso"
    subprocess.run([ROOT / "tools" / "mkiso.sh", hypervisor(), image, iso], check=True)
    with bench.machine(qemu_arguments(extra=[*firmware, "-cdrom", iso])) as machine:
        machine.ready("a", 150)
        assert machine.fact("a", "cpus")["nproc"] == "2"
        machine.ready("b")
        machine.wait_end()


def test_grub_on_bios(bench):
    boot_from_cd(bench, [])


def test_grub_on_uefi(bench):
    boot_from_cd(bench, ["-bios", OVMF])


@pytest.mark.slow
def test_grub_on_uefi_with_one_cpu(bench):
    image = bench.image([linux("a")])
    iso = bench.folder / "skerry.iso"
    subprocess.run([ROOT / "tools" / "mkiso.sh", hypervisor(), image, iso], check=True)
    with bench.machine(qemu_arguments(cpus=1, extra=["-bios", OVMF, "-cdrom", iso])) as machine:
        machine.ready("a", 150)
        machine.wait_end()

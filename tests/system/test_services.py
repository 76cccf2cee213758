# SPDX-License-Identifier: Apache-2.0
"""Service unikernels and the library that they are linked with."""

import pytest

from machine import BUILD, qemu_arguments
from systems import unikernel

XEN_OPTIONS = "console=com1 noreboot dom0-iommu=none dom0=pvh"


def check_hello(machine, domain, origin):
    machine.wait(f"hello from domain {domain}$", origin)
    machine.wait("argument 1: left$", origin)
    machine.wait("argument 2: right$", origin)
    return machine.wait(r"memory: (\d+) KiB, (\d+) KiB of it free", origin)[0]


def test_hello(bench):
    """In a domain of 1 MiB; its console, command line and end work."""
    with bench.run([unikernel("tiny", "hello", "left  right", memory="1 MiB")]) as machine:
        total, free = map(int, check_hello(machine, 1, "tiny").groups())
        assert 0 < free < total < 1024
        machine.wait("domain tiny: shut down", "skerry")
        machine.wait_end()


def test_hello_on_xen(bench):
    """The same file as the boot domain of Debian's Xen."""
    extra = ["-kernel", BUILD / "cache" / "xen", "-initrd", f"{BUILD}/services/hello.elf left right",
             "-append", XEN_OPTIONS]
    with bench.machine(qemu_arguments(cpus=1, memory_mib=512, cpu="qemu64,+svm,+npt", extra=extra), "xen") as machine:
        check_hello(machine, 0, "")
        machine.wait("Dom0 halted")


def test_hello_is_small():
    assert (BUILD / "services" / "hello.elf").stat().st_size <= 64 * 1024

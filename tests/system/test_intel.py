# SPDX-License-Identifier: Apache-2.0
"""The same image on Intel, on Bochs's emulated machine; and what each vendor's processor says that
cannot run it."""

import pytest

from machine import bochs_arguments, qemu_arguments
from systems import hypervisor, linux, micro


def boot(bench, domains, **arguments):
    return bench.machine(bochs_arguments(hypervisor(), bench.image(domains), **arguments))


@pytest.mark.parametrize("cpu, reason", [("EPYC,-svm", "no-svm"), ("Haswell", "no-vmx")])
def test_missing(bench, cpu, reason):
    with bench.machine(qemu_arguments(cpu=cpu, extra=["-kernel", hypervisor()])) as machine:
        found, _ = machine.wait(r"refused: reason=([a-z-]+)", "skerry")
        assert found.group(1) == reason


def test_neighbours(bench):
    """Two domains side by side, and the end of both."""
    with boot(bench, [micro("a", "hello"), micro("b", "hello")], cpus=1) as machine:
        machine.wait("DONE 1 0", "a")
        machine.wait("DONE 1 0", "b")
        machine.wait_end()


def test_linux(bench):
    """A stock kernel, unpacked by the host tool, with one vCPU."""
    with boot(bench, [linux("a", "cpuinfo")], cpus=1) as machine:
        machine.ready("a", 300)
        flags = machine.fact("a", "cpuinfo")["flags"].split(",")
        assert "hypervisor" in flags and "vmx" not in flags
        machine.wait_end(120)


@pytest.mark.slow
def test_two_linux(bench):
    with boot(bench, [linux("a", vcpus=2), linux("b", vcpus=2)]) as machine:
        machine.ready("a", 600)
        machine.ready("b", 600)
        machine.wait_end(120)

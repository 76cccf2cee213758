# SPDX-License-Identifier: Apache-2.0
"""What a processor, or its firmware, says that cannot run the hypervisor; and other Intel processors
than the usual one. What both vendors' machines are to do stands in the other files, marked `both`."""

import pytest

from machine import bochs_arguments, qemu_arguments
from systems import hypervisor, micro


def refused(machine, reason):
    found, _ = machine.wait(r"refused: reason=([a-z-]+)", "skerry", 120)
    assert found.group(1) == reason


@pytest.mark.parametrize("cpu, reason", [("EPYC,-svm", "no-svm"), ("Haswell", "no-vmx")])
def test_missing(bench, cpu, reason):
    with bench.machine(qemu_arguments(cpu=cpu, extra=["-kernel", hypervisor()])) as machine:
        refused(machine, reason)


REFUSED = {
    "vmx-disabled": ["--firmware", "off"],  # IA32_FEATURE_CONTROL locked without VMXON
    "vmx-incomplete": ["--model", "corei5_lynnfield_750"],  # before unrestricted guests
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused(bench, reason):
    image = bench.image([micro("a", "hello")])
    with bench.machine(bochs_arguments(hypervisor(), image, cpus=1, memory_mib=256,
                                       extra=REFUSED[reason])) as machine:
        refused(machine, reason)


def test_firmware_leaves_it_to_us(bench):
    """On each CPU: the second one's register is its own."""
    image = bench.image([micro("a", "hello")])
    with bench.machine(bochs_arguments(hypervisor(), image, memory_mib=256,
                                       extra=["--firmware", "open"])) as machine:
        machine.wait("DONE 1 0", "a", 120)
        machine.wait_end(60)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["corei7_haswell_4770", "corei7_icelake_u", "tigerlake"])
def test_models(bench, model):
    """What a processor offers more or less than the usual one, corei7_skylake_x."""
    image = bench.image([micro("a", "hello"), micro("b", "cpuid_policy")])
    with bench.machine(bochs_arguments(hypervisor(), image, extra=["--model", model])) as machine:
        machine.wait("DONE 1 0", "a", 120)
        machine.wait("DONE [0-9]+ 0", "b", 120)

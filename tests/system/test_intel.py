# SPDX-License-Identifier: Apache-2.0
"""What a processor, or its firmware, says that cannot run the hypervisor; and other Intel processors
than the usual one. What both vendors' machines are to do stands in the other files, marked `both`."""

import subprocess

import pytest

from machine import ROOT, bochs_arguments, qemu_arguments
from systems import Bench, hypervisor, linux, micro
from test_exits import stat
from test_options import make_hv


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
@pytest.mark.parametrize("model", ["corei7_haswell_4770", "corei7_skylake_x", "corei7_icelake_u", "tigerlake"])
def test_models(bench, model):
    """What a processor offers more or less than the usual one, with a stock kernel; not with XSAVE,
    whose compacted form these machines have wrong (docs/guide/debugging.md)."""
    domains = [micro("a", "hello"), micro("b", "cpuid_policy"), linux("c", "cpus", "noxsave", vcpus=2)]
    image = bench.image(domains)
    with bench.machine(bochs_arguments(hypervisor(), image, extra=["--model", model])) as machine:
        machine.wait("DONE 1 0", "a", 120)
        machine.wait("DONE [0-9]+ 0", "b", 120)
        machine.ready("c", 900)
        assert machine.fact("c", "cpus", 120)["nproc"] == "2"
        machine.wait_end(120)


@pytest.mark.slow
def test_tsc_rate_of_linux(bench):
    """A stock kernel takes the rate that its domain has for the processor's; the other has the machine's."""
    image = bench.image([linux("a", "dmesg", "noxsave", tsc_khz=2393999), linux("b", "dmesg", "noxsave")])
    with bench.machine(bochs_arguments(hypervisor(), image, extra=["--model", "corei7_skylake_x"])) as machine:
        for name, rate in (("a", r"2393\.99[89]"), ("b", "120.000|119.999")):
            machine.ready(name, 900)
            machine.wait(rf"tsc: Detected ({rate}) MHz processor", name, 300)


# --- APICv ---------------------------------------------------------------------

@pytest.fixture
def intel(request):
    return Bench(request.node.name.removeprefix("test_"), "bochs")


def test_apicv(intel):
    """The micro-guests of interrupts in x2APIC mode, as without it."""
    make_hv("apicv")
    domains = [micro("ipi", "lapic_ipi", vcpus=3), micro("x2apic", "lapic_x2apic", vcpus=2),
               micro("priority", "lapic_priority"), micro("tpr", "lapic_tpr")]
    with intel.run(domains, config="apicv") as machine:
        for domain in domains:
            machine.wait("DONE [1-9][0-9]* 0", domain["name"], 120)


@pytest.mark.slow
def test_apicv_every_guest():
    """Each micro-guest in a machine of its own."""
    make_hv("apicv")
    subprocess.run(["tests/guest/run.py", "--machine", "bochs", "--config", "apicv"], cwd=ROOT, check=True)


def exits_of_a_thousand_interrupts(intel, config):
    make_hv(config)
    with intel.run([micro("a", "lapic_x2apic_cost")], config=config, log=config) as machine:
        machine.wait("DONE 1 0", "a", 60)
        machine.wait_end()
        _, counts = stat("-", "".join(f"skerry: {text}\n" for text in machine.texts("skerry")))
    return counts["a", "0", "wrmsr"]


def test_apicv_saves_exits(intel):
    """Of the request and the end of an interrupt the end does not exit any more."""
    assert 2000 <= exits_of_a_thousand_interrupts(intel, "stats") < 2100
    assert 1000 <= exits_of_a_thousand_interrupts(intel, "apicv") < 1100


@pytest.mark.slow
def test_apicv_linux(intel):
    make_hv("apicv")
    domains = [linux("a", "cpus,interrupts,hotplug:2", vcpus=4), linux("b", "busy:2", vcpus=2)]
    with intel.run(domains, config="apicv") as machine:
        machine.ready("a", 300)
        machine.ready("b", 300)
        machine.wait_end(120)

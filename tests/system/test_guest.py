# SPDX-License-Identifier: Apache-2.0
"""What a stock kernel finds in its domain."""

import pytest

from machine import SCALE
from systems import linux, linux32


@pytest.mark.both(quick=True)
def test_shell_and_power_off(bench):
    """Both domains reach a shell that takes what is typed, and power off."""
    domains = [linux("one", poweroff=False, vcpus=2), linux("two", poweroff=False, vcpus=2)]
    with bench.run(domains, {"console": "one"}) as machine:
        machine.ready("one")
        machine.ready("two")
        for name in ("two", "one"):
            machine.focus(name)
            machine.wait(f"{name}:/# ", name, prompt=True)
            machine.type("echo $((6 * 7))-$(hostname)\n")
            machine.wait(f"^42-{name}", name)
            machine.wait(f"{name}:/# ", name, prompt=True)
        machine.type("poweroff -f\n")
        machine.wait("reboot: Power down", "one")
        machine.focus("two")
        machine.type("poweroff -f\n")
        machine.wait_end()


@pytest.mark.both
@pytest.mark.parametrize("vcpus", [1, 2, 4, 8, 16, pytest.param(32, marks=pytest.mark.slow),
                                   pytest.param(64, marks=pytest.mark.slow)])
def test_cpus(bench, vcpus):
    """Up to many more vCPUs than the machine has CPUs (2)."""
    domain = linux("a", "cpus,busy:2,interrupts", vcpus=vcpus, memory="512 MiB")
    with bench.run([domain]) as machine:
        machine.ready("a", 300)
        facts = machine.fact("a", "cpus")
        assert facts["nproc"] == str(vcpus)
        assert facts["online"] == facts["present"] == ("0" if vcpus == 1 else f"0-{vcpus - 1}")
        for _ in range(vcpus):
            assert int(machine.fact("a", "busy")["turns"]) > 0
        seen = machine.fact("a", "interrupts")
        assert int(seen["after"]) > int(seen["before"])
        machine.wait_end()


@pytest.mark.both
def test_memory(bench):
    with bench.run([linux("a", "memory,fill:64", memory="200 MiB")]) as machine:
        machine.ready("a")
        total = int(machine.fact("a", "memory")["total_kib"])
        assert 140 * 1024 < total < 200 * 1024
        assert machine.fact("a", "fill")["same"] == "yes"
        machine.wait_end()


def test_six_gibibytes(bench):
    with bench.run([linux("a", "memory,fill:200", memory="6 GiB")], memory_mib=7168) as machine:
        machine.ready("a", 180)
        total = int(machine.fact("a", "memory")["total_kib"])
        assert 5 * 1024 * 1024 < total < 6 * 1024 * 1024
        assert machine.fact("a", "fill", 120)["same"] == "yes"
        machine.wait_end()


def clock_runs_right(bench, seconds):
    with bench.run([linux("a", f"clock:{seconds}"), linux("b", f"clock:{seconds}")]) as machine:
        for name in ("a", "b"):
            machine.ready(name)
        for name in ("a", "b"):
            start, end = machine.fact(name, "clock"), machine.fact(name, "clock", seconds + 60)
            guest = float(end["uptime"]) - float(start["uptime"])
            host = end["seconds"] - start["seconds"]
            assert guest == pytest.approx(host, abs=0.5 * SCALE + 0.01 * seconds)
        machine.wait_end()


def test_clock(bench):
    clock_runs_right(bench, 10)


@pytest.mark.slow
def test_clock_over_a_minute(bench):
    clock_runs_right(bench, 60)


@pytest.mark.both
def test_xen_is_seen(bench):
    with bench.run([linux("a", "cpuinfo", vcpus=2)]) as machine:
        machine.ready("a")
        flags = machine.fact("a", "cpuinfo")["flags"].split(",")
        assert "hypervisor" in flags and not {"svm", "vmx"} & set(flags)
        facts = machine.fact("a", "cpuinfo")
        assert facts["clocksource"] == "xen" and facts["hypervisor"] == "xen"
        assert facts["version"] == "4"
        machine.wait_end()


@pytest.mark.both
def test_hotplug(bench):
    with bench.run([linux("a", "hotplug:5", vcpus=2)]) as machine:
        machine.ready("a")
        for turn in range(1, 6):
            facts = machine.fact("a", "hotplug")
            assert (facts["turn"], facts["off"], facts["on"]) == (str(turn), "1", "2")
        machine.wait_end()


@pytest.mark.both
def test_32_bit_kernel(bench):
    with bench.run([linux32("a", "cpus,memory", vcpus=2), linux("b")]) as machine:
        machine.ready("a", 120)
        assert machine.fact("a", "cpus")["nproc"] == "2"
        machine.ready("b")
        machine.wait_end()


@pytest.mark.both
def test_pinned(bench):
    """Each domain owns a CPU; both make progress at once."""
    domains = [linux("a", "busy:3", cpus=[0]), linux("b", "busy:3", cpus=[1])]
    with bench.run(domains, {"cpus": 2}) as machine:
        for name in ("a", "b"):
            machine.ready(name)
        for name in ("a", "b"):
            assert int(machine.fact(name, "busy")["turns"]) > 0
        machine.wait_end()


def test_sixteen_domains(bench):
    """More domains than CPUs, and together more vCPUs than the machine has ASIDs (16)."""
    domains = [linux(f"d{n}", "cpus", memory="128 MiB", vcpus=1 + n % 2) for n in range(16)]
    with bench.run(domains, memory_mib=3072) as machine:
        for n in range(16):
            machine.ready(f"d{n}", 300)
            assert machine.fact(f"d{n}", "cpus")["nproc"] == str(1 + n % 2)
        machine.wait_end(120)


@pytest.mark.both
@pytest.mark.slow
def test_fair_shares(bench):
    """Three busy domains on one CPU each get about a third of it."""
    domains = [linux(name, "busy:20") for name in ("a", "b", "c")]
    with bench.run(domains, cpus=1) as machine:
        for name in ("a", "b", "c"):
            machine.ready(name, 180)
        turns = [int(machine.fact(name, "busy", 120)["turns"]) for name in ("a", "b", "c")]
        assert max(turns) < 2 * min(turns)


def test_smt_keeps_domains_apart(bench):
    """Two busy domains on one core with two threads still both make progress."""
    domains = [linux("a", "busy:3"), linux("b", "busy:3")]
    with bench.run(domains, cpus="2,cores=1,threads=2") as machine:
        for name in ("a", "b"):
            machine.ready(name, 120)
            assert int(machine.fact(name, "busy")["turns"]) > 0
        machine.wait_end()

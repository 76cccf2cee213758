# SPDX-License-Identifier: Apache-2.0
"""A domain ends in every way there is, and its neighbour counts on."""

import re

import pytest

from systems import linux, micro


def counting(name="neighbour"):
    return linux(name, "count", poweroff=False)


def counts_on(machine, name="neighbour", times=4):
    """The neighbour counts without a gap, from now on. The console shows a line that is still open
    again when another domain's has come between."""
    machine.skip(name)
    numbers = []
    while len(numbers) < times:
        number = int(machine.fact(name, "count", 20)["n"])
        if number not in numbers[-1:]:
            numbers.append(number)
    assert numbers == list(range(numbers[0], numbers[0] + times))


@pytest.mark.both
def test_panic(bench):
    with bench.run([counting(), linux("victim", "panic")]) as machine:
        machine.ready("neighbour")
        machine.ready("victim")
        machine.wait("victim.*crash", "skerry")
        counts_on(machine)


@pytest.mark.both
def test_panic_and_restart(bench):
    domains = [counting(), linux("victim", "panic", on_crash="restart", max_restarts=3)]
    with bench.run(domains) as machine:
        machine.ready("neighbour")
        for _ in range(4):
            machine.ready("victim")
        counts_on(machine)


@pytest.mark.both(quick=True)
def test_loop_without_interrupts(bench):
    """A vCPU that never gives anything up cannot take its neighbour's turn."""
    with bench.run([counting(), micro("victim", "spin")], cpus=1) as machine:
        machine.ready("neighbour", 180)
        counts_on(machine, times=6)


@pytest.mark.both
def test_triple_fault(bench):
    domains = [counting(), micro("victim", "triple", on_crash="restart",
                                 on_reboot="restart", max_restarts=2)]
    with bench.run(domains) as machine:
        machine.ready("neighbour")
        for _ in range(3):
            machine.wait("about to fault", "victim")
        counts_on(machine)


def test_log_is_bounded(bench):
    """A domain that crashes without end fills its share of the log and no more."""
    with bench.run([micro("a", "triple", on_crash="restart", on_reboot="restart", max_restarts=300)]) as machine:
        machine.wait("domain a: stopped", "skerry", 180)
        lines, seconds = machine.texts("skerry"), machine.lines[-1].seconds
    kept_back = [int(m.group(1)) for m in (re.search(r"a: (\d+) lines more", line) for line in lines) if m]
    assert sum(kept_back) > 300
    assert len(lines) < 250 + 2 * seconds


@pytest.mark.both
def test_triple_fault_of_linux(bench):
    domains = [counting(), linux("victim", "reboot", "reboot=t", on_reboot="restart",
                                 on_crash="restart", max_restarts=2)]
    with bench.run(domains) as machine:
        machine.ready("neighbour")
        for _ in range(3):
            machine.ready("victim")
        counts_on(machine)


def reboots(bench, times):
    domains = [counting(), linux("victim", "fill:32,reboot", on_reboot="restart")]
    with bench.run(domains) as machine:
        machine.ready("neighbour")
        for _ in range(times + 1):
            machine.ready("victim")
        counts_on(machine)


@pytest.mark.both
def test_reboot(bench):
    reboots(bench, 3)


@pytest.mark.slow
def test_reboot_twenty_times(bench):
    reboots(bench, 20)


@pytest.mark.both
def test_reboot_of_many_vcpus(bench):
    with bench.run([linux("a", "busy:1,reboot", vcpus=4, on_reboot="restart")]) as machine:
        for _ in range(3):
            machine.ready("a")


@pytest.mark.both
def test_power_off_policy(bench):
    """`on_shutdown: poweroff` ends the machine though another domain still runs."""
    with bench.run([counting(), linux("boss", on_shutdown="poweroff")]) as machine:
        machine.wait_end(120)


@pytest.mark.both
def test_all_stopped(bench):
    with bench.run([linux("a"), linux("b")], {"all_stopped": "poweroff"}) as machine:
        machine.wait_end(120)


@pytest.mark.both(quick=True)
def test_memory_is_scrubbed(bench):
    """What a domain leaves in memory is gone after its restart."""
    with bench.run([micro("a", "leave", on_reboot="restart", max_restarts=3)]) as machine:
        for _ in range(3):
            machine.wait("clean", "a")

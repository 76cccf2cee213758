# SPDX-License-Identifier: Apache-2.0
"""services/console: the consoles of stock guests on a serial line that a domain has."""

import subprocess

import pytest

from machine import ROOT
from systems import linux, unikernel
from test_options import make_hv


@pytest.fixture(autouse=True, scope="module")
def built():
    subprocess.run(["make", "-s", "services"], cwd=ROOT, check=True)


def console(words="", **fields):
    return {**unikernel("console", "console", words, memory="4 MiB", on_crash="restart", **fields),
            "service": "console", "serial": "com1"}


def run(bench, *guests, **arguments):
    channels = [{"console": {"front": g["name"], "back": "console"}} for g in guests]
    return bench.run([*guests, console()], channels=channels, **arguments)


def guest(name, **fields):
    return linux(name, "", poweroff=False, **{"memory": "192 MiB", **fields})


@pytest.mark.both
def test_two_guests(bench):
    """Lines with their origin, the keyboard with Ctrl-A, history, and a guest's new life."""
    one = guest("one", on_reboot="restart", max_restarts=1)
    with run(bench, one, guest("two")) as machine:
        machine.wait("console: serves 2 domains", "console")
        machine.ready("one")
        machine.ready("two")
        machine.type("echo sum $((40 + 2))\n")
        machine.wait("sum 42", "one")
        machine.type("\x01\x01\x01")
        machine.wait("console: input to domain two")
        machine.wait("SKERRY-READY two", "two")  # its history
        machine.type("echo sum $((50 + 3))\n")
        machine.wait("sum 53", "two")
        machine.type("\x01\x01\x01")
        machine.wait("console: input to domain one")
        machine.wait("sum 42", "one")
        machine.type("reboot -f\n")
        machine.wait("domain one: restart 1", "skerry")
        machine.ready("one")
        machine.type("echo sum $((60 + 4))\n")
        machine.wait("sum 64", "one")


@pytest.mark.both
def test_service_ends(bench):
    """The hypervisor has the line until the service is back, and for good when it stays away."""
    channels = [{"console": {"front": "one", "back": "console"}}]
    domains = [guest("one"), console("end=1500", max_restarts=1)]
    with bench.run(domains, channels=channels) as machine:
        machine.ready("one")
        machine.type("i=0; while [ $i -lt 40 ]; do i=$((i + 1)); echo a line with number $i; done\n")
        machine.wait("console: ends, as it was told", "console")
        machine.wait("domain console: restart 1", "skerry")
        machine.wait("console: serves 1 domains", "console")
        machine.type("\necho sum $((40 + 2))\n")
        machine.wait("sum 42", "one")
        machine.type("i=0; while [ $i -lt 80 ]; do i=$((i + 1)); echo a line with number $i; done\n")
        machine.wait("domain console: has restarted 1 times, stays stopped", "skerry")
        machine.wait("domain console: stopped", "skerry")


@pytest.mark.both
def test_panic(bench):
    """A panic takes the line from the service that has it."""
    make_hv("debug")
    channels = [{"console": {"front": "one", "back": "console"}}]
    with bench.run([guest("one"), console()], channels=channels, config="debug",
                   options="panic-test=late panic=poweroff") as machine:
        machine.wait("console: serves 1 domains", "console")
        machine.wait("PANIC: late, as it was told", "skerry")
        machine.wait("backtrace:", "skerry")
        machine.wait_end()

# SPDX-License-Identifier: Apache-2.0
"""systems/webserver: a disk and a network from a driver domain, by way of the store, with stock
kernels and their stock front and back ends."""

import subprocess

import pytest

from machine import BUILD, HYPERVISOR, ROOT

SYSTEM = ROOT / "systems" / "webserver"
PAGE = (SYSTEM / "index.html").read_text().splitlines()[-1]


@pytest.fixture(name="machine")
def boot(bench):
    """The system as it stands, until the client has shown the page."""
    subprocess.run(["make", "-s", "SYSTEM=webserver", "image"], cwd=ROOT, check=True)
    with bench.boot(BUILD / "systems" / "webserver.img", memory_mib=1536) as machine:
        machine.wait(r"disk /local/domain/1/backend/vbd/2/51712 is on /dev/loop0", "drivers")
        machine.ready("web")
        machine.wait(PAGE, "client")
        machine.ready("client")
        yield machine


def fetch(machine):
    """Types the fetch on the client's console until the page comes, 60 s at most."""
    machine.focus("client")
    machine.type("until timeout 5 wget -q -O - http://10.0.0.2/; do sleep 1; done\n")
    machine.wait(PAGE, "client", 120)


@pytest.mark.both
def test_page_is_served(machine):
    """`web` has its root on the disk; the client reaches it over the bridge, more than once."""
    fetch(machine)


def test_server_restarts(machine):
    """A front end that dies comes back to the same disk and network."""
    machine.focus("web")
    machine.type("echo written > /www/kept; sync; echo c > /proc/sysrq-trigger\n")
    machine.ready("web", 120)
    fetch(machine)
    machine.type("wget -q -O - http://10.0.0.2/kept\n")
    machine.wait("^written$", "client")


def test_drivers_restart(machine):
    """A back end that dies is started again; its clients see their devices go and come back."""
    machine.focus("drivers")
    machine.type("echo c > /proc/sysrq-trigger\n")
    machine.wait("domain drivers: restart 1", HYPERVISOR)
    machine.skip("drivers")
    machine.wait(r"network /local/domain/1/backend/vif/3/0 is on vif3.0", "drivers", 120)
    machine.focus("client")
    machine.type("until ping -c 1 -W 1 10.0.0.1; do sleep 1; done\n")
    machine.wait("1 packets received", "client", 120)


def test_store_tools(machine):
    """Debian's xenstore-utils against our store, with the rights of the system file."""
    machine.focus("drivers")
    machine.type("xenstore-read backend/vbd/2/51712/dev; xenstore-read /local/domain/2/device/vbd/51712/state\n")
    machine.wait("^xvda$", "drivers")
    machine.wait("^4$", "drivers")
    machine.type("xenstore-write data/note hello && xenstore-ls -p data\n")
    machine.wait(r'^note = "hello"\s+\(n1\)', "drivers")
    machine.type("xenstore-write /local/domain/2/name mine\n")
    machine.wait("could not write path", "drivers")
    machine.type("xenstore-read /local/domain/2/name\n")
    machine.wait("couldn't read path", "drivers")

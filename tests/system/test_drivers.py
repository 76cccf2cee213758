# SPDX-License-Identifier: Apache-2.0
"""A driver domain that is killed while its clients work. Stock kernels on all sides; the disk lies
in memory that the driver domain keeps (docs/guide/driver-domains.md)."""

import subprocess

import pytest

from machine import BUILD, HYPERVISOR, ROOT
from systems import linux

DRIVERS = BUILD / "systems" / "webserver" / "drivers.cpio"
LOAD = BUILD / "tests" / "load.cpio"
TRAFFIC = BUILD / "tests" / "traffic.cpio"
HOLDING = BUILD / "tests" / "holding.cpio"
VICTIM = BUILD / "tests" / "victim.cpio"
STORE = BUILD / "services" / "store.elf"
FILES = 64  # of each of four writers


def stock(name, ramdisk, memory_mib, options, **fields):
    return linux(name, options=options, poweroff=False, ramdisk=str(ramdisk),
                 memory=f"{memory_mib} MiB", **fields)


def make(*ramdisks):
    paths = [str(path.relative_to(ROOT)) for path in (*ramdisks, STORE)]
    subprocess.run(["make", "-s", "SYSTEM=webserver", *paths], cwd=ROOT, check=True)


def store():
    return {"name": "store", "kernel": str(STORE), "memory": "8 MiB", "service": "store"}


def boot(bench, mib, files):
    make(DRIVERS, LOAD)
    domains = [stock("drivers", DRIVERS, 256, "", on_crash="restart", keep=f"{mib} MiB"),
               stock("client", LOAD, 256, f"skerry.files={files}"),
               store()]
    channels = [{"disk": {"front": "client", "back": "drivers", "source": "/dev/pmem0",
                          "reconnect": True}}]
    return bench.run(domains, channels=channels, memory_mib=1024 + mib)


def kill(machine, life, serves):
    """Ends the driver domain by its own panic, and waits until it says that it serves again."""
    machine.focus("drivers")
    machine.type("echo c > /proc/sysrq-trigger\n")
    machine.wait(f"domain drivers: restart {life}", HYPERVISOR)
    machine.skip("drivers")
    machine.wait(serves, "drivers", 120)


def test_killed_under_load(bench):
    """No write that the disk acknowledged is lost, and the writers see a pause, no error."""
    with boot(bench, 96, FILES) as machine:
        machine.wait("disk .* is on /dev/pmem0", "drivers", 120)
        machine.ready("client", 120)
        for life in (1, 2, 3):
            machine.skip("client")
            machine.fact("client", "written", 120)
            kill(machine, life, "disk .* is on /dev/pmem0")
        found = machine.fact("client", "kept", 300)
        assert (found["files"], found["bad"], found["errors"]) == (str(4 * FILES), "0", "0")


def test_negotiated(bench):
    """A queue for each of two vCPUs, persistent grants and indirect requests, as stock kernels on
    both sides agree on."""
    make(DRIVERS, LOAD)
    domains = [stock("drivers", DRIVERS, 256, "skerry.scratch=48M", vcpus=2),
               stock("client", LOAD, 256, "skerry.files=8", vcpus=2), store()]
    channels = [{"disk": {"front": "client", "back": "drivers", "source": "/scratch.img"}}]
    with bench.run(domains, channels=channels, memory_mib=1024) as machine:
        found = machine.fact("client", "kept", 300)
        assert (found["files"], found["bad"], found["errors"]) == ("32", "0", "0")
        assert (found["queues"], found["persistent"], found["indirect"]) == ("2", "enabled", "enabled")


def test_traffic(bench):
    """curl and iperf3 both ways between two guests, over the bridge of a driver domain. When that
    dies, a connection waits and goes on over new interfaces."""
    make(DRIVERS, TRAFFIC)
    guests = {"one": 2, "two": 3}
    domains = [stock("drivers", DRIVERS, 192, "", on_crash="restart"),
               *(stock(name, TRAFFIC, 256, f"skerry.number={number} skerry.mib=8")
                 for name, number in guests.items()), store()]
    channels = [{"network": {"front": name, "back": "drivers", "bridge": "br0"}} for name in guests]
    with bench.run(domains, channels=channels, memory_mib=1536) as machine:
        for name in guests:
            found = machine.fact(name, "curl", 180)
            assert (found["bytes"], found["came"]) == (str(8 << 20), found["sent"])
        for way in ("there", "back"):
            found = machine.fact("two", "iperf", 120)
            assert found["way"] == way and int(found["bits"]) > 1_000_000
        assert machine.fact("two", "transfer")["at"] == "start"
        kill(machine, 1, "network .* is on vif3.0")
        found = machine.fact("two", "transfer", 180)
        assert found["sent"] == found["came"]


# The driver domain's threads stand still for 20 s: as many seconds as words.
HOLD = ("echo -1 > /proc/sys/kernel/sched_rt_runtime_us; echo held; "
        f"hold {' '.join(['s'] * 20)}; echo released\n")


@pytest.mark.slow
def test_killed_while_mapped(bench):
    """A back end that goes on with what a client's former life asked for writes into that life's
    pages, whenever it does so: they are not the next life's yet."""
    make(HOLDING, VICTIM)
    domains = [stock("drivers", HOLDING, 256, "skerry.scratch=64M"),
               stock("victim", VICTIM, 256, "skerry.fill=64", on_crash="restart"), store()]
    channels = [{"disk": {"front": "victim", "back": "drivers", "source": "/scratch.img"}}]
    with bench.run(domains, channels=channels, memory_mib=1024) as machine:
        machine.ready("victim", 180)
        for _ in range(2):
            machine.focus("drivers")
            machine.type(HOLD)
            machine.wait("^held", "drivers")
            machine.focus("victim")
            machine.skip("victim")
            machine.type("echo c > /proc/sysrq-trigger\n")
            machine.fact("victim", "filled", 120)
            machine.wait("^released", "drivers", 120)
            assert machine.fact("victim", "compared", 120)["bad"] == "0"
            machine.ready("victim")

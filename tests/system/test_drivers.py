# SPDX-License-Identifier: Apache-2.0
"""A driver domain that is killed while its clients work. Stock kernels on all sides; the disk lies
in memory that the driver domain keeps (docs/guide/driver-domains.md)."""

import subprocess

from machine import BUILD, HYPERVISOR, ROOT
from systems import linux

DRIVERS = BUILD / "systems" / "webserver" / "drivers.cpio"
LOAD = BUILD / "tests" / "load.cpio"
TRAFFIC = BUILD / "tests" / "traffic.cpio"
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

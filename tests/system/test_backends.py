# SPDX-License-Identifier: Apache-2.0
"""Disks and networks from unikernels (services/block, services/net), used by stock kernels with
their own front ends."""

import hashlib
import random
import subprocess

import pytest

from machine import BUILD, ROOT
from systems import linux, unikernel

RAMDISK = BUILD / "packages" / "devices.cpio"
MIB = 1 << 20


@pytest.fixture(autouse=True)
def built():
    subprocess.run(["make", "-s", "services", RAMDISK.relative_to(ROOT)], cwd=ROOT, check=True)


def guest(name, test, **fields):
    return linux(name, test, ramdisk=str(RAMDISK), poweroff=False, **fields)


def services():
    return [{**unikernel("store", "store", memory="4 MiB"), "service": "store"},
            unikernel("disks", "block", memory="48 MiB"),
            unikernel("switch", "net", memory="2 MiB")]


def disk(front, source, **fields):
    return {"disk": {"front": front, "back": "disks", "source": source, **fields}}


def network(front):
    return {"network": {"front": front, "back": "switch"}}


def run(bench, guests, channels, more=None):
    domains = services()
    domains[1].update(more or {})
    return bench.run(domains + guests, channels=channels, memory_mib=1024)


@pytest.mark.both
def test_disk_and_network(bench):
    """What a guest writes is what it reads; what one sends over the switch is what comes. An eighth of it
    on Bochs, which takes a quarter of an hour for the whole."""
    size = 1 if bench.emulator == "bochs" else 8
    guests = [guest("one", f"fronts,disk:{2 * size},address:1,serve:{size}"),
              guest("two", f"fronts,disk:{size},address:2,fetch:1")]
    channels = [disk("one", "ram:16MiB"), disk("two", "ram:8MiB"), network("one"), network("two")]
    with run(bench, guests, channels) as machine:
        for name in ("one", "two"):
            found = machine.fact(name, "disk", 120)
            assert found["written"] == found["read"]
        found = machine.fact("two", "fetch", 120)
        assert found["bytes"] == str(size * MIB)
        assert found["sent"] == found["came"]


@pytest.mark.parametrize("memory", ["module", "ram"])
def test_guest_reboots(bench, memory):
    """The front end comes again; the disk is as it left it."""
    content = bytes(4 * MIB)
    (bench.folder / "disk").write_bytes(content)
    source = "module" if memory == "module" else "ram:4MiB"
    with run(bench, [guest("one", "fronts,lives:3")], [disk("one", source)],
             {"ramdisk": str(bench.folder / "disk")}) as machine:
        for life in "123":
            assert machine.fact("one", "lives", 120)["life"] == life


def test_module_is_a_disk(bench):
    """The service's ramdisk is the disk's contents, which a guest may be kept from changing."""
    content = random.Random(1).randbytes(3 * MIB + 512)
    (bench.folder / "disk").write_bytes(content)
    with run(bench, [guest("one", "fronts,sum:xvda")], [disk("one", "module", read_only=True)],
             {"ramdisk": str(bench.folder / "disk")}) as machine:
        found = machine.fact("one", "sum", 120)
        assert found["bytes"] == str(len(content))
        assert found["sum"] == hashlib.sha256(content).hexdigest()[:16]

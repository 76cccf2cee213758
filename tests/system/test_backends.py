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
LOAD = BUILD / "tests" / "load.cpio"
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


@pytest.mark.parametrize("source", ["module", "ram:4MiB", "range:frames"])
def test_guest_reboots(bench, source):
    """The front end comes again; the disk is as it left it. It may be a range that the service shares
    with another domain."""
    content = bytes(4 * MIB)
    (bench.folder / "disk").write_bytes(content)
    frames = {"memory": {"owner": "switch", "borrower": "disks", "size": "4 MiB", "name": "frames",
                         "writable": True}}
    with run(bench, [guest("one", "fronts,lives:3")], [disk("one", source), frames],
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


def test_killed_under_load(bench):
    """A disk in memory that the service keeps: it ends again and again, each time before it has told of
    an answer. The writers see pauses, and what was acknowledged is there."""
    subprocess.run(["make", "-s", str(LOAD.relative_to(ROOT))], cwd=ROOT, check=True)
    client = linux("one", ramdisk=str(LOAD), options="skerry.files=16", poweroff=False)
    more = {"command_line": "end=150", "on_crash": "restart", "keep": "24 MiB", "memory": "2 MiB"}
    with run(bench, [client], [disk("one", "range:keep", reconnect=True)], more) as machine:
        found = machine.fact("one", "kept", 300)
        assert (found["files"], found["bad"], found["errors"]) == ("64", "0", "0")
        ends = [text for text in machine.texts("disks") if "ends, as it was told" in text]
        assert len(ends) >= 3

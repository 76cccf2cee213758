# SPDX-License-Identifier: Apache-2.0
"""services/store, tried by stock guests with Debian's xenstore-utils."""

import subprocess

import pytest

from machine import BUILD, ROOT
from systems import linux, unikernel

RAMDISK = BUILD / "packages" / "store.cpio"


@pytest.fixture(autouse=True)
def built():
    subprocess.run(["make", "-s", "services", RAMDISK.relative_to(ROOT)], cwd=ROOT, check=True)


def guest(name, test, **fields):
    return linux(name, test, **{"ramdisk": str(RAMDISK), "memory": "192 MiB", **fields})


def run(bench, *guests, **arguments):
    """The guests and a store that serves them."""
    channels = [{"store": {"front": g["name"], "back": "store"}} for g in guests]
    return bench.run([*guests, store()], channels=channels, **arguments)


def store(**fields):
    words = fields.pop("words", "")
    return {**unikernel("store", "store", words, memory="4 MiB", **fields), "service": "store"}


@pytest.mark.both
def test_tools(bench):
    """Every tool answers as it does on Xen, errors included."""
    with run(bench, guest("one", "tools"), guest("two", "watch")) as machine:
        machine.wait("store: serves 2 domains", "store")

        def says(key, status, answer="", errors=""):
            machine.wait(f"SKERRY-FACT {key} status={status} answer={answer} errors={errors}", "one")

        says("read", 0, "one")
        says("domid", 0, "1")
        says("list", 0)
        says("write", 0)
        says("again", 0, "value other")
        says("ls", 0, r'a = ""[ .]*\(n1\) b = "value"[ .]*\(n1\) c = "other"[ .]*\(n1\)')
        says("chmod", 0)
        says("perms", 0, r'a = ""[ .]*\(n1\) b = "value"[ .]*\(n1\) c = "other"[ .]*\(n1,r2\)')
        says("exists", 0)
        says("rm", 0)
        says("gone", 1, "", "xenstore-read: couldn't read path data/a/b")
        says("others", 1, "", "xenstore-read: couldn't read path /local/domain/2/data")
        says("root", 1, "", ".*Permission denied")
        says("size", 1, "", ".*could not write path data/big")
        machine.wait("SKERRY-FACT watch seen=data data/x data/x data/x$", "two")


@pytest.mark.both
def test_watch(bench):
    with run(bench, guest("one", "watch")) as machine:
        machine.wait("SKERRY-FACT watch seen=data data/x data/x data/x$", "one")


@pytest.mark.both
def test_turns(bench):
    """Two domains are told of each other's writes, and of each."""
    with run(bench, guest("one", "turns"), guest("two", "turns")) as machine:
        machine.wait("SKERRY-FACT turns at=39$", "one")
        machine.wait("SKERRY-FACT turns at=40$", "two")


@pytest.mark.both
def test_client_restarts(bench):
    """A new life finds the tree that the system file implies, and nothing of the last."""
    one = guest("one", "restart", on_reboot="restart", max_restarts=1)
    with run(bench, one) as machine:
        for _ in range(2):
            machine.wait("SKERRY-FACT left status=1", "one")
            machine.wait("SKERRY-FACT now status=0 answer=behind", "one")


@pytest.mark.both
def test_outlives_its_own_end(bench):
    """The store ends three times, answers in rings and nobody told, while two guests use it: they
    see nothing of it but time."""
    channels = [{"store": {"front": name, "back": "store"}} for name in ("one", "two")]
    domains = [guest("one", "outlives"), guest("two", "outlives"),
               store(words="end=300,700,1100", on_crash="restart")]
    with bench.run(domains, channels=channels) as machine:
        machine.wait("store: keeps its tree over its end", "store")
        for end in range(3):
            machine.wait("store: ends with .* records, as it was told", "store")
            machine.wait(f"domain store: restart {end + 1}$", "skerry")
            machine.wait("store: goes on with the tree that it had", "store")
        for name in ("one", "two"):
            machine.wait("SKERRY-FACT outlives wrong=0 told=61 nodes=60 owner=61", name)


@pytest.mark.parametrize("mute", [False, True], ids=["alone", "beside-mute"])
def test_devices(bench, mute):
    """200 devices are created and removed, whether or not another client leaves its ring full: the
    99th percentile of each. Time is a function of instructions here: a nanosecond each."""
    domains = [unikernel("busy", "storeclient", "devices", memory="2 MiB")]
    domains += [unikernel("mute", "storeclient", "mute", memory="2 MiB")] if mute else []
    counted = {"cpus": "2", "extra": ["-icount", "shift=0,sleep=off"]}
    with run(bench, *domains, **counted) as machine:
        done = machine.wait(r"devices failed=0 count=200 p99 create=(\d+) remove=(\d+) us", "busy")[0]
        create, remove = map(int, done.groups())
        assert create < 2000 and remove < 1000

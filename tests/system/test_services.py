# SPDX-License-Identifier: Apache-2.0
"""Service unikernels and the library that they are linked with. The parts of the library's own test
stand in unikernel/selftest.c."""

import pytest
import yaml

import peers
from machine import BUILD, ROOT, qemu_arguments
from systems import unikernel

XEN_OPTIONS = "console=com1 noreboot dom0-iommu=none dom0=pvh"


def on_xen(bench, kernel, words):
    """The machine with a unikernel as the boot domain of Debian's Xen."""
    extra = ["-kernel", BUILD / "cache" / "xen", "-initrd", f"{kernel} {words}", "-append", XEN_OPTIONS]
    return bench.machine(qemu_arguments(cpus=1, memory_mib=512, cpu="qemu64,+svm,+npt", extra=extra))


def by_xl(bench, kernel, words):
    """The machine with a unikernel as the domain `d1`, of 1 MiB, that xl starts in Xen's boot domain."""
    peer = peers.PEERS["xen417-xl"]
    if not peers.present(peer):
        pytest.skip("make bench-ready")
    guest = peers.Guest(kernel, words, memory_mib=1, icount=False)
    return bench.machine(peer.command(guest, bench.folder))


def check_hello(machine, domain, origin):
    machine.wait(f"hello from domain {domain}$", origin)
    machine.wait("argument 1: left$", origin)
    machine.wait("argument 2: right$", origin)
    return machine.wait(r"memory: (\d+) KiB, (\d+) KiB of it free", origin)[0]


@pytest.mark.both(quick=True)
def test_hello(bench):
    """In a domain of 1 MiB; its console, command line and end work."""
    with bench.run([unikernel("tiny", "hello", "left  right")]) as machine:
        total, free = map(int, check_hello(machine, 1, "tiny").groups())
        assert 0 < free < total < 1024
        machine.wait("domain tiny: shut down", "skerry")
        machine.wait_end()


def test_hello_on_xen(bench):
    """The same file."""
    with on_xen(bench, BUILD / "services" / "hello.elf", "left right") as machine:
        check_hello(machine, 0, "")
        machine.wait("Dom0 halted")


@pytest.mark.slow
def test_hello_by_xl(bench):
    """The same file as an unprivileged PVH domain of Xen's, told of its console by Xen's tools."""
    with by_xl(bench, BUILD / "services" / "hello.elf", "left  right") as machine:
        total, free = map(int, check_hello(machine, 1, "d1").groups())
        assert 0 < free < total < 1024


def test_hello_is_small():
    assert (BUILD / "services" / "hello.elf").stat().st_size <= 64 * 1024


@pytest.mark.both
def test_pulse(bench):
    """The guide's service in its two domains, over their channel; and without the channel nothing
    is there."""
    text = (ROOT / "systems/pulse/system.yaml").read_text()
    text = text.replace("send 2 20", "send 2 3").replace("../../build", str(BUILD))
    system = yaml.safe_load(text.replace("on_crash: restart", ""))
    with bench.run(system["domains"], channels=system["channels"], log="joined") as machine:
        machine.wait("domain heart: shut down", "skerry")
        machine.wait("no pulse after [23] beats", "watch")  # the first may find nobody yet
    with bench.run(system["domains"], log="apart") as machine:
        machine.wait("panic: nothing to hear at port 2", "watch")
        machine.wait("panic: nobody to hear port 2", "heart")


def test_guide_shows_what_is_built():
    guide = (ROOT / "docs/guide/service.md").read_text()
    for path in ("services/pulse/main.c", "systems/pulse/system.yaml"):
        text = (ROOT / path).read_text()
        text = text[text.index("system: "):] if path.endswith(".yaml") else text
        assert f"\n{text}```" in guide, path


# --- The library ---------------------------------------------------------------


def check_parts(machine, origin, least):
    passed, failed = map(int, machine.wait(r"DONE (\d+) (\d+)", origin)[0].groups())
    bad = [text for text in machine.texts(origin) if "FAIL" in text]
    assert failed == 0 and not bad, bad
    assert passed >= least


@pytest.mark.both
def test_library(bench):
    """Memory, time, events, grants, in a domain of 1 MiB."""
    domain = unikernel("work", "selftest", "memory time events grants no-store", grant_frames=4,
                       maptrack=200)
    with bench.run([domain]) as machine:
        check_parts(machine, "work", 37)


def test_library_on_xen(bench):
    """Without the grants: Xen takes a page that a domain grants to itself out of its old place."""
    with on_xen(bench, BUILD / "unikernels" / "selftest.elf", "memory time events no-store") as machine:
        check_parts(machine, "", 25)


@pytest.mark.slow
def test_library_by_xl(bench):
    """The same with Xen's store in place of ours."""
    with by_xl(bench, BUILD / "unikernels" / "selftest.elf", "memory time events store") as machine:
        check_parts(machine, "d1", 37)


@pytest.mark.both(quick=True)
def test_library_with_store(bench):
    """The store's client against the store."""
    store = {**unikernel("store", "store", memory="4 MiB"), "service": "store"}
    channels = [{"store": {"front": "d1", "back": "store"}}]
    with bench.run([unikernel("d1", "selftest", "store"), store], channels=channels) as machine:
        check_parts(machine, "d1", 12)


@pytest.mark.both
def test_module(bench):
    """The ramdisk arrives byte for byte."""
    content = bytes(range(256)) * 40 + b"end"
    (bench.folder / "module").write_bytes(content)
    total = 0
    for byte in content:
        total = (total * 31 + byte) % 2**32
    domain = unikernel("with", "selftest", "module", memory="4 MiB", ramdisk=str(bench.folder / "module"))
    with bench.run([domain, unikernel("without", "selftest", "module")]) as machine:
        machine.wait(f"module: {len(content)} bytes, sum {total}$", "with")
        machine.wait("module: 0 bytes, sum 0$", "without")


@pytest.mark.both
def test_typing(bench):
    with bench.run([unikernel("ears", "selftest", "typing")]) as machine:
        machine.wait("type now", "ears")
        machine.type("a\nq")
        machine.wait("typed a", "ears")
        machine.wait("typed q", "ears")
        machine.wait("DONE 1 0", "ears")


ENDS = {
    "overflow": "exception (8|14), .*: stack overflow",
    "write-text": "exception 14, error 0x3,",
    "write-constant": "exception 14, error 0x3,",
    "run-data": "exception 14, error 0x11,",
    "run-heap": "exception 14, error 0x11,",
    "null": "exception 14, error 0x2,",
    "assert": "aborted",
    "panic": "the answer is 42.0",
    "double-free": "page_free: 0x[0-9a-f]+ is free",
    "canary": "exception 3,",
    "heap": "exception (3|14),",
}


@pytest.mark.both
def test_ends(bench):
    """Each wrong turn is told and ends its domain as a crash; a status but 0 does too."""
    domains = [unikernel(name, "selftest", name) for name in [*ENDS, "status"]]
    with bench.run(domains) as machine:
        for name, reason in ENDS.items():
            machine.wait(f"panic: {reason}", name)
            machine.wait("panic:   called from 0x", name)
        crashed = set()
        while len(crashed) < len(domains):
            crashed.add(machine.wait(r"domain (\S+): crashed$", "skerry")[0].group(1))
        assert crashed == {d["name"] for d in domains}
        machine.wait_end()

# SPDX-License-Identifier: Apache-2.0
"""Bad images: the hypervisor says why in one machine-readable line, and starts
nothing."""

import pytest

from machine import qemu_arguments
from manifest import Image
from systems import hypervisor, micro

SECTIONS = ["header", "domains", "vcpus", "regions", "loads", "payloads", "payload 0", "payload 1"]


@pytest.fixture
def good(bench):
    return bench.image([micro("a", "hello"), micro("b", "hello")])


def refused(bench, image, reason, **machine):
    with bench.boot(image, **machine) as booted:
        found, _ = booted.wait(r"refused: reason=([a-z-]+)", "skerry")
        assert found.group(1) == reason
        booted.stays_silent(["a", "b"], 2)


@pytest.mark.both
def test_good_image_starts(bench, good):
    with bench.boot(good) as machine:
        machine.wait(".", "a")
        machine.wait(".", "b")


@pytest.mark.parametrize("size", [1, 100, 255, 300, -4096, -1])
def test_truncated(bench, good, size):
    image = Image(good)
    image.bytes = image.bytes[:size]
    refused(bench, image.save(good), "truncated")


@pytest.mark.parametrize("name", SECTIONS)
def test_flipped_byte(bench, good, name):
    image = Image(good)
    offset, size = next((o, s) for n, o, s in image.sections() if n.startswith(name))
    image.bytes[offset + size * 2 // 3] ^= 0x10
    refused(bench, image.save(good), "checksum")


def test_overlapping_payloads(bench, good):
    image = Image(good)
    image.set(image.entry("payloads", 1), image.payload(0)[0])
    refused(bench, image.seal().save(good), "payload-overlap")


# An image whose sums are right and whose contents are not.
# (table, element, offset in it, form, value, reason)
LIES = [
    ("domains", 1, 0, "<H", 0x61, "domain-twice"),  # the second is named `a` as well
    ("domains", 1, 0, "<H", 0x0A62, "domain-name"),  # a line break
    ("domains", 1, 48, "<H", 1, "domain-twice"),
    ("domains", 0, 48, "<H", 0, "domain-range"),
    ("domains", 0, 52, "<I", 0, "domain-range"),
    ("domains", 0, 56, "<B", 3, "domain-action"),
    ("domains", 0, 58, "<B", 255, "domain-action"),
    ("domains", 0, 64, "<I", 0x7FFFFFFF, "domain-tables"),
    ("domains", 0, 72, "<I", 0xFFFFFFFF, "domain-tables"),
    ("domains", 0, 88, "<Q", 1 << 40, "entry"),
    ("domains", 0, 96, "<Q", 0xFFFFF000, "entry"),
    ("domains", 0, 104, "<Q", 1, "pages"),
    ("domains", 0, 152, "<I", 1, "tsc"),
    ("regions", 0, 0, "<Q", 1, "region"),
    ("regions", 0, 8, "<Q", 1 << 60, "region"),
    ("loads", 0, 0, "<Q", 1 << 38, "load"),
    ("loads", 0, 16, "<Q", 1 << 30, "load"),
    ("loads", 0, 32, "<I", 99, "load"),
    ("payloads", 0, 0, "<Q", 1 << 40, "payload-bounds"),
    ("payloads", 0, 8, "<Q", 1 << 40, "payload-bounds"),
    ("payloads", 0, 72, "<B", 7, "payload-name"),
]


@pytest.mark.parametrize("table, element, offset, form, value, reason", LIES)
def test_lie(bench, good, table, element, offset, form, value, reason):
    image = Image(good)
    image.set(image.entry(table, element) + offset, value, form)
    refused(bench, image.seal().save(good), reason)


def test_other_file(bench, good):
    good.write_bytes(b"something else\n" * 100)
    refused(bench, good, "magic")


def test_wrong_version(bench, good):
    image = Image(good)
    image.set(8, 99, "<I")
    refused(bench, image.seal().save(good), "version")


def test_wild_table(bench, good):
    image = Image(good)
    image.set(52, 0x7FFFFFFF, "<I")  # the count of domains
    refused(bench, image.seal().save(good), "table")


@pytest.mark.both
def test_too_much_memory(bench):
    image = bench.image([micro("a", "hello", memory="3 GiB"), micro("b", "hello")])
    refused(bench, image, "memory", memory_mib=1024)


@pytest.mark.both
def test_too_few_cpus(bench):
    image = bench.image([micro("a", "hello", cpus=[3]), micro("b", "hello")], {"cpus": 4})
    refused(bench, image, "cpus", cpus=2)


@pytest.mark.both
def test_tsc_rate(bench):
    """A rate of a domain's TSC where the processor cannot scale it: the usual machines of both vendors."""
    refused(bench, bench.image([micro("a", "hello", tsc_khz=2000000), micro("b", "hello")]), "tsc")


def test_no_image(bench):
    arguments = qemu_arguments(extra=["-kernel", hypervisor()])
    with bench.machine(arguments) as machine:
        found, _ = machine.wait(r"refused: reason=([a-z-]+)", "skerry")
        assert found.group(1) == "no-image"

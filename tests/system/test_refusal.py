# SPDX-License-Identifier: Apache-2.0
"""Bad images: the hypervisor says why in one machine-readable line, and starts
nothing."""

import pytest

from manifest import Image
from systems import micro

SECTIONS = ["header", "domains", "vcpus", "regions", "loads", "payloads", "payload 0", "payload 1"]


@pytest.fixture
def good(bench):
    return bench.image([micro("a", "hello"), micro("b", "hello")])


def refused(bench, image, reason, **machine):
    with bench.boot(image, **machine) as booted:
        found, _ = booted.wait(r"refused: reason=([a-z-]+)", "skerry", 60)
        assert found.group(1) == reason
        booted.wait_end(30)
        assert not booted.texts("a") and not booted.texts("b")


def test_good_image_starts(bench, good):
    with bench.boot(good) as machine:
        machine.wait(".", "a")
        machine.wait(".", "b")


@pytest.mark.parametrize("size", [0, 100, 255, 300, -4096, -1])
def test_truncated(bench, good, size):
    image = Image(good)
    image.bytes = image.bytes[:size] or b"\0"
    refused(bench, image.save(good), "truncated" if len(image.bytes) >= 256 else "no-image")


@pytest.mark.parametrize("name", SECTIONS)
def test_flipped_byte(bench, good, name):
    image = Image(good)
    offset, size = next((o, s) for n, o, s in image.sections() if n.startswith(name))
    image.bytes[offset + size * 2 // 3] ^= 0x10
    refused(bench, image.save(good), "payload-sum" if "payload " in name else "manifest-sum")


def test_overlapping_payloads(bench, good):
    image = Image(good)
    first = image.payload(0)[0]
    image.set(image.entry("payloads", 1), first)
    refused(bench, image.seal().save(good), "payload-overlap")


def test_wrong_version(bench, good):
    image = Image(good)
    image.set(8, 99, "<I")
    refused(bench, image.seal().save(good), "version")


def test_wild_table(bench, good):
    image = Image(good)
    image.set(52, 0x7FFFFFFF, "<I")  # the count of domains
    refused(bench, image.seal().save(good), "table")


def test_too_much_memory(bench):
    image = bench.image([micro("a", "hello", memory="3 GiB"), micro("b", "hello")])
    refused(bench, image, "memory", memory_mib=1024)


def test_too_few_cpus(bench):
    image = bench.image([micro("a", "hello", cpus=[3]), micro("b", "hello")], {"cpus": 4})
    refused(bench, image, "cpus", cpus=2)


def test_no_image(bench):
    with bench.boot("/dev/null") as machine:
        found, _ = machine.wait(r"refused: reason=([a-z-]+)", "skerry")
        assert found.group(1) == "no-image"

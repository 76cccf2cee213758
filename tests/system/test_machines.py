# SPDX-License-Identifier: Apache-2.0
"""Machines of other shapes than the usual one."""

import pytest

from systems import linux, micro


def test_every_feature_of_the_emulator(bench):
    with bench.run([linux("a", "cpus", vcpus=2)], cpu="max,+svm") as machine:
        machine.ready("a")
        machine.wait_end()


def test_fewer_features(bench):
    """What a guest is not shown it does without: no SMAP, XSAVE, 1 GiB pages, x2APIC."""
    cpu = "EPYC,+svm,-smap,-smep,-umip,-xsave,-avx,-avx2,-pdpe1gb,-rdtscp"
    with bench.run([linux("a", "cpus,cpuinfo", vcpus=2)], cpu=cpu) as machine:
        machine.ready("a")
        flags = machine.fact("a", "cpuinfo")["flags"].split(",")
        assert not {"smap", "xsave", "avx", "pdpe1gb"} & set(flags)
        machine.wait_end()


@pytest.mark.both
def test_one_cpu(bench):
    with bench.run([linux("a", vcpus=2), linux("b")], cpus=1) as machine:
        machine.ready("a", 180)
        machine.ready("b", 180)
        machine.wait_end()


@pytest.mark.both
def test_four_cpus(bench):
    """Two pinned domains that own two CPUs each."""
    domains = [linux("a", "cpus", vcpus=2, cpus=[0, 1]), linux("b", "cpus", vcpus=2, cpus=[2, 3])]
    with bench.run(domains, {"cpus": 4}, cpus=4) as machine:
        for name in ("a", "b"):
            machine.ready(name, 180)
            assert machine.fact(name, "cpus")["nproc"] == "2"
        machine.wait_end()


@pytest.mark.slow
def test_255_cpus(bench):
    """A vCPU runs on the last of 255 CPUs."""
    with bench.run([micro("a", "hello", cpus=[254])], {"cpus": 255}, cpus="255") as machine:
        machine.wait("^255 CPUs", "skerry", 300)
        machine.wait("hello", "a", 120)
        machine.wait_end()


def test_more_memory_than_below_4_gib(bench):
    """A domain's memory, and the image, may come from above 4 GiB."""
    domains = [linux("a", "memory", memory="2 GiB"), linux("b", "memory", memory="3 GiB")]
    with bench.run(domains, memory_mib=6144) as machine:
        for name, gib in (("a", 2), ("b", 3)):
            machine.ready(name, 180)
            total = int(machine.fact(name, "memory")["total_kib"])
            assert (gib - 0.2) * 1024 * 1024 < total < gib * 1024 * 1024
        machine.wait_end()

# SPDX-License-Identifier: Apache-2.0
"""The configurations: the smaller ones boot, and each option taken the other way
still builds."""

import os
import subprocess

import kconfiglib
import pytest

from machine import BUILD, ROOT
from systems import linux, micro

QUICK = 3  # so many options in make check; all of them in make check-all


def options():
    """Every option that a person can set, in the order of the Kconfig files."""
    kconf = kconfiglib.Kconfig(str(ROOT / "Kconfig"), warn=False)
    return [(s.name, s.str_value) for s in kconf.unique_defined_syms
            if s.type == kconfiglib.BOOL and any(node.prompt for node in s.nodes)]


def cases():
    os.environ["srctree"] = str(ROOT)
    for number, (name, value) in enumerate(options()):
        yield pytest.param(name, value, id=name, marks=[pytest.mark.slow] if number >= QUICK else [])


def make_hv(config, *variables):
    run = subprocess.run(["make", "--no-print-directory", f"CONFIG={config}", *variables, "hv"],
                         cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         check=False)
    assert run.returncode == 0, run.stdout[-4000:]


@pytest.mark.parametrize("name, value", cases())
def test_option_the_other_way(bench, name, value):
    fragment = bench.folder / "config"
    fragment.write_text(f"# CONFIG_{name} is not set\n" if value == "y" else f"CONFIG_{name}=y\n")
    make_hv("flipped", f"CONFIG_SOURCE={fragment.relative_to(ROOT)}")


@pytest.mark.parametrize("config", ["isolated", "minimal"])
def test_configuration_boots(bench, config):
    make_hv(config)
    domains = [linux("a", "cpus,clock:1", cpus=[0]), linux("b", "cpus", cpus=[1])]
    with bench.run(domains, {"cpus": 2}, config=config) as machine:
        for name in ("a", "b"):
            machine.ready(name)
            assert machine.fact(name, "cpus")["nproc"] == "1"
        machine.wait_end()


def test_figures(bench):
    """What `make figures` reads of a boot: each figure once, when the last domain has started."""
    with bench.run([micro("a", "hello"), micro("b", "hello")], options="figures") as machine:
        machine.wait("figure: memory.payload_kib", "skerry")
        lines = [line.split()[1:] for line in machine.texts("skerry") if line.startswith("figure: ")]
    found = {name: int(value) for name, value, _ in lines}
    assert len(lines) == len(found) == 10
    assert found["memory.frame_records_kib"] == 2048 * 256 * 16 / 1024  # 16 bytes a frame
    assert 0 < found["memory.vcpu_kib"] <= 40 and 0 < found["memory.domain_kib"] <= 64
    assert all(found[name] for name in ("boot.instructions", "boot.copy_instructions", "memory.nested_tables_kib",
                                        "memory.machine_kib", "memory.pcpu_kib", "memory.payload_kib"))


def test_same_bytes_twice(bench):
    """The hypervisor and an image depend on their sources alone."""
    make_hv("default")
    first = (BUILD / "default" / "skerry-hv.elf").read_bytes()
    make_hv("again", "CONFIG_SOURCE=configs/default")
    assert (BUILD / "again" / "skerry-hv.elf").read_bytes() == first
    image = bench.image([linux("a"), linux("b")]).read_bytes()
    assert bench.image([linux("a"), linux("b")]).read_bytes() == image

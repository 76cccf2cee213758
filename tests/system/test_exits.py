# SPDX-License-Identifier: Apache-2.0
"""Exit accounting: what the build configs/stats counts, and how `skerry stat` shows it."""

import re
import subprocess
import time

import pytest

from systems import TOOL, linux, micro
from test_options import make_hv

SAMPLE = re.compile(r'skerry_exits_total\{domain="([^"]+)",vcpu="(\d+)",reason="([a-z]+)"\} (\d+)')


@pytest.fixture(scope="module", autouse=True)
def stats_build():
    make_hv("stats")


def stat(path, text=None):
    run = subprocess.run([TOOL, "stat", path, "--prometheus"], input=text, text=True, capture_output=True,
                         check=False)
    return run, {m[:3]: int(m[3]) for m in SAMPLE.findall(run.stdout)}


@pytest.mark.both(quick=True)
def test_counts_at_the_end(bench):
    """bench.c makes nine measures in eight batches of a thousand, four of them by hypercall or
    CPUID, and each exit is of one kind."""
    with bench.run([micro("a", "bench"), micro("b", "hello")], config="stats", cpus=1) as machine:
        machine.wait_end()
        log = "".join(f"skerry: {text}\n" for text in machine.texts("skerry"))
    _, counts = stat("-", log)
    assert 24000 <= counts["a", "0", "hypercall"] < 30000
    assert 8000 <= counts["a", "0", "cpuid"] < 9000
    assert 8000 <= counts["a", "0", "rdmsr"] < 9000
    assert 8000 <= counts["a", "0", "port"] < 9000
    assert 16000 <= counts["a", "0", "memory"] < 18000
    assert 0 < counts["b", "0", "cpuid"] < 1000
    assert not {name for name, _, _ in counts} - {"a", "b"}


def ask(path, domains):
    """The hypervisor may still be booting, and a domain be built."""
    for _ in range(60):
        run, counts = stat(path)
        if {name for name, _, _ in counts} == domains:
            return counts
        time.sleep(0.5)
    pytest.fail(run.stderr)


def test_a_running_system_is_asked(bench):
    path = bench.folder / "console"
    image = bench.image([linux("a", poweroff=False), linux("b", poweroff=False)])
    with bench.boot(image, config="stats", serial=f"unix:{path},server=on,wait=off"):
        first = ask(path, {"a", "b"})
        second = ask(path, {"a", "b"})  # the input was given back: the same keys work again
        assert all(second[key] >= first[key] for key in first)
        assert sum(second.values()) > sum(first.values())
